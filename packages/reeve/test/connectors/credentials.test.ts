import { expect, test } from 'vitest'
import { z } from 'zod'
import { keepCredential } from '../../src/connectors/host/connecting.ts'
import { action, apiKey, connector } from '../../src/connectors/index.ts'
import { schemesOf } from '../../src/connectors/shape/connection.ts'
import { bearerOf, type StandIn, startStandIn } from '../../src/connectors/stand-in/index.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { workflow } from '../../src/context.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
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

async function desk() {
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
  const test = await testRuntime({ workflows: [ask], config: { connectors: { desk: its } } })
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
  const [item, ...more] = await at.items()
  expect(more).toEqual([])
  expect(JSON.parse(item!.body)).toMatchObject({
    why: expect.stringContaining('no such key'),
    how: 'reeve connect desk --mode sandbox',
  })
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
