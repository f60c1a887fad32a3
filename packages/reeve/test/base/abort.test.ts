import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { unlessAborted, untilAborted, wait } from '../../src/base/time/abort.ts'
import { backoffMs } from '../../src/base/time/backoff.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

class CountingClock extends FakeClock {
  pending = 0

  override after(delayMs: number, callback: () => void): () => void {
    this.pending++
    const stop = super.after(delayMs, callback)
    return () => {
      this.pending--
      stop()
    }
  }
}

const listeners = ({ signal }: AbortController) => getEventListeners(signal, 'abort').length

test('a wait ends at its time, and leaves nothing on the signal', async () => {
  const clock = new CountingClock()
  const abort = new AbortController()
  const waiting = wait(1000, { clock, signal: abort.signal })
  expect(listeners(abort)).toBe(1)
  await clock.advance(1000)
  await waiting
  expect(listeners(abort)).toBe(0)
})

test('an aborted wait ends with the reason and leaves no timer', async () => {
  const clock = new CountingClock()
  const abort = new AbortController()
  const waiting = wait(1000, { clock, signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  expect(clock.pending).toBe(0)
})

test('what was aborted before is not waited for', async () => {
  const clock = new CountingClock()
  const signal = AbortSignal.abort(new Error('before'))
  await expect(wait(1000, { clock, signal })).rejects.toThrow('before')
  await expect(unlessAborted(Promise.resolve(1), signal)).rejects.toThrow('before')
  await expect(untilAborted(signal)).rejects.toThrow('before')
  expect(clock.pending).toBe(0)
})

test('a failure that comes after the abort harms nobody', async () => {
  const abort = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const answer = unlessAborted(promise, abort.signal)
  abort.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  reject(new Error('too late'))
  await new Promise(setImmediate)
  const before = Promise.reject(new Error('too late as well'))
  await expect(unlessAborted(before, abort.signal)).rejects.toThrow('enough')
})

test('a backoff grows by its factor, never past its longest wait, and never to no number', () => {
  const pace = { firstMs: 250, factor: 2, longestMs: 5000 }
  expect([1, 2, 3, 6, 7, 5000].map((failures) => backoffMs(pace, failures))).toEqual([
    250, 500, 1000, 5000, 5000, 5000,
  ])
  expect(backoffMs({ firstMs: 0, factor: 2, longestMs: 5000 }, 5000)).toBe(0)
})
