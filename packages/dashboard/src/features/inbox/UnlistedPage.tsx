import { useQuery } from '@tanstack/react-query'
import { approvalQuery } from '../../api/queries.ts'
import type { ApprovalWhole } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { since } from '../../ui/words.ts'
import { Asker } from './Asker.tsx'
import { ItemCard } from './ItemCard.tsx'
import { Shown } from './item/Shown.tsx'
import { questionOf } from './wording.ts'

/**
 * Something that is not in the list. Where it waits no more, that is told, so that nobody decides the next thing in its place;
 * where it waits behind more than the list holds, it is decided here.
 */
export function UnlistedPage({
  id,
  onNext,
  onLater,
}: {
  id: string
  onNext: () => void
  onLater: (until: number) => void
}) {
  const now = useNow()
  const { data, error, isPending } = useQuery(approvalQuery(id))
  if (isPending) return <Page title="Inbox" />
  if (data?.status === 'pending')
    return (
      <Page title={questionOf(data)} sub={<Asker item={data} now={now} />}>
        <ItemCard key={`${id}${data.hash}`} item={data} alike={[data]} onLater={onLater} />
        <p className={ui.soft}>
          Older things wait, too.{' '}
          <button type="button" className={ui.link} onClick={onNext}>
            Go on with those
          </button>
        </p>
      </Page>
    )
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
