import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { budgetsQuery, costsQuery } from '../../api/queries.ts'
import type { Budget, CostGroup } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import { count, money, percent } from '../../ui/words.ts'

const groups = ['workflow', 'model', 'agent', 'day', 'run'] as const
const spans = { '1d': 'the last day', '7d': 'the last seven days', '30d': 'the last thirty days' } as const

/** What was spent, on what, and against which ceilings. */
export function CostsPage() {
  const navigate = useNavigate()
  const { by = 'workflow', since = '30d' } = useSearch({ from: '/costs' })
  const { data, error, refetch } = useQuery(costsQuery(by, since, 200))
  const { data: days } = useQuery(costsQuery('day', since, 400))
  const { data: budgets } = useQuery(budgetsQuery)
  const rows = data?.items ?? []
  const total = (days?.items ?? []).reduce((sum, { costUsd }) => sum + costUsd, 0)
  const calls = (days?.items ?? []).reduce((sum, each) => sum + each.calls, 0)
  const set = (more: { by?: (typeof groups)[number]; since?: keyof typeof spans }) =>
    void navigate({ to: '/costs', search: { by, since, ...more }, replace: true })
  return (
    <Page
      title={`${money(total)} in ${spans[since]}.`}
      sub={
        calls === 0
          ? 'No paid model was asked: local solvers and rules did the work.'
          : `${count(calls)} calls of models that cost money. Local solvers cost nothing and are not counted here.`
      }
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      <Ceilings budgets={budgets?.items ?? []} />
      <Section title="Where it went">
        <Choice
          label="By"
          value={by}
          options={groups.map((value) => ({ value, words: `by ${value}` }))}
          onChange={(value) => set({ by: value })}
        />
        <Choice
          label="Since"
          value={since}
          options={Object.entries(spans).map(([value, words]) => ({
            value: value as keyof typeof spans,
            words,
          }))}
          onChange={(value) => set({ since: value })}
        />
        {rows.length === 0 ? (
          <Empty>Nothing was spent in this time.</Empty>
        ) : (
          <Rows label="Costs">
            {(by === 'day' ? rows.toReversed() : rows).map((row) => (
              <CostLine key={row.name ?? ''} row={row} by={by} whole={total} />
            ))}
          </Rows>
        )}
      </Section>
    </Page>
  )
}

function CostLine({ row, by, whole }: { row: CostGroup; by: (typeof groups)[number]; whole: number }) {
  const name = row.name ?? `no ${by}`
  return (
    <Row
      title={
        by === 'run' && row.name !== null ? (
          <Link to="/runs/$run" params={{ run: row.name }}>
            {name}
          </Link>
        ) : (
          name
        )
      }
      under={`${count(row.calls)} calls, ${count(row.inputTokens)} tokens in, ${count(row.outputTokens)} out${
        row.succeeded > 0 ? ` · ${money(row.costUsd / row.succeeded)} a successful run` : ''
      }${row.unknownUsd > 0 ? ` · ${money(row.unknownUsd)} of it for calls of unknown outcome` : ''}`}
      tag={whole > 0 && by !== 'day' ? percent(row.costUsd / whole) : null}
      end={money(row.costUsd)}
    />
  )
}

function Ceilings({ budgets }: { budgets: Budget[] }) {
  const today = `day:${new Date().toISOString().slice(0, 10)}`
  const shown = budgets.filter(
    ({ scope, ceilingUsd }) =>
      ceilingUsd !== null && (!scope.startsWith('day:') || scope === today) && !scope.startsWith('run:'),
  )
  if (shown.length === 0) return null
  return (
    <Figures>
      {shown.slice(0, 6).map(({ scope, ceilingUsd, spentUsd, reservedUsd }) => {
        const part = ceilingUsd! > 0 ? (spentUsd + reservedUsd) / ceilingUsd! : 1
        return (
          <Figure
            key={scope}
            title={
              scope === today ? 'Today' : scope === 'project' ? 'The whole project' : scope.replace(':', ' ')
            }
            value={money(spentUsd)}
            of={`of ${money(ceilingUsd!)}`}
            part={part}
            tone={part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : undefined}
          >
            {part >= 1
              ? 'The ceiling is reached: paid models are not asked.'
              : `${money(Math.max(0, ceilingUsd! - spentUsd - reservedUsd))} left.`}
            {reservedUsd > 0 && ` ${money(reservedUsd)} is held back for calls under way.`}
          </Figure>
        )
      })}
    </Figures>
  )
}
