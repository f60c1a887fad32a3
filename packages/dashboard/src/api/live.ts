import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api } from './client.ts'

/**
 * What the page knows of the server:
 *
 *   live      events come, and what they touch is read again
 *   waiting   the connection was lost; the client tries again by itself, from where it was
 *
 * Pages never change from an event alone: they read again what it names, at most twice a second.
 */
export type Liveness = 'live' | 'waiting'

const restMs = 500
const firstRestMs = 3000
const listeners = new Set<() => void>()
// Whoever just got the page from the server is not told that it does not answer, unless it stops doing so.
let liveness: Liveness = 'live'

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

/** Where the journal stood when the server made this page: told once, later it would be long ago. */
function startOfPage(): string | undefined {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="reeve-events"]')
  meta?.remove()
  return meta?.content
}

/** Answers the way to stop. `onRefused`: the server no longer tells this browser anything. */
export function followEvents(client: QueryClient, onRefused: (error: unknown) => void): () => void {
  const leaving = new AbortController()
  const touched = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let missed: ReturnType<typeof setTimeout> | undefined
  const after = startOfPage()
  // What a page reads at first, it reads after that: nothing is missed.
  let isKnown = after !== undefined
  let isFirst = true
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
  api
    .follow(
      {
        signal: leaving.signal,
        ...(after !== undefined && { after }),
        onState(state) {
          become(state === 'connected' ? 'live' : 'waiting')
          // Whatever was missed is read: at first that is little, and the page has just asked for everything.
          if (state !== 'connected') return
          clearTimeout(missed)
          if (!isKnown) missed = setTimeout(() => void client.invalidateQueries(), isFirst ? firstRestMs : 0)
          isKnown = false
          isFirst = false
        },
      },
      ({ runId: run }) => {
        touched.add(run)
        timer ??= setTimeout(refresh, restMs)
      },
    )
    .catch(onRefused)
  return () => {
    leaving.abort()
    clearTimeout(timer)
    clearTimeout(missed)
  }
}
