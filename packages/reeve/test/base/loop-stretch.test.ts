import { expect, onTestFinished, test, vi } from 'vitest'
import { LoopStretch } from '../../src/base/time/loop-stretch.ts'

function stoppedTime(): { now: number } {
  const time = { now: 0 }
  vi.spyOn(performance, 'now').mockImplementation(() => time.now)
  onTestFinished(() => void vi.restoreAllMocks())
  return time
}

test('work in small parts lets others go first once it has had its time, and has it anew after that', async () => {
  const time = stoppedTime()
  const stretch = new LoopStretch(10)
  expect(stretch.rest()).toBeUndefined()
  time.now = 9
  expect(stretch.rest()).toBeUndefined()
  time.now = 10
  let others = 0
  setImmediate(() => others++)
  const rest = stretch.rest()
  expect(rest).toBeInstanceOf(Promise)
  expect(stretch.rest()).toBe(rest)
  await stretch.yield()
  await new Promise(setImmediate)
  expect(others).toBe(1)
  time.now = 19
  expect(stretch.rest()).toBeUndefined()
})

test('who rests at one moment goes on at one moment', async () => {
  const time = stoppedTime()
  const stretch = new LoopStretch(10)
  await stretch.yield()
  time.now = 12
  const turns: number[] = []
  let turn = 0
  const count = () => {
    turn++
    if (turns.length < 3) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all([1, 2, 3].map(() => stretch.yield().then(() => turns.push(turn))))
  expect(turns).toEqual([0, 0, 0])
})
