import { Button, Group, Modal } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery, workflowsQuery } from '../../api/queries.ts'
import type { Json, WorkflowItem } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { isFinished, JsonField, propertiesOf } from '../../ui/fields/JsonFields.tsx'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import { duration, many, money } from '../../ui/words.ts'
import css from '../system/System.module.css'

/** The workflows of the project, each with a form to start it from its schema. */
export function WorkflowsPage() {
  const { data, error } = useQuery(workflowsQuery)
  const { data: session } = useQuery(sessionQuery)
  const [chosen, setChosen] = useState<WorkflowItem | undefined>()
  const items = data?.items ?? []
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Page title={data ? `${many(items.length, 'workflow')}.` : 'Workflows'}>
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
            title={workflow.name}
            under={`version ${workflow.version} · queue ${workflow.queue}${limitsOf(workflow)}`}
            end={
              may && (
                <button type="button" className={css.act} onClick={() => setChosen(workflow)}>
                  Start…<span className="heard"> {workflow.name}</span>
                </button>
              )
            }
          />
        ))}
      </Rows>
      <Modal
        opened={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        title={`Start ${chosen?.name ?? ''}`}
        size="lg"
      >
        {chosen && <StartForm key={chosen.name} workflow={chosen} />}
      </Modal>
    </Page>
  )
}

function limitsOf({ limits: { timeMs, costUsd } }: WorkflowItem): string {
  const parts = [
    timeMs === null ? undefined : `at most ${duration(timeMs)}`,
    costUsd === null ? undefined : `at most ${money(costUsd)}`,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? '' : ` · ${parts.join(', ')}`
}

function StartForm({ workflow }: { workflow: WorkflowItem }) {
  const navigate = useNavigate()
  const fields = propertiesOf(workflow.input)
  const names = Object.keys(fields)
  const [values, setValues] = useState<Record<string, unknown>>(names.length === 0 ? { input: null } : {})
  const start = useMutation({
    mutationFn: () =>
      api.runs.start({
        body: { workflow: workflow.name, input: (names.length === 0 ? values.input : values) as Json },
        ...newKey(),
      }),
    onSuccess: ({ id }) => navigate({ to: '/runs/$run', params: { run: id } }),
  })
  return (
    <form
      style={{ display: 'grid', gap: 14 }}
      onSubmit={(event) => {
        event.preventDefault()
        start.mutate()
      }}
    >
      {(names.length === 0 ? ['input'] : names).map((name) => (
        <JsonField
          key={name}
          name={name}
          value={values[name]}
          schema={fields[name] ?? {}}
          onChange={(now) => setValues((all) => ({ ...all, [name]: now }))}
        />
      ))}
      {start.error && <Failure error={start.error} />}
      <Group justify="flex-end">
        <Button type="submit" loading={start.isPending} disabled={!isFinished(values, workflow.input, {})}>
          Start it
        </Button>
      </Group>
    </form>
  )
}
