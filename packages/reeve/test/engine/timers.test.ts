import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Timers } from '../../src/engine/waiting/timers.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

test('timers fire in the order in which they are due, and dropped ones never', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('drop' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const clock = new FakeClock(0)
      const timers = new Timers(clock)
      const open = new Map<number, { at: number; drop: () => void }>()
      const fired: number[] = []
      const expected: number[] = []
      let next = 0
      for (const each of actions) {
        if (each.kind === 'set') {
          const id = next++
          const at = clock.now() + each.ms
          open.set(id, { at, drop: timers.set(at, () => void fired.push(id)) })
        } else if (each.kind === 'drop') {
          const id = [...open.keys()][each.which % Math.max(1, open.size)]
          if (id === undefined) continue
          open.get(id)!.drop()
          open.delete(id)
        } else {
          await clock.advance(each.ms)
          const due = [...open].filter(([, { at }]) => at <= clock.now())
          due.sort(([a, left], [b, right]) => left.at - right.at || a - b)
          for (const [id] of due) open.delete(id)
          expected.push(...due.map(([id]) => id))
        }
        expect(timers.size).toBe(open.size)
        const earliest = Math.min(...[...open.values()].map(({ at }) => at))
        expect(timers.earliest).toBe(open.size === 0 ? undefined : earliest)
      }
      expect(fired).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

test('a timer that is set while one fires waits for the next time', async () => {
  const clock = new FakeClock(0)
  const timers = new Timers(clock)
  let rounds = 0
  const again = () => {
    rounds++
    if (rounds < 3) timers.set(clock.now(), again)
  }
  timers.set(5, again)
  await clock.advance(5)
  expect(rounds).toBe(3)
  expect(timers.size).toBe(0)
})
