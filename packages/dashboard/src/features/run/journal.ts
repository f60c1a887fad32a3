import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '../../api/client.ts'
import type { EventItem } from '../../api/types.ts'

interface Journal {
  events: EventItem[]
  /** There are more, which are being read. */
  more: boolean
}

const pageEvents = 1000
/** A longer journal is read to here; the rest is told by its story. */
const mostEvents = 100_000
/** Of a payload; all of it is read when somebody opens it (characters). */
const longestPayload = 400

/** A run's events as far as they are there. A journal only grows: only what is new is read. */
export function useJournal(run: string): Journal & { error: Error | null } {
  const client = useQueryClient()
  const queryKey = ['events', run]
  const { data, error, isFetching, refetch } = useQuery({
    queryKey,
    async queryFn({ signal }): Promise<Journal> {
      const { events } = client.getQueryData<Journal>(queryKey) ?? { events: [] }
      const page = await api.runs.events({
        params: { run },
        query: { after: events.at(-1)?.seq ?? 0, limit: pageEvents, longestPayload },
        signal,
      })
      return { events: page.events.length > 0 ? [...events, ...page.events] : events, more: page.more }
    },
    structuralSharing: false,
  })
  const readsOn = data?.more && !isFetching && data.events.length < mostEvents && !error
  useEffect(() => {
    if (readsOn) void refetch()
  }, [readsOn, refetch])
  return { ...(data ?? { events: [], more: true }), error }
}
