import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { Json, WorkflowItem } from '../../api/types.ts'
import { Form } from '../../ui/Form.tsx'
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
    <Form act={start} label="Start run" isReady={isInputFinished(value, workflow.input)}>
      <InputForm schema={workflow.input} value={value} onChange={setValue} />
    </Form>
  )
}
