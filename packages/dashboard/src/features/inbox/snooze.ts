import { useSyncExternalStore } from 'react'
import { serverNow } from '../../api/server-time.ts'

/**
 * What somebody wants to see later, in this browser: it still waits, for everybody else too. By the id of the thing, until
 * when (ms).
 */
type Snoozed = Readonly<Record<string, number>>

const place = 'reeve-snoozed'
const mostKept = 500
const listeners = new Set<() => void>()
let held: Snoozed | undefined

function read(): Snoozed {
  if (held) return held
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '{}')
    held = typeof kept === 'object' && kept !== null ? (kept as Snoozed) : {}
  } catch {
    held = {}
  }
  return held
}

function write(now: Snoozed): void {
  held = now
  try {
    localStorage.setItem(place, JSON.stringify(now))
  } catch {
    // A browser that keeps nothing snoozes until the page is loaded anew.
  }
  for (const listener of listeners) listener()
}

export function snooze(id: string, until: number): void {
  const now = serverNow()
  const open = Object.entries(read()).filter(([, at]) => at > now)
  write(Object.fromEntries([...open.slice(-mostKept), [id, until]]))
}

export function wake(id: string): void {
  write(Object.fromEntries(Object.entries(read()).filter(([each]) => each !== id)))
}

export function useSnoozed(): Snoozed {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    const hear = ({ key }: StorageEvent) => {
      if (key !== place) return
      held = undefined
      listener()
    }
    // Another tab.
    window.addEventListener('storage', hear)
    return () => {
      listeners.delete(listener)
      window.removeEventListener('storage', hear)
    }
  }, read)
}

const hourMs = 3_600_000

/** When to show it again. */
export const laters = [
  { words: 'In an hour', at: (now: number) => now + hourMs },
  { words: 'In four hours', at: (now: number) => now + 4 * hourMs },
  {
    words: 'Tomorrow at 8',
    at: (now: number) => {
      const morning = new Date(now)
      morning.setDate(morning.getDate() + 1)
      return morning.setHours(8, 0, 0, 0)
    },
  },
] as const
