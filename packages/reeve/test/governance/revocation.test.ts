import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import type { Environment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { setLevel } from '../../src/store/authority/levels.ts'
import { setSwitch } from '../../src/store/authority/switches.ts'
import type { Session } from '../../src/store/database.ts'
import { reinstatePrincipal, revokeActing } from '../../src/store/identity/principals.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'

const ada = { by: 'ada', proof: 'local-user', at: 1 } as const

/** A worker that drives a run which pays twice, and another process on its database. */
async function paying() {
  const paid: number[] = []
  const pay = tool({
    name: 'bank.pay',
    description: 'Pay',
    input: z.object({ amountUsd: z.number() }),
    output: z.null(),
    effect: 'idempotent',
    risk: 'low',
    run: ({ amountUsd }) => {
      paid.push(amountUsd)
      return null
    },
  })
  const twice = workflow({
    name: 'twice',
    input: z.null(),
    async run(ctx) {
      await ctx.call(pay, { amountUsd: 1 })
      await ctx.waitFor('go', { schema: z.null() })
      await ctx.call(pay, { amountUsd: 2 })
    },
  })
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-revocation-')), 'reeve.db')
  const environment: Environment = { database: { kind: 'sqlite', file }, keys: {}, user: 'ada', ci: true }
  const open = () => Runtime.open({ project: projectOf({}, [twice]), environment, log: silentLog })
  const [worker, other] = [await open(), await open()]
  onTestFinished(async () => {
    await worker.stop(1000)
    await other.stop(1000)
  })
  await worker.start()
  const run = await worker.startRun('twice', null)
  for (;;) {
    const { status, error } = await worker.getRun(run.id)
    if (status === 'waiting') break
    if (status !== 'queued' && status !== 'running') throw new Error(`${status}: ${JSON.stringify(error)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const elsewhere = async (change: (session: Session) => Promise<unknown>) => {
    await internalsOf(other).database.transaction(change)
    const { authority, database } = internalsOf(worker)
    const row = await database.get<{ value: string }>(
      `select value from meta where name = 'authority-version'`,
    )
    while (authority.current().version < Number(row!.value))
      await new Promise((resolve) => setImmediate(resolve))
  }
  const goOn = async () => {
    await other.signal(run.id, 'go', null)
    return run.result()
  }
  return { paid, elsewhere, goOn }
}

test('a workflow that is revoked in another process in mid-run calls nothing more', async () => {
  const { paid, elsewhere, goOn } = await paying()
  await elsewhere((session) => revokeActing(session, 'workflow:twice', ada))
  expect(await goOn()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
  expect(paid).toEqual([1])
})

test('one that is reinstated goes on', async () => {
  const { paid, elsewhere, goOn } = await paying()
  await elsewhere((session) => revokeActing(session, 'workflow:twice', ada))
  await elsewhere((session) => reinstatePrincipal(session, 'workflow:twice', ada))
  expect(await goOn()).toMatchObject({ status: 'succeeded' })
  expect(paid).toEqual([1, 2])
})

test.each([{}, { tool: 'bank.pay' }, { connector: 'bank' }])(
  'a switch that another process sets on %o stops the next call',
  async (place) => {
    const { paid, elsewhere, goOn } = await paying()
    await elsewhere((session) => setSwitch(session, place, 'off', ada))
    expect(await goOn()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
    expect(paid).toEqual([1])
  },
)

/** Two workers, of which one drives an agent that pays twice and is between its calls, and a third process. */
async function agentPaying() {
  const paid: number[] = []
  const pay = tool({
    name: 'bank.pay',
    description: 'Pay',
    input: z.object({ amountUsd: z.number() }),
    output: z.null(),
    effect: 'idempotent',
    approval: 'never',
    sends: 'none',
    run: ({ amountUsd }) => {
      paid.push(amountUsd)
      return null
    },
  })
  const [between, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const chat = scriptedSolver([
    toolCalls(['bank.pay', { amountUsd: 1 }]),
    async () => {
      between.resolve()
      await gate.promise
      return toolCalls(['bank.pay', { amountUsd: 2 }])
    },
    'done',
  ])
  const clerk = agent({
    name: 'clerk',
    instructions: 'You pay.',
    input: z.string(),
    route: 'chat',
    tools: [pay],
    owner: 'ada',
  })
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, task) => ctx.agent(clerk, task) })
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-revocation-')), 'reeve.db')
  const environment: Environment = { database: { kind: 'sqlite', file }, keys: {}, user: 'ada', ci: true }
  const project = projectOf({ routes: { chat: { solvers: [chat] } } }, [flow])
  const open = () => Runtime.open({ project, environment, log: silentLog })
  const workers = [await open(), await open()]
  const third = await open()
  onTestFinished(async () => {
    gate.resolve()
    for (const each of [...workers, third]) await each.stop(1000)
  })
  for (const each of workers) await each.start()
  const run = await workers[0]!.startRun('flow', 'Pay 1 dollar and then 2 dollars.')
  await Promise.race([
    between.promise,
    run.result().then((ended) => Promise.reject(new Error(`it ended: ${JSON.stringify(ended)}`))),
  ])
  const { database } = internalsOf(third)
  const elsewhere = async (change: (session: Session) => Promise<unknown>) => {
    await database.transaction(change)
    const row = await database.get<{ value: string }>(
      `select value from meta where name = 'authority-version'`,
    )
    for (const each of workers)
      while (internalsOf(each).authority.current().version < Number(row!.value))
        await new Promise((resolve) => setImmediate(resolve))
  }
  const goOn = () => {
    gate.resolve()
    return run.result()
  }
  return { paid, chat, elsewhere, goOn }
}

test('an agent that nobody stops pays twice', async () => {
  const { paid, goOn } = await agentPaying()
  expect(await goOn()).toMatchObject({ status: 'succeeded', output: 'done' })
  expect(paid).toEqual([1, 2])
})

test.each<[string, (session: Session) => Promise<unknown>]>([
  ['its own revocation', (session) => revokeActing(session, 'agent:clerk', ada)],
  ['that of its workflow', (session) => revokeActing(session, 'workflow:flow', ada)],
  ['a switch on its tool', (session) => setSwitch(session, { tool: 'bank.pay' }, 'off', ada)],
  [
    'a fall of its level',
    (session) => setLevel(session, { principal: 'agent:clerk', before: 'autonomous', level: 'observe' }, ada),
  ],
  [
    'a fall of the level of its workflow',
    (session) => setLevel(session, { principal: 'workflow:flow', before: 'draft', level: 'observe' }, ada),
  ],
  ['a switch on it', (session) => setSwitch(session, { agent: 'clerk' }, 'off', ada)],
])('of two workers, whichever drives a running agent stops its next call after %s', async (_what, change) => {
  const { paid, elsewhere, goOn } = await agentPaying()
  await elsewhere(change)
  await goOn()
  expect(paid).toEqual([1])
})
