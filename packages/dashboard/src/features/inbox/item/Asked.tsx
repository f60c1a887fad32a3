import { useQuery } from '@tanstack/react-query'
import { approvalQuery } from '../../../api/queries.ts'
import { serverNow } from '../../../api/server-time.ts'
import type { ApprovalItem } from '../../../api/types.ts'
import { Foreign } from '../../../ui/Foreign.tsx'
import ui from '../../../ui/ui.module.css'
import { clock } from '../../../ui/words.ts'

/** Who asked whom to decide it instead, and who of several has approved it so far. */
export function Asked({ item }: { item: ApprovalItem }) {
  const { data } = useQuery(approvalQuery(item.id))
  if (!data) return null
  const now = serverNow()
  return (
    <>
      {data.delegations.map(({ from, to, note, at }) => (
        <p key={`${from} ${to} ${at}`} className={ui.soft}>
          {from} asked {to} to decide it, {clock(at, now)}
          {note === null ? '.' : ': '}
          {note !== null && <Foreign text={note} />}
        </p>
      ))}
      {data.votes.map(({ by, inPlaceOf, note, at }) => (
        <p key={`${by} ${at}`} className={ui.soft}>
          {by} approved it{inPlaceOf !== null && ` in the place of ${inPlaceOf}`}, {clock(at, now)}
          {note === null ? '.' : ': '}
          {note !== null && <Foreign text={note} />}
        </p>
      ))}
    </>
  )
}
