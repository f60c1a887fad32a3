import { useQuery } from '@tanstack/react-query'
import { metricsQuery, workflowsQuery } from '../../api/queries.ts'
import type { WorkflowItem, WorkflowMetrics } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import { count, duration, many, money, percent } from '../../ui/words.ts'

/** The workflows of the project, each with how well it did lately. */
export function WorkflowsPage() {
  const { data, error } = useQuery(workflowsQuery)
  const { data: metrics } = useQuery(metricsQuery)
  const items = data?.items ?? []
  const known = new Map((metrics?.workflows ?? []).map((one) => [one.workflow, one]))
  return (
    <Page title={data ? titleOf(items.length, known) : 'Workflows'}>
      {error && <Failure error={error} />}
      {data && items.length === 0 && (
        <Empty>
          A file in <code>workflows/</code> whose default export is a workflow stands here by its name.
        </Empty>
      )}
      <Rows label="Workflows">
        {items.map((workflow) => (
          <Row
            key={workflow.name}
            to={`/workflows/${encodeURIComponent(workflow.name)}`}
            title={workflow.name}
            under={underOf(workflow)}
            end={endOf(known.get(workflow.name))}
          />
        ))}
      </Rows>
    </Page>
  )
}

function titleOf(workflows: number, known: ReadonlyMap<string, WorkflowMetrics>): string {
  const bad = [...known.values()].filter(({ total }) => (total.taskSuccess ?? 1) < 0.9)
  if (workflows === 0) return 'No workflow yet.'
  const all = many(workflows, 'workflow')
  if (bad.length === 0) return `${all}.`
  return `${all}; ${bad.length === 1 ? `${bad[0]!.workflow} fails` : `${bad.length} fail`} more than one time in ten.`
}

export function underOf({ version, queue, limits: { timeMs, costUsd } }: WorkflowItem): string {
  return [
    `version ${version}`,
    ...(queue === 'default' ? [] : [`queue ${queue}`]),
    ...(timeMs === null ? [] : [`at most ${duration(timeMs)}`]),
    ...(costUsd === null ? [] : [`at most ${money(costUsd)}`]),
  ].join(' · ')
}

function endOf(known: WorkflowMetrics | undefined): string {
  if (!known || known.total.ended === 0) return 'has not run lately'
  const { taskSuccess, ended } = known.total
  const runs = `${count(ended)} ${ended === 1 ? 'run' : 'runs'}`
  return taskSuccess === null ? runs : `${percent(taskSuccess)} of ${runs}`
}
