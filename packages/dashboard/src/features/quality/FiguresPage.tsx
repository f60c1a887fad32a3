import { useQueries, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { directivesQuery, workQuery } from '../../api/improving.ts'
import { agentsQuery, metricsSinceQuery } from '../../api/queries.ts'
import type { Metrics } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { percent } from '../../ui/words.ts'
import { SixMetrics } from '../workflows/SixMetrics.tsx'
import { SixTable } from '../workflows/SixTable.tsx'

export const spans = { '7d': 'seven days', '30d': 'thirty days', '90d': 'ninety days' } as const
const kinds = { workflows: 'Workflows', directives: 'Directives', agents: 'Agents' } as const

/** How well each does its work, by the six figures; of the one that is chosen day by day. */
export function FiguresPage() {
  const navigate = useNavigate()
  const { of = 'workflows', since = '30d', name } = useSearch({ from: '/quality' })
  const { rows, error, isPending } = useFigures(of, since)
  const set = (more: { of?: keyof typeof kinds; since?: keyof typeof spans; name?: string | undefined }) =>
    void navigate({ to: '/quality', search: { of, since, name, ...more }, replace: true })
  const shown = rows.filter(({ metrics }) => metrics.total.ended > 0)
  const chosen = shown.find((row) => row.name === name) ?? worstOf(shown) ?? shown[0]
  return (
    <Page title={isPending ? 'Quality' : titleOf(of, shown, since)} tabs={tabs.quality}>
      {error && <Failure error={error} />}
      <Choice
        label="Of what"
        value={of}
        options={Object.entries(kinds).map(([value, words]) => ({
          value: value as keyof typeof kinds,
          words,
        }))}
        onChange={(value) => set({ of: value, name: undefined })}
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
      {!isPending && shown.length === 0 && (
        <Empty>Nothing of this kind ended in this time. What runs is measured by itself.</Empty>
      )}
      {shown.length > 0 && (
        <SixTable
          label={kinds[of]}
          named="Name"
          rows={shown.map((row) => ({
            key: row.name,
            name: (
              <button type="button" className={ui.link} onClick={() => set({ name: row.name })}>
                {row.name}
              </button>
            ),
            sums: row.metrics.total,
            isChosen: row === chosen,
          }))}
        />
      )}
      {chosen && <SixMetrics metrics={chosen.metrics} title={`${chosen.name}, day by day`} />}
      {chosen && of === 'directives' && (
        <Section title="What counts">
          <p className={ui.prose}>A directive has all that the runs below it did and cost.</p>
        </Section>
      )}
    </Page>
  )
}

interface Figures {
  name: string
  metrics: Metrics
}

function useFigures(of: keyof typeof kinds, since: string) {
  const workflows = useQuery({ ...metricsSinceQuery(since), enabled: of === 'workflows' })
  const agents = useQuery({ ...agentsQuery, enabled: of === 'agents' })
  const directives = useQuery({ ...directivesQuery, enabled: of === 'directives' })
  const list = of === 'agents' ? agents : directives
  const names = of === 'workflows' ? [] : (list.data?.items ?? []).map(({ name }) => name)
  const kind = of === 'agents' ? 'agent' : 'directive'
  const works = useQueries({ queries: names.map((name) => workQuery({ kind, name }, since)) })
  if (of === 'workflows') {
    const own = (workflows.data?.workflows ?? []).filter(
      ({ workflow }) => !/^(directive|daemon):/.test(workflow),
    )
    const rows = own.map(({ workflow, ...metrics }): Figures => ({ name: workflow, metrics }))
    return { rows, error: workflows.error, isPending: workflows.isPending }
  }
  const rows = works.flatMap(({ data }, index): Figures[] =>
    data ? [{ name: names[index]!, metrics: data }] : [],
  )
  return {
    rows,
    error: list.error ?? works.find(({ error }) => error)?.error ?? null,
    isPending: list.isPending || works.some(({ isPending }) => isPending),
  }
}

function worstOf(rows: readonly Figures[]): Figures | undefined {
  return rows
    .filter(({ metrics }) => metrics.total.taskSuccess !== null)
    .toSorted((one, other) => one.metrics.total.taskSuccess! - other.metrics.total.taskSuccess!)[0]
}

function titleOf(of: keyof typeof kinds, rows: readonly Figures[], since: keyof typeof spans): string {
  const worst = worstOf(rows)
  if (!worst) return `Nothing to judge in the last ${spans[since]}.`
  const { taskSuccess } = worst.metrics.total
  if (taskSuccess === 1)
    return `All ${kinds[of].toLowerCase()} did all of their work right in the last ${spans[since]}.`
  return `${worst.name} does worst: ${percent(taskSuccess!)} succeeded in the last ${spans[since]}.`
}
