import { ReeveError } from './errors.ts'

/** Where the time comes from. Tests pass a fake one; nothing else reads the system's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after `delayMs`; the returned function cancels. Keeps the process alive until then. */
  after(delayMs: number, callback: () => void): () => void
}

const longestTimeoutMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), longestTimeoutMs))
    return () => clearTimeout(timer)
  },
}

/** A length of time: milliseconds, or a number with a unit such as `250ms`, `30s`, `5m`, `2h`, `3d`, `1w`. */
export type Duration = number | string

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** @throws `bad-duration` */
export function toMs(duration: Duration): number {
  if (typeof duration === 'number' && Number.isFinite(duration) && duration >= 0) return duration
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(String(duration).trim())
  if (!match) {
    throw new ReeveError(
      'bad-duration',
      `"${duration}" is not a length of time. Write milliseconds or a number with a unit: 250ms, 30s, 5m, 2h, 3d, 1w.`,
    )
  }
  return Number(match[1]) * unitMs[match[2]!]!
}

/** `1.2 s`, `3 min 4 s`, `2 d 3 h`: for people. */
export function formatMs(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const parts: string[] = []
  let rest = Math.round(ms / 1000)
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds)
    if (count > 0) parts.push(`${count} ${unit}`)
    rest -= count * seconds
  }
  return parts.slice(0, 2).join(' ')
}
