import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { readEnvironment } from '../../src/base/config.ts'
import { termsLines } from '../../src/cli/decide/terms-lines.ts'
import { diffView, versionViews } from '../../src/connectors/host/view.ts'
import { action, connector, noAuth } from '../../src/connectors/index.ts'
import type { Connection } from '../../src/connectors/shape/connection.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { testRuntime } from '../../src/testing/index.ts'

const running = async () => ({ url: 'http://127.0.0.1:1', close: async () => {} })

/** A connector whose action needs no service: `extra` is what the next version wants of its callers. */
function desk(version: string, extra: z.ZodRawShape = {}) {
  return connector({
    name: 'desk',
    title: 'Desk',
    version,
    vendorApi: { version: '1' },
    url: 'https://desk.example',
    auth: noAuth(),
    health: { probe: async () => ({}) },
    rate: { default: { count: 100, per: '1s' } },
    sandbox: { standIn: { credential: '', load: async () => running } },
    actions: {
      close: action({
        description: 'Close a ticket',
        endpoint: 'PUT /tickets/{id}',
        input: z.object({ id: z.string(), ...extra }),
        output: z.object({ account: z.string(), mode: z.string() }),
        effect: 'idempotent',
        risk: 'low',
        run: async (_args, api) => ({ account: api.account, mode: api.mode }),
      }),
      read: action({
        description: 'Read a ticket',
        endpoint: 'GET /tickets/{id}',
        input: z.object({ id: z.string() }),
        output: z.object({ id: z.string() }),
        effect: 'read',
        run: async ({ id }) => ({ id }),
      }),
    },
  })
}

/** Begins, and calls the action once it is told to. */
function later(connection: Connection) {
  return workflow({
    name: 'later',
    input: z.string(),
    run: async (ctx, name) => {
      await ctx.waitFor('go')
      const tool = connection.tools.find((each) => each.name === `desk.${name}`)!
      return ctx.call(tool, { id: 't1' } as never)
    },
  })
}

interface Started {
  runtime: Runtime
  warnings: string[]
  stop(): Promise<void>
}

async function place(): Promise<
  (connection: Connection, options?: { sandbox?: boolean }) => Promise<Started>
> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-contracts-'))
  const stops: (() => Promise<void>)[] = []
  onTestFinished(async () => {
    for (const stop of stops) await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return async (connection, options = {}) => {
    const warnings: string[] = []
    const log = { info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
    const runtime = await Runtime.open({
      project: projectOf({ connectors: { desk: connection } }, [later(connection) as never]),
      environment: readEnvironment(folder, {}),
      log: log as never,
      ...options,
    })
    let isStopped = false
    const stop = async () => {
      if (isStopped) return
      isStopped = true
      await runtime.stop()
    }
    stops.push(stop)
    await runtime.start()
    return { runtime, warnings, stop }
  }
}

async function waitsOrEnded(runtime: Runtime, id: string): Promise<string> {
  for (;;) {
    const run = await runtime.getRun(id)
    const isAwaited = await internalsOf(runtime).database.get('select 1 as one from awaited limit 1')
    if (run.status === 'waiting' && isAwaited) return 'waits'
    if (!['running', 'queued', 'waiting'].includes(run.status)) return run.status
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function requestOf(runtime: Runtime, other?: string) {
  const isNew = async () => (await runtime.listApprovals()).find(({ hash }) => hash !== other)
  await expect.poll(isNew, { timeout: 60_000 }).toBeDefined()
  return (await isNew())!
}

test('a run keeps to the version that it began with: what changed waits for an owner, and the rest goes on', async () => {
  const open = await place()
  const first = await open(desk('1.0.0')())
  const [changed, same] = await Promise.all(
    ['close', 'read'].map((name) => first.runtime.startRun('later', name)),
  )
  await first.stop()
  const second = await open(desk('2.0.0', { reason: z.string().default('done') })())
  const { connections, database, proposals } = internalsOf(second.runtime)
  expect(second.warnings).toContain('a connector changed, and an owner has to accept it')
  const connection = connections.all.get('desk')!
  const diff = await diffView(database, connection)
  expect(diff).toMatchObject({ from: '1.0.0', to: '2.0.0', isAccepted: false })
  expect(diff.changes.map(({ path }) => path)).toContain('actions.close.input.properties.reason')
  for (const { id } of [changed!, same!]) await second.runtime.signal(id, 'go', null)
  expect((await second.runtime.result(same!.id)).status).toBe('succeeded')
  expect(await waitsOrEnded(second.runtime, changed!.id)).toBe('waits')
  const [asked] = await database.all<{ id: string; kind: string }>(
    `select id, kind from proposals where status = 'open'`,
  )
  expect(asked?.kind).toBe('contract')
  expect(proposals).toBeDefined()
  const acting = { by: 'ada', proof: 'local-user', at: Date.now() } as const
  await database.transaction((session) => connections.contracts.accept(session, 'desk', acting))
  await connections.contracts.accepted('desk')
  expect((await second.runtime.result(changed!.id)).status).toBe('succeeded')
  expect(await database.all(`select status, decided_by from proposals where kind = 'contract'`)).toEqual([
    { status: 'adopted', decided_by: 'ada' },
  ])
  const versions = await versionViews(database, 'desk')
  expect(versions.map(({ version, acceptedBy }) => [version, acceptedBy])).toEqual([
    ['1.0.0', 'reeve'],
    ['2.0.0', 'ada'],
  ])
})

test('no worker changes the mode under others that are at work, and a change is said', async () => {
  const open = await place()
  const live = await open(desk('1.0.0')())
  await expect(open(desk('1.0.0')(), { sandbox: true })).rejects.toMatchObject({
    code: 'other-mode',
    message: expect.stringMatching(/in sandbox here, and live for the worker/),
  })
  const run = await live.runtime.startRun('later', 'close')
  await live.runtime.signal(run.id, 'go', null)
  expect(await live.runtime.result(run.id)).toMatchObject({ output: { mode: 'live' } })
  await live.stop()
  const tried = await open(desk('1.0.0')(), { sandbox: true })
  expect(tried.warnings).toContain('a connection is of another mode from now on')
  const begun = await tried.runtime.startRun('later', 'close')
  await tried.stop()
  // What began in sandbox never reaches the real account.
  const again = await open(desk('1.0.0')())
  await again.runtime.signal(begun.id, 'go', null)
  expect(await again.runtime.result(begun.id)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('began while desk was in sandbox') },
  })
})

test('what counted in sandbox is accepted by an owner before it counts for the real account', async () => {
  const open = await place()
  await (await open(desk('1.0.0')())).stop()
  const changed = desk('2.0.0', { reason: z.string().default('done') })
  await (await open(changed(), { sandbox: true })).stop()
  const live = await open(changed())
  expect(live.warnings).toContain('a connector changed, and an owner has to accept it')
  const { connections, database } = internalsOf(live.runtime)
  expect(await diffView(database, connections.all.get('desk')!)).toMatchObject({
    from: '1.0.0',
    isAccepted: false,
  })
  const run = await live.runtime.startRun('later', 'close')
  await live.runtime.signal(run.id, 'go', null)
  expect(await waitsOrEnded(live.runtime, run.id)).toBe('waits')
  const acting = { by: 'ada', proof: 'local-user', at: Date.now() } as const
  await database.transaction((session) => connections.contracts.accept(session, 'desk', acting))
  await connections.contracts.accepted('desk')
  expect(await live.runtime.result(run.id)).toMatchObject({ output: { mode: 'live' } })
})

test('what was approved in sandbox is not carried out with the real account', async () => {
  const open = await place()
  const asking = desk('1.0.0')({ rules: { close: { approval: 'always' } } })
  const tried = await open(asking, { sandbox: true })
  const run = await tried.runtime.startRun('later', 'close')
  await tried.runtime.signal(run.id, 'go', null)
  const asked = await requestOf(tried.runtime)
  expect(asked.actsWith).toEqual({ connection: 'desk', account: 'default', mode: 'sandbox' })
  await tried.stop()
  const live = await open(asking)
  await live.runtime.decide(asked.id, { verdict: 'approve', by: 'ada', hash: asked.hash })
  const again = await requestOf(live.runtime, asked.hash)
  expect(again).toMatchObject({ actsWith: { mode: 'live' }, notice: expect.stringContaining('in sandbox') })
  await live.runtime.decide(again.id, { verdict: 'approve', by: 'ada', hash: again.hash })
  expect(await live.runtime.result(run.id)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('began while desk was in sandbox') },
  })
})

test('what was approved for one account is asked again before another acts', async () => {
  const open = await place()
  const rules = { close: { approval: 'always' } } as const
  const before = await open(desk('1.0.0')({ account: 'north', rules }))
  const run = await before.runtime.startRun('later', 'close')
  await before.runtime.signal(run.id, 'go', null)
  const first = await requestOf(before.runtime)
  expect(first.actsWith).toEqual({ connection: 'desk', account: 'north', mode: 'live' })
  expect(termsLines(first)[0]).toBe('acts with the account "north" of desk, for real')
  await before.stop()
  const after = await open(desk('1.0.0')({ account: 'south', rules }))
  await after.runtime.decide(first.id, { verdict: 'approve', by: 'ada', hash: first.hash })
  const second = await requestOf(after.runtime, first.hash)
  expect(second).toMatchObject({
    notice: expect.stringMatching(
      /approved for the account "north" of desk.*account "south" of desk, for real now/,
    ),
    actsWith: { account: 'south' },
  })
  await after.runtime.decide(second.id, { verdict: 'approve', by: 'ada', hash: second.hash })
  expect(await after.runtime.result(run.id)).toMatchObject({ output: { account: 'south', mode: 'live' } })
})

test('a grant for one account gives no other, and a run acts with that of whoever it is for', async () => {
  const several = desk('1.0.0')({ accounts: ['north', 'south'] })
  const granted = workflow({
    name: 'granted',
    input: z.string(),
    grants: [{ tool: 'desk.close', account: 'north' }],
    run: async (ctx, account) => ctx.call(several.actions.close, { id: 't1', account } as never),
  })
  await using test = await testRuntime({ workflows: [granted], config: { connectors: { desk: several } } })
  expect(await (await test.start(granted, 'north')).output()).toMatchObject({ account: 'north' })
  await expect((await test.start(granted, 'south')).output()).rejects.toThrow(/account north, not for south/)
})

test("with `own` a call acts with the account of whoever the run acts for, and of nobody's else", async () => {
  const own = desk('1.0.0')({ accounts: 'own' })
  const mine = workflow({
    name: 'mine',
    input: z.string(),
    run: async (ctx, id) => ctx.call(own.actions.close, { id }),
  })
  await using test = await testRuntime({ workflows: [mine], config: { connectors: { desk: own } } })
  const run = await test.runtime.startRun(mine, 't1', { principal: 'ada' })
  expect(await test.runtime.result(run.id)).toMatchObject({ output: { account: 'ada' } })
})
