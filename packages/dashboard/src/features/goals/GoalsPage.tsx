import { useQuery } from '@tanstack/react-query'
import { goalsQuery } from '../../api/improving.ts'
import type { Goal } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { count, many } from '../../ui/words.ts'
import { measureWords, standings, targetWords, valueWords } from './standing.ts'

/** What it is all for: each standing goal with how far it has come. */
export function GoalsPage() {
  const { data, error, refetch } = useQuery(goalsQuery)
  const items = data?.items ?? []
  return (
    <Page title={data ? titleOf(items) : 'Goals'} tabs={tabs.decisions}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && items.length === 0 && (
        <Empty>
          A goal says what daemons work for: a figure, what it must be, who answers for it, and when a person
          looks again. A file in <code>goals/</code> stands here by its name.
        </Empty>
      )}
      <Rows label="Goals">
        {items.map((goal) => (
          <Row
            key={goal.name}
            to={`/goals/${encodeURIComponent(goal.name)}`}
            title={<Foreign text={goal.aim} />}
            under={
              <>
                {measureWords(goal)}, {targetWords(goal)} · <Foreign text={goal.owner} /> answers for it ·
                looked at again <span className={ui.whole}>{goal.review}</span>
              </>
            }
            tag={
              goal.isReviewDue ? (
                <Tag tone="warn">review is due</Tag>
              ) : (
                <Tag tone={standings[goal.status].tone}>{standings[goal.status].words}</Tag>
              )
            }
            end={goal.value === null ? '—' : valueWords(goal, goal.value)}
          />
        ))}
      </Rows>
    </Page>
  )
}

function titleOf(items: readonly Goal[]): string {
  if (items.length === 0) return 'No goal yet.'
  const of = (status: Goal['status']) => items.filter((goal) => goal.status === status).length
  const due = items.filter(({ isReviewDue }) => isReviewDue).length
  const parts = [
    ...(of('met') > 0 ? [`${count(of('met'))} met`] : []),
    ...(of('missed') > 0 ? [`${count(of('missed'))} missed`] : []),
    ...(of('unknown') > 0 ? [`${count(of('unknown'))} not known yet`] : []),
  ]
  return `${many(items.length, 'goal')}: ${parts.join(', ')}${due > 0 ? `; ${count(due)} to be looked at again` : ''}.`
}
