import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Database, Session, Value } from '../../src/store/database.ts'
import { Reconciler } from '../../src/store/dispatch/reconcile.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { rowOf, testEngine } from './harness.ts'

const nap = defineWorkflow({
  name: 'nap',
  input: z.unknown(),
  async run(ctx: CoreContext) {
    await ctx.sleep('1h')
    return 'awake'
  },
})

const listen = defineWorkflow({
  name: 'listen',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.waitFor('go'),
})

test('a waiting run whose wake was lost gets it back from its journal', async () => {
  const { engine, database, clock } = await testEngine([nap])
  await engine.start()
  const handle = await engine.startRun(nap, {})
  await settle()
  const parked = await rowOf(database, handle.id)
  await database.run('update runs set wake_at = null where id = ?', [handle.id])
  expect(await new Reconciler().look(database)).toBe(1)
  await engine.worker.tick()
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', wake_at: parked.wake_at })
  await clock.advance(3_700_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'awake' })
  await engine.stop()
})

test('a waiting run whose arrival woke nobody is woken by the heartbeat', async () => {
  const { engine, database, clock } = await testEngine([listen])
  await engine.start()
  const handle = await engine.startRun(listen, {})
  await settle()
  const { no } = await rowOf(database, handle.id)
  await database.run(`insert into inbox (run, name, payload, at) values (?, 'signal:go', '"now"', 0)`, [no])
  await clock.advance(10_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'now' })
  await engine.stop()
})

test('a run that was found to wait as it should gets back a wake that it loses later', async () => {
  const both = defineWorkflow({
    name: 'both',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.waitFor('go')
      await ctx.sleep('1h')
      return 'awake'
    },
  })
  const { engine, database, clock } = await testEngine([both])
  await engine.start()
  const loseWake = (id: string) => database.run('update runs set wake_at = null where id = ?', [id])
  const reconciler = new Reconciler()
  const plain = await engine.startRun(both, {})
  const told = await engine.startRun(both, {})
  await settle()
  expect(await reconciler.look(database)).toBe(0)
  for (const { id } of [plain, told]) await engine.control.signal(id, 'go', null)
  await settle()
  // What nobody waits for lies in the inbox of one of them.
  await engine.control.signal(told.id, 'other', null)
  await settle()
  await loseWake(plain.id)
  expect(await reconciler.look(database)).toBe(1)
  await settle()
  await loseWake(told.id)
  expect(await reconciler.look(database)).toBe(1)
  await clock.advance(3_700_000)
  for (const run of [plain, told])
    expect(await run.result()).toEqual({ status: 'succeeded', output: 'awake' })
  await engine.stop()
})

test('runs that wait as they should are left alone', async () => {
  const { engine, database } = await testEngine([nap, listen])
  await engine.start()
  await engine.startRun(nap, {})
  const listening = await engine.startRun(listen, {})
  await settle()
  await engine.control.signal(listening.id, 'other', 1)
  await settle()
  expect(await new Reconciler().look(database)).toBe(0)
  await engine.stop()
})

const unused = () => Promise.reject(new Error('not used'))

/** What is read of journals through a database: of which run, behind which event. */
function watched(database: Database): { link: Session; reads: [run: Value, after: Value][] } {
  const reads: [Value, Value][] = []
  const all = <Row>(sql: string, parameters: Value[] = []): Promise<Row[]> => {
    if (sql.includes('from events')) reads.push([parameters[0]!, parameters[1]!])
    return database.all<Row>(sql, parameters)
  }
  const run = database.run.bind(database)
  return { link: { all, run, get: unused, bulk: unused }, reads }
}

test('a journal is read once, and then only what is new in it, while its run waits', async () => {
  const { engine, database } = await testEngine([nap, listen])
  await engine.start()
  const waiting = []
  for (let count = 0; count < 5; count++) waiting.push(await engine.startRun(listen, {}))
  const napping = await engine.startRun(nap, {})
  await settle()
  const reconciler = new Reconciler()
  const { link, reads } = watched(database)
  const numbers = []
  for (const { id } of waiting) numbers.push((await rowOf(database, id)).no)
  expect(await reconciler.look(link)).toBe(0)
  expect(reads.map(([no]) => no)).toEqual(numbers)
  for (let looks = 0; looks < 3; looks++) expect(await reconciler.look(link)).toBe(0)
  expect(reads).toHaveLength(5)
  // A signal nobody waits for is looked at with what is new of the journal, once.
  const before = (await rowOf(database, waiting[1]!.id)).head_seq
  await engine.control.signal(waiting[1]!.id, 'other', 1)
  await settle()
  for (let looks = 0; looks < 3; looks++) expect(await reconciler.look(link)).toBe(0)
  expect(reads.slice(5)).toEqual([[numbers[1], before]])
  // What was found to be well and is damaged since is found all the same.
  await database.run('update runs set wake_at = null where id = ?', [napping.id])
  await database.run(`insert into inbox (run, name, payload, at) values (?, 'signal:go', '1', 0)`, [
    numbers[2]!,
  ])
  expect(await reconciler.look(link)).toBe(2)
  await engine.stop()
})

test('long journals are read in parts, over several looks', async () => {
  const { database } = await testEngine([])
  const events = 15_000
  await database.run(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < 3)
     insert into runs (no, id, workflow, version, status, queue, priority, available_at, fresh, principal, epoch, created_at,
       head_seq) select i, 'run' || i, 'flow', '1', 'waiting', 'default', 0, 0, 0, 'operator', 1, 0, ? from n`,
    [events],
  )
  await database.run(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
     insert into events (run, seq, type, step, at, payload, hash)
       select runs.no, i, case when i = ? and runs.no = 3 then 'timer-set' else 'step-completed' end, i, 0, null, ''
       from n, runs`,
    [events, events],
  )
  const reconciler = new Reconciler()
  const { link, reads } = watched(database)
  expect(await reconciler.look(link)).toBe(0)
  expect(reads.map(([, after]) => after)).toEqual(
    [0, 1].flatMap(() => Array.from({ length: 8 }, (_, at) => at * 2000)),
  )
  expect(await reconciler.look(link)).toBe(1)
  expect(new Set(reads.slice(16).map(([run]) => run))).toEqual(new Set([3]))
})
