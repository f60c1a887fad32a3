import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import type { Principal } from '../../../api/types.ts'
import { Select, TextInput } from '../../../ui/controls/Inputs.tsx'
import { Form } from '../../../ui/Form.tsx'
import { roles, roleWords } from '../roles.ts'

export function AddPrincipalForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Principal['kind']>('person')
  const [role, setRole] = useState<Principal['role']>('viewer')
  const add = useMutation({
    mutationFn: () => api.principals.add({ body: { name: name.trim(), kind, role }, ...newKey() }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['principals'] })
    },
  })
  return (
    <Form act={add} label="Add" isReady={name.trim() !== ''}>
      <TextInput
        label="Name"
        description="Of whoever it is, as everybody sees it."
        value={name}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label="Kind"
        value={kind}
        data={[
          { value: 'person', label: 'A person, who signs in by a link' },
          { value: 'service', label: 'A program, which has tokens' },
        ]}
        onChange={(event) => setKind(event.currentTarget.value as Principal['kind'])}
      />
      <Select
        label="Role"
        value={role}
        data={roles.map((value) => ({ value, label: `${value}: ${roleWords[value]}` }))}
        onChange={(event) => setRole(event.currentTarget.value as Principal['role'])}
      />
    </Form>
  )
}
