import { type QueryClient, queryOptions, useQueryClient } from '@tanstack/react-query'
import { useLayoutEffect, useState } from 'react'
import { lessonQuery, repairDiffQuery, repairQuery } from '../../api/improving.ts'
import { approvalQuery, runQuery } from '../../api/queries.ts'
import type { WaitingItem } from '../../api/types.ts'
import { namedBy } from '../changes/parts.ts'

/** A run that is stuck is rare: its card comes with the first one. */
export const stuckCardQuery = queryOptions({
  queryKey: ['stuck-card'],
  queryFn: async () => (await import('./StuckCard.tsx')).StuckCard,
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: false,
})

/** So long the list waits for what is open in it (ms). */
const patienceMs = 1000

/**
 * Whether what is open at first can be drawn whole, so that its card does not grow under the eyes of whoever looks. What is opened
 * later is drawn as its parts come. `item`: undefined while the list is not there; null: nothing of it is open.
 */
export function useWhole(item: WaitingItem | null | undefined): boolean {
  const client = useQueryClient()
  const [isWhole, setWhole] = useState(false)
  // Before it is painted: nobody sees a page that is not going to wait.
  useLayoutEffect(() => {
    if (item === undefined || isWhole) return
    const begin = () => setWhole(true)
    if (item === null) return begin()
    const timer = setTimeout(begin, patienceMs)
    void bringParts(client, item).then(begin, begin)
    return () => clearTimeout(timer)
  }, [client, item, isWhole])
  return isWhole
}

/** What a card shows beyond what the list says of its thing. The server brings the same with the page: `asks.ts`. */
async function bringParts(client: QueryClient, { approval, proposal, runId }: WaitingItem): Promise<void> {
  const { lesson, repair } = proposal ? namedBy(proposal) : {}
  await Promise.all([
    approval && client.ensureQueryData(approvalQuery(approval.id)),
    lesson !== undefined && client.ensureQueryData(lessonQuery(lesson)),
    repair !== undefined && client.ensureQueryData(repairQuery(repair)),
    repair !== undefined && client.ensureQueryData(repairDiffQuery(repair)),
    !approval && !proposal && client.ensureQueryData(runQuery(runId)),
    !approval && !proposal && client.ensureQueryData(stuckCardQuery),
  ])
}
