import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { Json, WorkflowItem } from '../../api/types.ts'
import { Button, Buttons } from '../../ui/controls/Button.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { InputForm, isInputFinished } from '../../ui/fields/InputForm.tsx'
import { propertiesOf } from '../../ui/fields/JsonFields.tsx'

/** Starts a run by a form made from the schema of what it takes. */
export function StartForm({ workflow }: { workflow: Pick<WorkflowItem, 'name' | 'input'> }) {
  const navigate = useNavigate()
  const isObject = Object.keys(propertiesOf(workflow.input)).length > 0
  const [value, setValue] = useState<unknown>(isObject ? {} : null)
  const start = useMutation({
    mutationFn: () =>
      api.runs.start({ body: { workflow: workflow.name, input: value as Json }, ...newKey() }),
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
      <InputForm schema={workflow.input} value={value} onChange={setValue} />
      {start.error && <Failure error={start.error} />}
      <Buttons>
        <Button type="submit" loading={start.isPending} disabled={!isInputFinished(value, workflow.input)}>
          Start it
        </Button>
      </Buttons>
    </form>
  )
}
