import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BoundedChild } from '../../src/base/process/bounded-child.ts'
import { afterFreeTime } from '../../src/base/process/free-time.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('time in which programs waited for a processor does not count', () => {
  const began = performance.now()
  let lateAt: number | undefined
  // For the first two seconds the machine is busy three quarters of the time.
  const waited = () => Math.min(performance.now() - began, 2000) * 0.75
  const late = () => {
    lateAt = performance.now() - began
  }
  afterFreeTime(1000, late, waited)
  vi.advanceTimersByTime(2400)
  expect(lateAt).toBeUndefined()
  vi.advanceTimersByTime(150)
  expect(lateAt).toBeGreaterThanOrEqual(2499)
})

test('the limit is at most four times as far away, however busy the machine is', () => {
  const began = performance.now()
  const late = vi.fn()
  afterFreeTime(1000, late, () => performance.now() - began)
  vi.advanceTimersByTime(3990)
  expect(late).not.toHaveBeenCalled()
  vi.advanceTimersByTime(20)
  expect(late).toHaveBeenCalledTimes(1)
})

test('it goes by the clock where the system tells nothing, and can be taken back', () => {
  const late = vi.fn()
  afterFreeTime(1000, late, () => undefined)
  const never = vi.fn()
  afterFreeTime(1000, never, () => undefined)()
  vi.advanceTimersByTime(1001)
  expect(late).toHaveBeenCalledTimes(1)
  expect(never).not.toHaveBeenCalled()
})

test('a program that rests past a timeout without the time spent waiting is ended', async () => {
  vi.useRealTimers()
  const child = await BoundedChild.start({
    file: '/bin/sleep',
    args: ['60'],
    env: {},
    cwd: '/',
    timeoutMs: 200,
    countsWaiting: false,
    maxOutputBytes: 1000,
  })
  child.write('')
  expect((await child.ended).cause).toBe('timeout')
})
