import type { Clock } from '../../base/time/time.ts'
import type { Watcher } from './event-hub.ts'

const heartbeatMs = 10_000

export interface EventStreamOptions {
  watcher: Watcher
  clock: Clock
  signal: AbortSignal
  /** Whether whoever watches still may: asked at each heartbeat. */
  mayWatch: () => Promise<boolean>
}

/**
 * Server-sent events. It is pulled: nothing is read for a reader that does not take what it has, and a proxy that closes
 * idle connections sees a comment now and then. The `id` of a message is the cursor to go on from.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { watcher, clock, signal, mayWatch } = options
  const encoder = new TextEncoder()
  const ended = new AbortController()
  const end = () => ended.abort()
  signal.addEventListener('abort', end, { once: true })
  let sent = watcher.cursor
  let isGreeted = false
  let hasLeft = false
  let checkedAt = clock.now()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!isGreeted) {
          isGreeted = true
          controller.enqueue(encoder.encode(`retry: 2000\nid: ${sent}\nevent: ready\ndata: {}\n\n`))
          return
        }
        const pause = new AbortController()
        const stopBeat = clock.after(heartbeatMs, () => pause.abort())
        const events = await watcher.next(AbortSignal.any([ended.signal, pause.signal]))
        stopBeat()
        if (ended.signal.aborted || (events.length === 0 && !pause.signal.aborted) || !(await stillMay())) {
          leave()
          controller.close()
          return
        }
        controller.enqueue(encoder.encode(messagesOf(events)))
      },
      cancel() {
        end()
        leave()
      },
    },
    { highWaterMark: 0 },
  )

  function leave(): void {
    if (hasLeft) return
    hasLeft = true
    signal.removeEventListener('abort', end)
    watcher.leave()
  }

  async function stillMay(): Promise<boolean> {
    if (clock.now() - checkedAt < heartbeatMs / 2) return true
    checkedAt = clock.now()
    return mayWatch()
  }

  function messagesOf(events: readonly string[]): string {
    const messages = events.map((event) => `event: journal\ndata: ${event}\n`)
    if (messages.length === 0) messages.push(': still here\n')
    // The last alone says where to go on: a reader that is cut off before it hears the others again.
    if (watcher.cursor !== sent) {
      sent = watcher.cursor
      messages[messages.length - 1] += `id: ${sent}\n`
    }
    return `${messages.join('\n')}\n`
  }
}
