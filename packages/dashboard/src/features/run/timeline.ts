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
  /** It was only found that a person must be asked before it: the next call asks, and the one after that acts. */
  isOnlyAsked: boolean
  hasFailed: boolean
  attempts: number
  words: string
  /** Equal for two calls that came to the same, as far as a journal's page has it. */
  result: string
  /** The events of its beginning and its end; the same for a call that is told of when it is over. */
  opened: number
  settled: number | undefined
  /** The run that it started or waits for. */
  child: string | undefined
}

const runEnds = new Set(['run-succeeded', 'run-failed', 'run-cancelled', 'run-continued'])

const waits = new Set(['approval', 'signal', 'timer', 'child', 'budget'])

/** The bars of what the events tell, in the order of their calls. */
export function barsOf(events: readonly EventItem[]): Bar[] {
  const bars = new Map<number, Bar>()
  // The last two moments at which something was told.
  let now = Number.NEGATIVE_INFINITY
  let earlier = Number.NEGATIVE_INFINITY
  for (const { seq, call, type, at, name, words, payload, size } of events) {
    const time = Date.parse(at)
    if (time > now) [earlier, now] = [now, time]
    if (call === null) {
      // Nothing goes on in a run that has ended.
      if (runEnds.has(type)) for (const bar of bars.values()) bar.to ??= time
      continue
    }
    const kind = type.slice(0, type.lastIndexOf('-'))
    const bar = bars.get(call)
    if (!bar) {
      const isOver = isSettlement(type)
      bars.set(call, {
        call,
        kind,
        name: name ?? kind,
        // A call of one event was told of when it was over: it began with what was told before it.
        from: isOver && Number.isFinite(earlier) ? earlier : time,
        to: isOver ? time : undefined,
        isWait: waits.has(kind),
        isOnlyAsked: type === 'effect-asked',
        hasFailed: type.endsWith('-failed'),
        attempts: 1,
        words,
        result: resultOf(type, words, payload, size),
        opened: seq,
        settled: isOver ? seq : undefined,
        child: childIn(type, payload),
      })
      continue
    }
    bar.child ??= childIn(type, payload)
    if (type.endsWith('-retrying')) bar.attempts++
    if (isSettlement(type)) {
      bar.to = time
      bar.settled = seq
      bar.isOnlyAsked = type === 'effect-asked'
      bar.hasFailed = type.endsWith('-failed')
      bar.words = words
      bar.result = resultOf(type, words, payload, size)
    }
  }
  return [...bars.values()].sort((a, b) => a.call - b.call)
}

/** Where a person or a clock is named, the words alone count. */
function resultOf(type: string, words: string, payload: unknown, size: number): string {
  return type.endsWith('-completed') ? `${size} ${JSON.stringify(payload)}` : words
}

function childIn(type: string, payload: unknown): string | undefined {
  if (!type.startsWith('child-')) return undefined
  const { run } = (payload ?? {}) as { run?: unknown }
  return typeof run === 'string' ? run : undefined
}

const ends = [
  'asked',
  'completed',
  'failed',
  'decided',
  'received',
  'fired',
  'finished',
  'ended',
  'started',
  'answered',
  'timed-out',
  'given-up',
]

/** Whether a call is over with an event of this type. */
export function isSettlement(type: string): boolean {
  return ends.some((end) => type.endsWith(`-${end}`)) && !type.startsWith('run-')
}

/** How long a machine was at work in all: what overlaps counts once. */
export function workedMs(bars: readonly Bar[], now: number): number {
  let worked = 0
  let until = Number.NEGATIVE_INFINITY
  for (const { from, to = now } of bars.filter((bar) => !bar.isWait).sort((a, b) => a.from - b.from)) {
    worked += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return worked
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
