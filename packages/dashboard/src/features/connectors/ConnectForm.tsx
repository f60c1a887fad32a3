import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { Connector } from '../../api/types.ts'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Form } from '../../ui/Form.tsx'

/** Takes a credential in, field by field: it leaves this form for the server alone, is sealed there, and is never read back. */
export function ConnectForm({
  connector: { name, where, fields, mode },
  account,
  onDone,
}: {
  connector: Connector
  /** Undefined: one that is named here. */
  account: string | undefined
  onDone: () => void
}) {
  const client = useQueryClient()
  const [its, setIts] = useState(account ?? 'default')
  const [values, setValues] = useState<Record<string, string>>({})
  const given = Object.fromEntries(
    Object.entries(values).flatMap(([field, value]) => (value.trim() === '' ? [] : [[field, value.trim()]])),
  )
  const connect = useMutation({
    mutationFn: () =>
      api.connectors.connect({
        params: { connector: name, account: its.trim() },
        body: { credential: given },
        ...newKey(),
      }),
    async onSuccess() {
      setValues({})
      onDone()
      await client.invalidateQueries({ queryKey: ['connectors'] })
    },
  })
  return (
    <Form
      act={connect}
      label="Connect and test"
      isReady={its.trim() !== '' && Object.keys(given).length > 0}
      isPrivate
    >
      {where !== '' && (
        <p style={{ margin: 0 }}>
          <Foreign text={where} />
        </p>
      )}
      {mode === 'sandbox' && <p style={{ margin: 0 }}>Give one of a sandbox account, never a live one.</p>}
      {account === undefined && (
        <TextInput
          label="Account"
          description="What workflows call it."
          value={its}
          onChange={(event) => setIts(event.currentTarget.value)}
        />
      )}
      {fields.map(({ name: field, label, isShown }) => (
        <TextInput
          key={field}
          label={label}
          type={isShown ? 'text' : 'password'}
          autoComplete="off"
          value={values[field] ?? ''}
          onChange={(event) => setValues({ ...values, [field]: event.currentTarget.value })}
        />
      ))}
    </Form>
  )
}
