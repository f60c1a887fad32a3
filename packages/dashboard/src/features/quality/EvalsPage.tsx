import { useQuery } from '@tanstack/react-query'
import { evalsQuery } from '../../api/improving.ts'
import type { EvalSummary } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, many, percent } from '../../ui/words.ts'
import { verdicts } from './verdicts.ts'

/** The evaluations of the project, each with what its last result says. */
export function EvalsPage() {
  const now = useNow()
  const { data, error, refetch } = useQuery(evalsQuery())
  const groups = [...Map.groupBy(data?.items ?? [], ({ name }) => name)]
  return (
    <Page title={data ? titleOf(groups) : 'Evaluations'} tabs={tabs.quality}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && groups.length === 0 && (
        <Empty>
          An evaluation has cases and says how well a workflow or an agent does them. Write one in{' '}
          <code>evals/</code>, run it with <code>npx reeve eval</code>, and its results stand here.
        </Empty>
      )}
      <Rows label="Evaluations">
        {groups.map(([name, [last, before]]) => (
          <Row
            key={name}
            to={`/evals/${last!.id}`}
            title={name}
            under={
              <>
                {scorerWords(last!)}
                <br />
                {many(last!.count, 'case').toLowerCase()}
                {last!.changed.length > 0 && `, ${changedWords(last!)}`}
                {before && ` · the one before ${verdicts[before.verdict].words}`}
              </>
            }
            tag={<Tag tone={verdicts[last!.verdict].tone}>{verdicts[last!.verdict].words}</Tag>}
            end={clock(last!.at, now)}
          />
        ))}
      </Rows>
    </Page>
  )
}

function titleOf(groups: readonly (readonly [string, readonly EvalSummary[]])[]): string {
  if (groups.length === 0) return 'No evaluation was run yet.'
  const bad = groups.filter(([, [last]]) => last!.verdict !== 'passed')
  const all = many(groups.length, 'evaluation')
  if (bad.length === 0)
    return groups.length === 1 ? 'One evaluation, and it passes.' : `${all}, and all pass.`
  return `${all}; ${bad.length === 1 ? `${bad[0]![0]} does not pass` : `${count(bad.length)} do not pass`}.`
}

export function scorerWords({ scorers }: EvalSummary): string {
  return Object.entries(scorers)
    .map(([name, { mean, change }]) => {
      const moved = change && change.verdict !== 'unclear' ? ` (${change.verdict})` : ''
      return `${name} ${percent(mean)}${moved}`
    })
    .join(' · ')
}

function changedWords({ changed }: EvalSummary): string {
  const cases = new Set(changed.map(({ id }) => id)).size
  return `${count(cases)} changed`
}
