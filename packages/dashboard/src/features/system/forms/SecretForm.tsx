import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { TextInput } from '../../../ui/controls/Inputs.tsx'
import { Form } from '../../../ui/Form.tsx'

const shortest = 8

/** Takes a value in; it leaves this form for the server alone, and is never read back. */
export function SecretForm({ name: known, onDone }: { name: string | undefined; onDone: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(known ?? '')
  const [value, setValue] = useState('')
  const set = useMutation({
    mutationFn: () =>
      api.secrets.set({
        params: { secret: name.trim() },
        body: { value, ...(known !== undefined && { mustExist: true }) },
        ...newKey(),
      }),
    async onSuccess() {
      setValue('')
      onDone()
      await client.invalidateQueries({ queryKey: ['secrets'] })
    },
  })
  return (
    <Form act={set} label="Save secret" isReady={name.trim() !== '' && value.length >= shortest} isPrivate>
      {known === undefined && (
        <TextInput
          label="Name"
          description="As tools name it, such as STRIPE_API_KEY."
          value={name}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      <TextInput
        label="Value"
        type="password"
        autoComplete="off"
        description={`At least ${shortest} characters. The one of before counts no more from the next call on.`}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
    </Form>
  )
}
