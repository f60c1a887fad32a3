import type { Clock } from './time.ts'

/** What `promise` gives, unless the signal comes first. What the promise gives later is passed over. @throws the signal's reason */
export async function unlessAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    // The first of them wins where both are settled. The race also takes what the promise fails with too late.
    return await Promise.race([aborted, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Resolves after `ms`. Aborted before, it leaves no timer behind. @throws the signal's reason */
export async function wait(
  ms: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = clock.after(ms, resolve, 'pause')
  try {
    await unlessAborted(promise, signal)
  } finally {
    stop()
  }
}

/** Never resolves. @throws the signal's reason */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return unlessAborted(new Promise<never>(() => {}), signal)
}
