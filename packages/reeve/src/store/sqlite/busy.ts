import { setTimeout as delay } from 'node:timers/promises'
import { ReeveError } from '../../base/errors.ts'

/** Two processes that write in turn meet within this time; to wait for it in SQLite is cheaper than to come back. */
export const waitInSqliteMs = 4
/** The longest that a transaction waits for other processes. */
export const busyWithinMs = 30_000
const longestPauseMs = 25

/** 0 for an error that is not SQLite's. */
export function errcodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
}

/** Another process holds the lock. */
export function isBusy(error: unknown): boolean {
  return (errcodeOf(error) & 0xff) === 5
}

/**
 * Does what needs a lock as soon as no other process holds it. SQLite itself would wait in place, and this process with
 * it; so it is asked again and again, and the event loop goes on between.
 * @throws `database-busy` when it was not free within `withinMs`
 */
export async function whenFree<T>(place: string, withinMs: number, act: () => T | Promise<T>): Promise<T> {
  const since = performance.now()
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await act()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() - since >= withinMs) throw busy(place, withinMs, error)
      await delay(pauseMs * (0.5 + Math.random()))
    }
  }
}

function busy(place: string, withinMs: number, cause: unknown): ReeveError {
  return new ReeveError(
    'database-busy',
    `Another process has held the lock of ${place} for more than ${withinMs / 1000} s. Find it (a copy or a backup at work, a program with an open transaction) and let it end, then try again. Nothing was written.`,
    { retryable: true, cause },
  )
}
