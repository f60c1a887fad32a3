import { expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Notices } from '../../src/engine/notices.ts'
import { RunResults } from '../../src/engine/results.ts'
import { LocalRuns } from '../../src/engine/worker/local-runs.ts'
import type { Database, Value } from '../../src/store/database.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase } from './harness.ts'

/** So many queued runs, awaited by one process that drives none of them; and what it asks of the database. */
async function awaiting(count: number) {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  await database.run(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
     insert into runs (no, id, workflow, version, status, queue, priority, available_at, fresh, principal, epoch,
       created_at) select i, 'run' || i, 'elsewhere', '1', 'queued', 'default', 0, 0, 0, 'operator', 1, 0 from n`,
    [count],
  )
  const queries: number[] = []
  const watched: Database = Object.create(database, {
    get: { value: database.get.bind(database) },
    all: {
      value: (sql: string, parameters: Value[]) => {
        queries.push(parameters.length)
        return database.all(sql, parameters)
      },
    },
  })
  const results = new RunResults({
    database: watched,
    clock,
    log: silentLog,
    runs: new LocalRuns(),
    notices: new Notices(),
  })
  const ended: string[] = []
  const waiters = Array.from({ length: count }, (_, index) => `run${index + 1}`).map((id) =>
    results.of(id).then(() => ended.push(id)),
  )
  await settle()
  const end = (condition: string) => database.run(`update runs set status = 'cancelled' where ${condition}`)
  return { clock, results, queries, ended, waiters, end }
}

test('one query finds those that ended of some hundred awaited runs', async () => {
  const { results, queries, ended, end } = await awaiting(400)
  await end('no in (3, 77)')
  results.look()
  await settle()
  expect(ended).toEqual(['run3', 'run77'])
  expect(queries).toEqual([500])
  // However many changes there are during a round, one more follows it.
  for (let changes = 0; changes < 50; changes++) results.look()
  await settle()
  expect(queries).toEqual([500, 500, 500])
})

test('very many awaited runs are asked for in parts, with pauses between, until all have been', async () => {
  const { clock, results, queries, ended, waiters, end } = await awaiting(2000)
  await end('no % 2 = 0')
  results.look()
  await settle()
  expect(queries).toEqual([500])
  await end('no % 2 = 1')
  results.look()
  await clock.advance(400)
  await Promise.all(waiters)
  expect(ended).toHaveLength(2000)
  expect(queries.every((asked) => asked <= 500)).toBe(true)
})

test('who asks for a run that is not there hears so, and those who wait go on waiting', async () => {
  const { results, ended, end } = await awaiting(1)
  await expect(results.of('nobody')).rejects.toMatchObject({ code: 'unknown-run' })
  await end('true')
  results.look()
  await settle()
  expect(ended).toEqual(['run1'])
})

test('what nobody announced is looked for in turn, at the same cost for any number of awaited runs', async () => {
  const { clock, results, queries, ended, end } = await awaiting(3000)
  await end('no in (7, 1600, 2900)')
  const lookAtSome = async () => {
    results.lookAtSome()
    await clock.advance(400)
    return { asked: queries.splice(0), ended: ended.splice(0) }
  }
  expect(await lookAtSome()).toEqual({ asked: [500, 500], ended: ['run7'] })
  expect(await lookAtSome()).toEqual({ asked: [500, 500], ended: ['run1600'] })
  expect(await lookAtSome()).toEqual({ asked: [500, 500], ended: ['run2900'] })
  // What is announced meanwhile has all of them asked for.
  await end('no in (8, 2800)')
  results.lookAtSome()
  results.look()
  await clock.advance(400)
  expect(ended.toSorted()).toEqual(['run2800', 'run8'])
})
