import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

/**
 * What the page knows of the server:
 *
 *   live      events come, and what they touch is read again
 *   waiting   the connection was lost; the browser tries again by itself, from where it was
 *
 * Pages never change from an event alone: they read again what it names, at most twice a second.
 */
export type Liveness = 'live' | 'waiting'

const restMs = 500
const listeners = new Set<() => void>()
let liveness: Liveness = 'waiting'

export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => liveness,
  )
}

function become(now: Liveness): void {
  if (liveness === now) return
  liveness = now
  for (const listener of listeners) listener()
}

/** Answers the way to stop. */
export function followEvents(client: QueryClient): () => void {
  const source = new EventSource('/api/events')
  const touched = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const refresh = () => {
    timer = undefined
    for (const run of touched) {
      void client.invalidateQueries({ queryKey: ['run', run] })
      void client.invalidateQueries({ queryKey: ['events', run] })
    }
    touched.clear()
    for (const kind of ['runs', 'approvals', 'approval', 'today'])
      void client.invalidateQueries({ queryKey: [kind] })
  }
  source.addEventListener('journal', ({ data }) => {
    touched.add((JSON.parse(data) as { run: string }).run)
    timer ??= setTimeout(refresh, restMs)
  })
  source.addEventListener('open', () => {
    become('live')
    void client.invalidateQueries()
  })
  source.addEventListener('error', () => become('waiting'))
  return () => {
    source.close()
    clearTimeout(timer)
  }
}
