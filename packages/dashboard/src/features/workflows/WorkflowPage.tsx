import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { metricsQuery, sessionQuery, workflowsQuery } from '../../api/queries.ts'
import type { WorkflowItem } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Field, Fields } from '../../ui/fields/Field.tsx'
import { SchemaFields } from '../../ui/fields/SchemaFields.tsx'
import { Link } from '../../ui/Link.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { count, duration, money, percent } from '../../ui/words.ts'
import { Grants } from '../agents/Grants.tsx'
import { Level } from '../agents/Level.tsx'
import { SixMetrics } from './SixMetrics.tsx'
import { StartForm } from './StartForm.tsx'
import { underOf } from './WorkflowsPage.tsx'

/** One workflow: how well it does, what it takes and gives, and what holds it. */
export function WorkflowPage() {
  const { workflow: name } = useParams({ from: '/workflows/$workflow' })
  const navigate = useNavigate()
  const [isStarting, setStarting] = useState(false)
  const { data, error } = useQuery(workflowsQuery)
  const { data: metrics } = useQuery(metricsQuery)
  const { data: session } = useQuery(sessionQuery)
  const workflow = data?.items.find((one) => one.name === name)
  const known = metrics?.workflows.find((one) => one.workflow === name)
  const path = [{ to: '/workflows', words: 'Workflows' }]
  if (!workflow)
    return (
      <Page title={data ? 'This workflow is not in the project.' : '…'} path={path}>
        {error && <Failure error={error} />}
        {data && (
          <Empty>
            Its runs are still{' '}
            <Link to="/runs" search={{ workflow: name }}>
              among the runs
            </Link>
            .
          </Empty>
        )}
      </Page>
    )
  const total = known?.total
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Page
      title={
        total?.taskSuccess == null
          ? `${name} has ended no run lately.`
          : `${name}: ${percent(total.taskSuccess)} of ${count(total.ended)} runs succeeded.`
      }
      sub={underOf(workflow)}
      path={path}
    >
      <div className={ui.actions}>
        {may && <Button onClick={() => setStarting(true)}>Start…</Button>}
        <Button variant="default" onClick={() => void navigate({ to: '/runs', search: { workflow: name } })}>
          Its runs
        </Button>
      </div>
      {known && <SixMetrics metrics={known} />}
      <Section title="Input">
        <SchemaFields schema={workflow.input} />
      </Section>
      <Section title="Output">
        <SchemaFields schema={workflow.output} />
      </Section>
      <Level principal={`workflow:${name}`} />
      {workflow.grants && <Grants principal={`workflow:${name}`} grants={workflow.grants} />}
      <Section title="Limits">
        <Limits workflow={workflow} />
      </Section>
      <Dialog opened={isStarting} onClose={() => setStarting(false)} title={`Start ${name}`} size="lg">
        {isStarting && <StartForm workflow={workflow} />}
      </Dialog>
    </Page>
  )
}

function Limits({ workflow: { limits, version, queue } }: { workflow: WorkflowItem }) {
  return (
    <Fields>
      <Field name="version">{version}</Field>
      <Field name="queue">{queue}</Field>
      <Field name="steps">{limits.steps === null ? 'no limit' : `at most ${count(limits.steps)}`}</Field>
      <Field name="time">{limits.timeMs === null ? 'no limit' : `at most ${duration(limits.timeMs)}`}</Field>
      <Field name="cost">
        {limits.costUsd === null ? 'no limit of its own' : `at most ${money(limits.costUsd)}`}
      </Field>
    </Fields>
  )
}
