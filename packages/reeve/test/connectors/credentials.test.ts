import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { keepCredential } from '../../src/connectors/host/connecting.ts'
import { action, apiKey, connector, fields } from '../../src/connectors/index.ts'
import { schemesOf } from '../../src/connectors/shape/connection.ts'
import { bearerOf, type StandIn, startStandIn } from '../../src/connectors/stand-in/index.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { workflow } from '../../src/context.ts'
import { readHistory } from '../../src/engine/replay/history.ts'
import { beliefOf } from '../../src/inspect/run/story/belief.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { secretUses } from '../../src/project/secrets/project-secrets.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { keysToSetWith } from '../../src/store/secrets/key/keys-to-set-with.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { testRuntime } from '../../src/testing/index.ts'

const key = { connection: 'desk', account: 'default', mode: 'sandbox' } as const
const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
const keys = { keys: [SealingKey.make()], file: undefined, place: 'here' }

interface Service extends StandIn {
  /** Whose account each key is. */
  accounts: Record<string, string>
  mode: 'live' | 'sandbox' | undefined
}

async function startDesk(): Promise<Service> {
  const standIn = await startStandIn(() => ({
    name: 'desk',
    admit: (request) =>
      service.accounts[bearerOf(request)] === undefined
        ? { status: 401, body: { error: 'no such key' } }
        : undefined,
    refuse: () => ({ status: 404 }),
    routes: {
      'GET /me': (request) => ({ body: { id: service.accounts[bearerOf(request)], mode: service.mode } }),
    },
  }))
  const service: Service = Object.assign(standIn, { accounts: { 'stand-in-key': 'acct-1' }, mode: undefined })
  return service
}

async function desk(config: ProjectConfig = {}) {
  const service = await startDesk()
  const its = connector({
    name: 'desk',
    title: 'Desk',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: 'https://desk.example',
    auth: apiKey({ where: 'anywhere' }),
    health: {
      probe: async (api) => {
        const { id, mode } = (await api.get('/me')).json
        return { identity: id, ...(mode && { mode }) }
      },
    },
    rate: { default: { count: 100, per: '1s' } },
    sandbox: { standIn: { credential: 'stand-in-key', load: async () => async () => service } },
    actions: {
      me: action({
        description: 'Who am I',
        endpoint: 'GET /me',
        input: z.object({}),
        output: z.object({ id: z.string() }),
        effect: 'read',
        run: async (_args, api) => (await api.get('/me')).json,
      }),
    },
  })()
  const ask = workflow({ name: 'ask', input: z.string(), run: async (ctx) => ctx.call(its.actions.me, {}) })
  const test = await testRuntime({ workflows: [ask], config: { ...config, connectors: { desk: its } } })
  const { connections, database } = internalsOf(test.runtime)
  const items = () =>
    database.all<{ body: string }>(`select body from proposals where kind = 'reconnect' and status = 'open'`)
  return {
    service,
    test,
    items,
    probe: () => connections.health.probe(key),
    start: () => test.start(ask, 'now'),
    [Symbol.asyncDispose]: async () => {
      await test.stop()
      await service.close()
    },
  }
}

test('a key that the service does not know is one item for a person, and the runs wait', async () => {
  await using at = await desk()
  at.service.accounts = {}
  const runs = [await at.start(), await at.start()]
  expect(await Promise.all(runs.map((run) => run.status()))).toEqual(['waiting', 'waiting'])
  const journal = await runs[0]!.journal()
  const calls = [...readHistory(journal).calls.values()]
  const { waitsFor } = beliefOf({ status: 'waiting', reason: null } as RunRow, calls, journal, [])
  expect(waitsFor[0]?.reason).toMatch(/has to be connected: .*no such key/)
  const [item, ...more] = await at.items()
  expect(more).toEqual([])
  expect(JSON.parse(item!.body)).toMatchObject({
    why: expect.stringContaining('no such key'),
    how: 'reeve connect desk --mode sandbox',
  })
})

test.each([
  [
    'with a schedule that is due in half a minute',
    { at: { workflow: 'ask', cron: '4 0 * * *', input: 'now' } },
    1,
  ],
  ['without one, when its time has come', {}, 0],
])('an account is looked at %s', async (_when, schedules, items) => {
  await using at = await desk({ schedules })
  await at.test.advanceTo('2026-01-01T00:02:00Z')
  at.service.accounts = {}
  await at.test.advanceTo('2026-01-01T00:03:30Z')
  expect(await at.items()).toHaveLength(items)
  expect((await at.test.runs()).runs).toEqual([])
  // By itself each five minutes.
  await at.test.advanceTo('2026-01-01T00:06:00Z')
  expect(await at.items()).toHaveLength(1)
})

test('a key of another account than before is not used, and of the other mode neither', async () => {
  await using at = await desk()
  expect((await at.probe())?.state).toBe('connected')
  at.service.accounts = { 'stand-in-key': 'acct-2' }
  expect(await at.probe()).toMatchObject({
    state: 'needs-reconnect',
    reason: expect.stringContaining('of another account now: acct-2 instead of acct-1'),
  })
  expect(await (await at.start()).status()).toBe('waiting')
  at.service.accounts = { 'stand-in-key': 'acct-1' }
  at.service.mode = 'live'
  expect((await at.probe())?.reason).toContain('of the real account, and the connection is in sandbox')
  at.service.mode = 'sandbox'
  expect((await at.probe())?.state).toBe('connected')
  expect(await at.items()).toEqual([])
})

test('a connection says where its triggers are', () => {
  expect(() => (stripe() as unknown as { triggers: unknown }).triggers).toThrow(
    'The connection "stripe" has no `triggers`; use `on`: it has .on.event.',
  )
})

test.each([
  [
    'a live key for the sandbox',
    'sandbox',
    `sk_live_${'a'.repeat(24)}`,
    /of the real account, and "stripe" is in sandbox/,
  ],
  [
    'a test key for the real account',
    'live',
    `sk_test_${'a'.repeat(24)}`,
    /of the test environment, and "stripe" is live/,
  ],
  [
    'what is no key at all',
    'live',
    'a password of mine',
    /not a credential for Stripe: it does not look like/,
  ],
] as const)('%s is refused before it is kept or sent', async (_what, mode, secret, message) => {
  const payments = stripe()
  await using test = await testRuntime({ workflows: [], config: { connectors: { stripe: payments } } })
  const { database } = internalsOf(test.runtime)
  const kept = {
    key: { connection: 'stripe', account: 'default', mode },
    scheme: schemesOf(payments)[0]!,
    credential: { key: secret },
    keys,
  }
  const keeping = database.transaction((session) => keepCredential(session, payments, kept, acting))
  await expect(keeping).rejects.toMatchObject({
    code: 'bad-credential',
    message: expect.stringMatching(message),
  })
  await expect(keeping).rejects.not.toThrow(secret)
  expect(await database.all('select name from secrets')).toEqual([])
})

test('an address that comes with a credential is that of the mode, also where only the sandbox is connected', async () => {
  const its = connector({
    name: 'desk',
    title: 'Desk',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: ({ token }) => `https://${String(token.where)}`,
    auth: fields({
      where: 'anywhere',
      fields: [
        { name: 'where', label: 'Where' },
        { name: 'key', label: 'Key' },
      ],
    }),
    health: { probe: async () => ({}) },
    rate: { default: { count: 100, per: '1s' } },
    sandbox: {
      standIn: {
        credential: '{}',
        load: async () => async () => ({ url: 'http://127.0.0.1:1', close: async () => {} }),
      },
    },
    actions: {},
  })()
  const folder = mkdtempSync(join(tmpdir(), 'reeve-credentials-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using test = await testRuntime({
    file: join(folder, 'reeve.db'),
    config: { connectors: { desk: its } },
  })
  const { connections, database, vault } = internalsOf(test.runtime)
  const keys = await keysToSetWith(database, test.runtime.environment)
  const connect = async (mode: 'sandbox' | 'live', where: string) => {
    const scheme = schemesOf(its)[0]!
    const kept = { key: { ...key, mode }, scheme, credential: { where, key: `the-key-of-${mode}` }, keys }
    await database.transaction((session) => keepCredential(session, its, kept, acting))
    await vault.lookAgain()
  }
  const target = () =>
    connections.targetOf({ connection: its, account: 'default', action: 'health', class: 'default' })
  expect(await target()).toMatchObject({ url: 'http://127.0.0.1:1' })
  await connect('sandbox', 'trial.desk.example')
  expect(await target()).toMatchObject({ url: 'https://trial.desk.example' })
  await connect('live', 'real.desk.example')
  expect(await target()).toMatchObject({ url: 'https://trial.desk.example' })
  await connections.sign({ connection: its, account: 'default', action: 'health', class: 'default' })
  const lastUse = async () =>
    (
      await database.get<{ used_at: number | null }>(
        `select used_at from secrets where name like '%:sandbox'`,
      )
    )?.used_at
  await expect.poll(lastUse).toEqual(expect.any(Number))
  // The project uses both, whichever mode it is in: no command may advise to delete one.
  const uses = secretUses([], [], connections.all.values(), [])
  expect(vault.names().map((name) => uses.get(name))).toEqual([['connection desk'], ['connection desk']])
})

test('what a connection uses: its accounts, of both modes, and the keys of its webhooks', () => {
  const namesOf = (options: object, kept: string[] = []) => [
    ...secretUses([], [], [stripe(options)], kept).keys(),
  ]
  expect(namesOf({})).toEqual(
    expect.arrayContaining(['stripe:default', 'stripe:default:sandbox', 'stripe:event:signature-next']),
  )
  expect(namesOf({ accounts: ['north', 'south'], credential: 'STRIPE' })).toContain('stripe:south:sandbox')
  expect(namesOf({ credential: 'STRIPE' })).toContain('STRIPE')
  expect(namesOf({ accounts: 'own' }, ['stripe:ada', 'other:eve'])).toContain('stripe:ada')
  expect(namesOf({ accounts: 'own' }, ['stripe:ada', 'other:eve'])).not.toContain('other:eve')
})
