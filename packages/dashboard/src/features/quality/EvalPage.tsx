import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { evalQuery, evalsQuery } from '../../api/improving.ts'
import type { EvalSummary, EvalWhole } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Value } from '../../ui/fields/Field.tsx'
import { useNow } from '../../ui/now.ts'
import { Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, duration, many, money, percent } from '../../ui/words.ts'
import { Line } from '../workflows/Line.tsx'
import { scorerWords } from './EvalsPage.tsx'
import css from './Quality.module.css'
import { verdicts } from './verdicts.ts'

/** So many cases are shown before somebody asks for all. */
const few = 30

/** One result of an evaluation: what moved, which cases changed, and how it went over time. */
export function EvalPage() {
  const { eval: id } = useParams({ from: '/evals/$eval' })
  const now = useNow()
  const { data, error } = useQuery(evalQuery(id))
  const { data: others } = useQuery({ ...evalsQuery(data?.name), enabled: data !== undefined })
  const path = [{ to: '/evals', words: 'Evaluations' }]
  if (!data)
    return (
      <Page title={error ? 'This result is not here.' : '…'} path={path}>
        {error && <Failure error={error} />}
      </Page>
    )
  const results = others?.items ?? []
  return (
    <Page
      title={titleOf(data)}
      sub={
        <>
          {clock(data.at, now)} by <Foreign text={data.by} /> · {many(data.count, 'case').toLowerCase()} in{' '}
          {duration(1000 * data.seconds)} for {money(data.costUsd)}
          {data.baseline && !data.baseline.sameData && ' · its baseline had other cases'}
        </>
      }
      path={path}
    >
      <Section title="Scores">
        <Scorers result={data} history={results} />
      </Section>
      <Changed result={data} />
      <Cases result={data} />
      {results.length > 1 && (
        <Section title="Over time">
          <Rows label="Over time">
            {results.slice(0, few).map((result) => (
              <Row
                key={result.id}
                to={`/evals/${result.id}`}
                title={`${clock(result.at, now)}${result.id === data.id ? ', this one' : ''}`}
                under={scorerWords(result)}
                tag={<Tag tone={verdicts[result.verdict].tone}>{verdicts[result.verdict].words}</Tag>}
                end={money(result.costUsd)}
              />
            ))}
          </Rows>
        </Section>
      )}
    </Page>
  )
}

function titleOf({ name, verdict, changed }: EvalSummary): string {
  const cases = new Set(changed.map(({ id }) => id)).size
  const moved = cases === 0 ? '' : `; ${many(cases, 'case').toLowerCase()} changed`
  if (verdict === 'passed') return `${name} passed${moved}.`
  return verdict === 'regressed'
    ? `${name} got worse${moved}.`
    : `${name} fell short of what it must reach${moved}.`
}

function Scorers({ result: { scorers }, history }: { result: EvalSummary; history: readonly EvalSummary[] }) {
  return (
    <Rows label="Scores">
      {Object.entries(scorers).map(([name, { mean, change, missed }]) => (
        <Row
          key={name}
          title={name}
          under={
            <>
              {change
                ? `${signed(change.mean)} against the baseline over ${count(change.cases)} cases; 95 % lie between ${signed(change.low)} and ${signed(change.high)}`
                : 'there is no baseline to compare with'}
              {missed !== undefined && ` · it had to reach ${percent(missed)}`}
              <Line
                label={name}
                values={history.toReversed().map((each) => each.scorers[name]?.mean ?? null)}
              />
            </>
          }
          tag={
            missed !== undefined ? (
              <Tag tone="bad">too low</Tag>
            ) : change && change.verdict !== 'unclear' ? (
              <Tag tone={change.verdict === 'better' ? 'good' : 'bad'}>{change.verdict}</Tag>
            ) : null
          }
          end={percent(mean)}
        />
      ))}
    </Rows>
  )
}

function signed(share: number): string {
  const points = Math.abs(100 * share).toFixed(1)
  return `${share > 0 ? '+' : share < 0 ? '−' : ''}${points} points`
}

function Changed({ result: { changed, cases } }: { result: EvalWhole }) {
  if (changed.length === 0) return null
  const known = new Map(cases.map((each) => [each.id, each]))
  return (
    <Section title="The cases that changed">
      <Rows label="The cases that changed">
        {changed.slice(0, few).map(({ id, scorer, before, now }) => {
          const why = known.get(id)?.scores[scorer]?.why
          return (
            <Row
              key={`${id} ${scorer}`}
              title={<Foreign text={id} />}
              under={
                <>
                  {scorer}
                  {why !== undefined && (
                    <>
                      {': '}
                      <Foreign text={why} />
                    </>
                  )}
                </>
              }
              tag={<Tag tone={now > before ? 'good' : 'bad'}>{now > before ? 'better' : 'worse'}</Tag>}
              end={`${percent(before)} → ${percent(now)}`}
            />
          )
        })}
      </Rows>
      {changed.length > few && <p className={ui.soft}>and {count(changed.length - few)} more</p>}
    </Section>
  )
}

/** What did worst stands first. */
function Cases({ result: { cases } }: { result: EvalWhole }) {
  const [isAll, setAll] = useState(false)
  const sorted = cases.toSorted((one, other) => lowestOf(one) - lowestOf(other))
  return (
    <Section title="All cases, the worst first">
      {sorted.slice(0, isAll ? sorted.length : few).map((each) => (
        <details key={each.id} className={ui.passage}>
          <summary>
            <span className={css.case}>
              <span className={ui.rowTitle}>
                <Foreign text={each.id} />
              </span>
              <span className={ui.soft}>
                {' '}
                {Object.entries(each.scores)
                  .map(([name, { score }]) => `${name} ${percent(score)}`)
                  .join(' · ')}
              </span>
            </span>
            <span className={ui.soft}>
              {each.outcome.status === 'succeeded' ? duration(each.outcome.ms) : each.outcome.status}
            </span>
          </summary>
          <Value
            value={{
              ...(each.outcome.error && {
                error: `${each.outcome.error.code}: ${each.outcome.error.message}`,
              }),
              ...(each.outcome.output !== undefined && { output: each.outcome.output }),
              ...(each.outcome.calls.length > 0 && {
                calls: each.outcome.calls.map(({ tool }) => tool).join(', '),
              }),
              'answered by': each.outcome.solvers.join(', ') || 'code alone',
              why: Object.entries(each.scores)
                .flatMap(([name, { why }]) => (why === undefined ? [] : [`${name}: ${why}`]))
                .join('\n'),
            }}
          />
        </details>
      ))}
      {!isAll && sorted.length > few && (
        <button type="button" className={ui.more} onClick={() => setAll(true)}>
          Show all {count(sorted.length)}
        </button>
      )}
    </Section>
  )
}

function lowestOf({ scores }: EvalWhole['cases'][number]): number {
  return Math.min(...Object.values(scores).map(({ score }) => score))
}
