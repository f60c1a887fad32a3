import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../src/base/log.ts'
import { projectOf, Runtime, workflow } from '../src/index.ts'
import { internalsOf } from '../src/runtime/runtime.ts'
import { Pruning } from '../src/runtime/upkeep/pruning.ts'
import { FakeClock, settle } from '../src/testing/fake-clock.ts'

const quick = workflow({ name: 'quick', input: z.any(), run: () => 'done' })

/** Between its batches a round waits in real time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await settle()
}

test('a worker that runs on prunes again every hour, and its start does not wait for it', async () => {
  const clock = new FakeClock()
  const runtime = await Runtime.open({
    project: projectOf({ retention: { succeeded: '1h' } }, [quick]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
    clock,
  })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  await (await runtime.startRun(quick, {})).result()
  const left = async () => (await internalsOf(runtime).database.all('select no from runs')).length
  expect(await left()).toBe(1)
  await clock.advance(3_540_000)
  expect(await left()).toBe(1)
  // Each hour is 3,600 heartbeats.
  await clock.advance(2 * 3_600_000)
  await until(async () => (await left()) === 0)
})

test('a round that fails is told of and tried again; one that is under way ends with its runtime', async () => {
  const clock = new FakeClock()
  const told: string[] = []
  const rounds: AbortSignal[] = []
  const log = { ...silentLog, warn: (message: string) => void told.push(message) }
  const pruning = new Pruning(clock, log, async (signal) => {
    rounds.push(signal)
    if (rounds.length === 1) throw new Error('locked')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  pruning.begin()
  await settle()
  expect(told).toHaveLength(1)
  await clock.advance(3_600_000)
  expect(rounds).toHaveLength(2)
  await pruning.end()
  await clock.advance(7_200_000)
  expect(rounds).toHaveLength(2)
})
