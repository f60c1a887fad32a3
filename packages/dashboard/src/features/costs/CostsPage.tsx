import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { budgetsQuery, costsQuery, modelsQuery, todayQuery } from '../../api/queries.ts'
import type { CostGroup } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Link } from '../../ui/Link.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { count, money, percent } from '../../ui/words.ts'
import { Ceilings } from './Ceilings.tsx'
import { forecastWords, savedWords } from './savings.ts'

const groups = ['workflow', 'model', 'agent', 'day', 'run'] as const
const spans = { '1d': 'the last day', '7d': 'the last seven days', '30d': 'the last thirty days' } as const

/** What was spent, on what, and against which ceilings. */
export function CostsPage() {
  const navigate = useNavigate()
  const { by = 'workflow', since = '30d' } = useSearch({ from: '/costs' })
  const { data, error, refetch, isPending } = useQuery(costsQuery(by, since, 200))
  const { data: days, isPending: noDays } = useQuery(costsQuery('day', since, 400))
  const { data: budgets, isPending: noBudgets } = useQuery(budgetsQuery)
  const { data: today, isPending: noToday } = useQuery(todayQuery)
  const { data: models, isPending: noModels } = useQuery(costsQuery('model', since, 200))
  const { data: routes, isPending: noRoutes } = useQuery(modelsQuery)
  // All of it at once: nothing that is read moves when the next answer comes.
  if (isPending || noDays || noBudgets || noToday || noModels || noRoutes) return <Page title="…" />
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
      <p className={ui.under}>
        {[forecastWords(today?.spend.month), savedWords(models?.items ?? [], routes?.items ?? [])]
          .filter((words) => words !== '')
          .join(' ')}
      </p>
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
