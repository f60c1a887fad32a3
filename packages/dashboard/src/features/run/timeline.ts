import type { EventItem } from '../../api/types.ts'

/** One call of a run as a bar: when it began and ended, and whether a machine worked or somebody was waited for. */
export interface Bar {
  call: number
  kind: string
  name: string
  from: number
  /** Undefined: it goes on. */
  to: number | undefined
  isWait: boolean
  hasFailed: boolean
  attempts: number
  words: string
}

const waits = new Set(['approval', 'signal', 'timer', 'child'])

/** The bars of what the events tell, in the order of their calls. */
export function barsOf(events: readonly EventItem[]): Bar[] {
  const bars = new Map<number, Bar>()
  for (const { call, type, at, name, words } of events) {
    if (call === null) continue
    const time = Date.parse(at)
    const kind = type.slice(0, type.lastIndexOf('-'))
    const bar = bars.get(call)
    if (!bar) {
      const isOver = isSettlement(type)
      bars.set(call, {
        call,
        kind,
        name: name ?? kind,
        // A call of one event was told of when it was over: it began with what was told before it.
        from: isOver ? before(events, time) : time,
        to: isOver ? time : undefined,
        isWait: waits.has(kind),
        hasFailed: type.endsWith('-failed'),
        attempts: 1,
        words,
      })
      continue
    }
    if (type.endsWith('-retrying')) bar.attempts++
    if (isSettlement(type)) {
      bar.to = time
      bar.hasFailed = type.endsWith('-failed')
      bar.words = words
    }
  }
  return [...bars.values()].sort((a, b) => a.call - b.call)
}

const ends = [
  'completed',
  'failed',
  'decided',
  'received',
  'fired',
  'ended',
  'started',
  'answered',
  'given-up',
]

function isSettlement(type: string): boolean {
  return ends.some((end) => type.endsWith(`-${end}`)) && !type.startsWith('run-')
}

function before(events: readonly EventItem[], time: number): number {
  let last = time
  for (const { at } of events) {
    const each = Date.parse(at)
    if (each >= time) break
    last = each
  }
  return last
}

/**
 * Where a moment lies on a scale on which long stretches are drawn shorter: each stretch between two moments takes the
 * logarithm of its length, so that a step of 2 ms and a wait of 2 hours are both seen.
 */
export function scaleOf(bars: readonly Bar[], now: number): (at: number) => number {
  const moments = [...new Set(bars.flatMap(({ from, to }) => [from, to ?? now]))].sort((a, b) => a - b)
  const places = new Map<number, number>()
  let length = 0
  for (const [index, moment] of moments.entries()) {
    if (index > 0) length += 0.3 + Math.log1p((moment - moments[index - 1]!) / 20)
    places.set(moment, length)
  }
  return (at) => (length === 0 ? 0 : (places.get(at) ?? length) / length)
}
