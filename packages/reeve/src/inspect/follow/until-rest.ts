import { systemClock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { isAtRest, standingOf } from '../run-standing.ts'

const lookPauseMs = 50

/** What may have changed a run: this process's own runs by `onEnded`, other processes' by the database. */
export interface RestSource {
  database: Database
  /** Calls back when a run that this process drives ended or was parked. Returns the way to stop. */
  onEnded(callback: () => void): () => void
}

/**
 * Waits until a run rests (it ended, is stuck, or goes on only when somebody does something), or until the time is up.
 * Rejects with the reason of `signal`. `counts`: whether that it rests as it does now ends the waiting. @throws `unknown-run`
 */
export async function untilRest(
  { database, onEnded }: RestSource,
  id: string,
  waitMs: number,
  signal: AbortSignal,
  counts: () => Promise<boolean> = async () => true,
): Promise<void> {
  const { promise: rest, resolve, reject } = Promise.withResolvers<void>()
  rest.catch(() => undefined)
  let looking: 'no' | 'once' | 'again' = 'no'
  const look = async () => {
    for (;;) {
      looking = 'once'
      const standing = await standingOf(database, await requireRun(database, id))
      if (isAtRest(standing) && (standing.state === 'ended' || (await counts()))) return resolve()
      if ((looking as string) !== 'again') break
      // Others may wait as well, and much may change: each looks now and then.
      await new Promise<void>((next) => systemClock.after(lookPauseMs, next))
    }
    looking = 'no'
  }
  const lookAgain = () => {
    if (looking === 'no') void look().catch(reject)
    else looking = 'again'
  }
  const stopWatching = [
    // Any run's end may be that of a child.
    onEnded(lookAgain),
    database.onOutsideChange(lookAgain),
    systemClock.after(waitMs, resolve),
  ]
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (waitMs > 0 && !signal.aborted) {
      await look()
      await rest
    }
    signal.throwIfAborted()
  } finally {
    for (const stop of stopWatching) stop()
    signal.removeEventListener('abort', onAbort)
  }
}
