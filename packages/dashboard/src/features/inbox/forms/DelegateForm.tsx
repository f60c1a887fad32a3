import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { delegatesQuery } from '../../../api/queries.ts'
import type { ApprovalItem } from '../../../api/types.ts'
import { Button } from '../../../ui/controls/Button.tsx'
import { Select, Textarea } from '../../../ui/controls/Inputs.tsx'
import { Failure } from '../../../ui/Failure.tsx'
import ui from '../../../ui/ui.module.css'
import css from '../Inbox.module.css'

/** Asks somebody else to decide it: only those who may are offered. */
export function DelegateForm({ item, onCancel }: { item: ApprovalItem; onCancel: () => void }) {
  const client = useQueryClient()
  const { data, error } = useQuery(delegatesQuery(item.id))
  const [chosen, setChosen] = useState<string | undefined>()
  const [note, setNote] = useState('')
  const names = data?.items ?? []
  const to = chosen ?? names[0]
  const ask = useMutation({
    mutationFn: () =>
      api.approvals.delegate({
        params: { approval: item.id },
        body: { to: to!, hash: item.hash, ...(note.trim() !== '' && { note: note.trim() }) },
        ...newKey(),
      }),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ['approval', item.id] })
      onCancel()
    },
  })
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        ask.mutate()
      }}
    >
      {error && <Failure error={error} />}
      {data && names.length === 0 ? (
        <p className={ui.soft} style={{ margin: 0 }}>
          Nobody else may decide it. An owner adds people: <code>npx reeve principals add NAME</code>
        </p>
      ) : (
        <>
          <Select
            label="Who shall decide?"
            description="You may still decide it yourself."
            value={to ?? ''}
            data={[...names]}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
          <Textarea
            label="What they should know"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            rows={2}
          />
        </>
      )}
      {ask.error && <Failure error={ask.error} />}
      <div className={ui.actions}>
        {names.length > 0 && (
          <Button type="submit" loading={ask.isPending}>
            Delegate
          </Button>
        )}
        <Button variant="default" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}
