import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Form } from '../../ui/Form.tsx'
import ui from '../../ui/ui.module.css'

/** Stops an agent or a workflow at its next call, whichever run it acts in; an owner brings it back. */
export function Revoke({ principal, isRevoked }: { principal: string; isRevoked: boolean }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [isOpen, setOpen] = useState(false)
  const [why, setWhy] = useState('')
  const name = principal.slice(principal.indexOf(':') + 1)
  const act = useMutation({
    mutationFn: () =>
      api.principals[isRevoked ? 'reinstate' : 'revoke']({
        params: { principal },
        body: why.trim() === '' ? {} : { why: why.trim() },
        ...newKey(),
      }),
    async onSuccess() {
      setOpen(false)
      setWhy('')
      await client.invalidateQueries()
    },
  })
  const may = session?.role === 'owner' || (session?.role === 'operator' && !isRevoked)
  if (!may) return null
  const words = isRevoked ? 'Reinstate' : 'Revoke'
  return (
    <div className={ui.actions}>
      <Button variant="default" onClick={() => setOpen(true)}>
        {words}…
      </Button>
      <Dialog opened={isOpen} onClose={() => setOpen(false)} title={`${words} ${name}?`}>
        <Form act={act} label={words} isGrave={!isRevoked} onBack={() => setOpen(false)}>
          <p style={{ margin: 0 }}>
            {isRevoked
              ? 'It may do again what its grants say.'
              : 'Whatever runs for it stops at its next call. What it did stays done. Only an owner brings it back.'}
          </p>
          <TextInput
            label="Why"
            description="Kept in the log of authority."
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
          />
        </Form>
      </Dialog>
    </div>
  )
}
