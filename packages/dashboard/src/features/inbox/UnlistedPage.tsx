import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { approvalQuery } from '../../api/queries.ts'
import type { ApprovalWhole } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { since } from '../../ui/words.ts'
import { Shown } from './item/Shown.tsx'

/** Something that waited when it was opened, and waits no more: it is told, so that nobody decides the next thing in its place. */
export function StalePage({ id, onNext }: { id: string; onNext: () => void }) {
  const now = useNow()
  const { data, error } = useQuery(approvalQuery(id))
  return (
    <Page
      title={data ? `${becameOf(data)}` : 'This is not here any more.'}
      sub={data && <Who of={data} now={now} />}
    >
      {error && !data && <Failure error={error} />}
      {data && (
        <div className={ui.card} style={{ marginBottom: 20 }}>
          <Shown item={data} />
          <p className={ui.soft} style={{ margin: '16px 0 0' }}>
            <Link to="/runs/$run" params={{ run: data.runId }}>
              The whole run <span className={ui.code}>{data.runId}</span>
            </Link>
          </p>
        </div>
      )}
      <Button onClick={onNext}>Go on with what waits</Button>
    </Page>
  )
}

function becameOf({ status, decided, subject, runNow }: ApprovalWhole): string {
  switch (status) {
    case 'expired':
      return `${subject} waited too long: it is decided no more.`
    case 'withdrawn':
      return `${subject} is not asked any more: its run ${runNow.status === 'cancelled' ? 'was cancelled' : 'moved on'}.`
    case 'pending':
      return `${subject} waits again.`
    default:
      return `${decided?.by ?? 'Somebody'} has ${status} ${subject} meanwhile.`
  }
}

function Who({ of: { decided }, now }: { of: ApprovalWhole; now: number }) {
  if (!decided?.at) return <>Nothing was decided by you.</>
  return (
    <>
      {since(decided.at, now)} ago. Nothing was decided by you.
      {decided.note && (
        <>
          {' Note: '}
          <Foreign text={decided.note} />
        </>
      )}
    </>
  )
}
