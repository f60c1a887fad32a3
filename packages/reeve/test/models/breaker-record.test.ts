import { expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import { BreakerRecord } from '../../src/models/route/breaker-record.ts'
import { registerWorker, removeWorker } from '../../src/store/dispatch/workers.ts'
import { listBreakers } from '../../src/store/spending/breakers.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase } from '../engine/harness.ts'

async function worker(id: string, database: Awaited<ReturnType<typeof openTestDatabase>>, clock: FakeClock) {
  await registerWorker(database, id)
  const record = new BreakerRecord(database, silentLog)
  record.begin(id)
  const onChange: NonNullable<ConstructorParameters<typeof CircuitBreakers>[0]['onChange']> = (...change) =>
    record.note(...change)
  return { record, breakers: new CircuitBreakers({ clock, failures: 2, coolDownMs: 1000, onChange }) }
}

test('other processes see which breakers of which workers are open, and until when', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const one = await worker('one', database, clock)
  const two = await worker('two', database, clock)
  const seen = async () => {
    await settle()
    return (await listBreakers(database)).map(
      (row) => `${row.worker} ${row.solver} ${row.failures} ${row.probe_at - clock.now()}`,
    )
  }
  const fail = ({ breakers }: typeof one, solver: string) => {
    breakers.enter(solver)
    breakers.failed(solver)
  }
  fail(one, 'flaky')
  expect(await seen()).toEqual([])
  fail(one, 'flaky')
  expect(await seen()).toEqual(['one flaky 2 1000'])
  // A probe fails: it opens for another while.
  await clock.advance(1500)
  fail(one, 'flaky')
  expect(await seen()).toEqual(['one flaky 3 1000'])
  for (const _time of [1, 2]) fail(two, 'flaky')
  expect(await seen()).toEqual(['one flaky 3 1000', 'two flaky 2 1000'])
  await clock.advance(1000)
  one.breakers.enter('flaky')
  one.breakers.succeeded('flaky')
  expect(await seen()).toEqual(['two flaky 2 0'])
  // A worker that died leaves nothing to see, and the next one to begin cleans up after it.
  await removeWorker(database, 'two')
  expect(await seen()).toEqual([])
  const three = await worker('three', database, clock)
  await settle()
  expect(await database.all('select * from breakers')).toEqual([])
  for (const _time of [1, 2]) fail(three, 'flaky')
  await three.record.end()
  expect(await database.all('select * from breakers')).toEqual([])
  await database.close()
})

test('a record that cannot be written harms no question', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { breakers, record } = await worker('one', database, clock)
  await record.end()
  record.begin('one')
  await database.close()
  for (const _time of [1, 2]) {
    breakers.enter('flaky')
    breakers.failed('flaky')
  }
  expect(breakers.state('flaky')).toBe('open')
  await expect(record.end()).resolves.toBeUndefined()
})
