import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { sessionQuery } from '../../../api/queries.ts'
import { Button, Buttons } from '../../../ui/controls/Button.tsx'
import { Select, TextInput } from '../../../ui/controls/Inputs.tsx'
import { Form } from '../../../ui/Form.tsx'
import ui from '../../../ui/ui.module.css'
import { roles, roleWords } from '../roles.ts'

/** Makes a token; what it is is shown here, once. */
export function TokenForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [name, setName] = useState('')
  const [role, setRole] = useState<(typeof roles)[number]>('viewer')
  const [expiresIn, setExpiresIn] = useState('90d')
  const make = useMutation({
    mutationFn: () =>
      api.tokens.create({
        body: { name: name.trim(), role, ...(expiresIn !== '' && { expiresIn }) },
        ...newKey(),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const allowed = roles.slice(0, session ? roles.indexOf(session.role) + 1 : 1)
  if (make.data?.token)
    return (
      <div className={ui.form}>
        <p style={{ margin: 0 }}>
          This is the token. It is shown only now: put it where the program reads it.
        </p>
        <pre className={ui.text} data-testid="token">
          {make.data.token}
        </pre>
        <Buttons>
          <Button onClick={onDone}>I have it</Button>
        </Buttons>
      </div>
    )
  return (
    <Form act={make} label="Create token" isReady={name.trim() !== ''}>
      <TextInput
        label="Program"
        value={name}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label="Highest role"
        value={role}
        data={allowed.map((value) => ({ value, label: `${value}: ${roleWords[value]}` }))}
        onChange={(event) => setRole(event.currentTarget.value as typeof role)}
      />
      <Select
        label="Expires"
        value={expiresIn}
        data={[
          { value: '1d', label: 'tomorrow' },
          { value: '30d', label: 'in 30 days' },
          { value: '90d', label: 'in 90 days' },
          { value: '365d', label: 'in a year' },
          { value: '', label: 'it is revoked' },
        ]}
        onChange={(event) => setExpiresIn(event.currentTarget.value)}
      />
    </Form>
  )
}
