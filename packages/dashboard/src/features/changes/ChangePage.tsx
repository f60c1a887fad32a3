import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { proposalQuery } from '../../api/improving.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/Page.tsx'
import { Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'
import { Deciding } from './Deciding.tsx'
import { ProposalParts } from './ProposalParts.tsx'
import { kindWords, statuses } from './wording.ts'

/** One change that was proposed: what it is, what it rests on, what became of it. */
export function ChangePage() {
  const { proposal: id } = useParams({ from: '/changes/$proposal' })
  const now = useNow()
  const { data, error } = useQuery(proposalQuery(id))
  const path = [{ to: '/changes', words: 'Changes' }]
  if (!data)
    return (
      <Page title={error ? 'This change is not here.' : '…'} path={path}>
        {error && <Failure error={error} />}
      </Page>
    )
  return (
    <Page
      title={data.title}
      sub={
        <>
          A {kindWords[data.kind]}, proposed {clock(data.madeAt, now)} by <Foreign text={data.madeBy} />.{' '}
          <Tag tone={statuses[data.status].tone}>{statuses[data.status].words}</Tag>
        </>
      }
      path={path}
    >
      {data.decided && (
        <p className={ui.prose}>
          <Foreign text={data.decided.by} /> decided {clock(data.decided.at, now)}
          {data.decided.note === null ? (
            '.'
          ) : (
            <>
              : <Foreign text={data.decided.note} />
            </>
          )}
          {data.isDone === false && ' It is not done yet.'}
        </p>
      )}
      {data.problem !== null && (
        <div className={ui.failure} role="alert">
          <p>
            It could not be done: <Foreign text={data.problem} />
          </p>
        </div>
      )}
      <div className={ui.deciding}>
        <Deciding key={data.hash + data.status} proposal={data} />
      </div>
      <ProposalParts proposal={data} />
    </Page>
  )
}
