import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StoreClock } from '../../src/store/store-clock.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

/** A store whose clock runs beside this process's, `rate` times as fast, and answers after a while. */
function storeWith(options: { aheadMs: number; rate?: number }) {
  const world = { elapsedMs: 1000, setMs: 0 }
  const storeNow = () => Math.floor(options.aheadMs + world.setMs + world.elapsedMs * (options.rate ?? 1))
  const clock = new StoreClock(new FakeClock(), () => world.elapsedMs)
  const measure = (thereMs: number, backMs: number) =>
    clock.measure(async () => {
      world.elapsedMs += thereMs
      const answer = storeNow()
      world.elapsedMs += backMs
      return answer
    })
  return { world, storeNow, clock, measure }
}

test('before its first reading it answers as the process does', () => {
  expect(new StoreClock(new FakeClock(5000), () => 77).now()).toBe(5000)
})

test('it never runs ahead of the store, and never further behind than the best round trip', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -1e12, max: 2e12 }),
      fc.array(fc.tuple(fc.nat(500), fc.nat(500), fc.nat(10_000)), { minLength: 1, maxLength: 20 }),
      async (aheadMs, readings) => {
        const { world, storeNow, clock, measure } = storeWith({ aheadMs })
        let best = Number.POSITIVE_INFINITY
        let last = Number.NEGATIVE_INFINITY
        for (const [there, back, then] of readings) {
          await measure(there, back)
          best = Math.min(best, there + back)
          world.elapsedMs += then
          const now = clock.now()
          expect(now).toBeLessThanOrEqual(storeNow())
          expect(now).toBeGreaterThanOrEqual(storeNow() - best - 1)
          expect(now).toBeGreaterThanOrEqual(last)
          last = now
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('it follows when the store is set back or forth', async () => {
  const { world, storeNow, clock, measure } = storeWith({ aheadMs: 1e12 })
  await measure(1, 1)
  expect(clock.now()).toBe(storeNow() - 1)
  world.setMs = -86_400_000
  await measure(1, 1)
  expect(clock.now()).toBe(storeNow() - 1)
  world.setMs = 86_400_000
  await measure(1, 1)
  expect(clock.now()).toBe(storeNow() - 1)
})

test('it gets ahead of a slower store by no more than it drifted since the last reading', async () => {
  const { world, storeNow, clock, measure } = storeWith({ aheadMs: 0, rate: 0.9999 })
  for (let round = 0; round < 50; round++) {
    await measure(0, 0)
    expect(clock.now()).toBeLessThanOrEqual(storeNow() + 1)
    world.elapsedMs += 3000
  }
})

test('it says how far the date of the process is off, as far as that is sure', async () => {
  const timers = new FakeClock(0)
  const world = { elapsedMs: 0 }
  const clock = new StoreClock(timers, () => world.elapsedMs)
  const skewAt = async (ownMs: number, storeMs: number, roundTripMs: number) => {
    await clock.measure(async () => {
      world.elapsedMs += roundTripMs
      timers.jump(ownMs)
      return storeMs
    })
    return clock.skewMs
  }
  expect(clock.skewMs).toBeUndefined()
  expect(await skewAt(1_000_000, 1_000_000, 10)).toBe(0)
  expect(await skewAt(1_000_000, 996_000, 5000)).toBe(0)
  expect(await skewAt(1_000_000, 990_000, 5000)).toBe(4999)
  expect(await skewAt(1_000_000, 1_007_000, 5000)).toBe(-7000)
})
