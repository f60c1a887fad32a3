import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { MemoryVersion } from '../../api/types.ts'
import { Textarea } from '../../ui/controls/Inputs.tsx'
import { Difference } from '../../ui/fields/Difference.tsx'
import { ReasonedForm } from './ReasonedForm.tsx'

export type ChangeKind = 'amend' | 'retract' | 'redact'

const says: Record<ChangeKind, string> = {
  amend: 'The new text is found from now on; what stood there stays in its history.',
  retract: 'It is not found any more; it stays in its history.',
  redact: 'Its words are gone from all its versions, for good. Nobody can bring them back.',
}

/** Changes one item, with why. What changed meanwhile is refused by the server. */
export function ChangeForm({
  kind,
  item,
  onDone,
}: {
  kind: ChangeKind
  item: MemoryVersion
  onDone: () => void
}) {
  const client = useQueryClient()
  const [text, setText] = useState(item.text)
  const params = { item: item.id }
  const act = useMutation({
    mutationFn(why: string) {
      const { version } = item
      if (kind === 'amend') return api.memory.amend({ params, body: { why, text, version }, ...newKey() })
      if (kind === 'retract') return api.memory.retract({ params, body: { why, version }, ...newKey() })
      return api.memory.redact({ params, body: { why }, ...newKey() })
    },
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['memory'] })
    },
  })
  const isChanged = kind !== 'amend' || (text !== item.text && text.trim() !== '')
  return (
    <ReasonedForm
      keptWith="the version that it ends"
      action={kind === 'amend' ? 'Amend it' : kind === 'retract' ? 'Retract it' : 'Redact it for good'}
      isGrave={kind !== 'amend'}
      isReady={isChanged}
      act={act}
      onDone={onDone}
    >
      <p style={{ margin: 0 }}>{says[kind]}</p>
      {kind === 'amend' && (
        <>
          <Textarea
            label="Text"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            rows={4}
            mostRows={16}
          />
          {text !== item.text && <Difference before={item.text} after={text} />}
        </>
      )}
    </ReasonedForm>
  )
}
