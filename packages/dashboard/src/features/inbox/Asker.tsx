import type { ApprovalItem } from '../../api/types.ts'
import { since } from '../../ui/words.ts'

/** Who asks, since when, and how long the question stands. */
export function Asker({ item, now }: { item: ApprovalItem; now: number }) {
  const asker = item.agent === null ? item.workflow : `${item.agent}, in ${item.workflow},`
  const until = item.expiresAt === null ? '' : ` It stops waiting in ${since(item.expiresAt, now)}.`
  return (
    <>
      {asker} asked {since(item.requestedAt, now)} ago.{until}
    </>
  )
}
