import { Button, Group, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { MemoryVersion } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Difference } from '../../ui/fields/Difference.tsx'
import css from './Memory.module.css'

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
  const [why, setWhy] = useState('')
  const params = { item: item.id }
  const body = { why: why.trim() }
  const act = useMutation({
    mutationFn() {
      const { version } = item
      if (kind === 'amend') return api.memory.amend({ params, body: { ...body, text, version }, ...newKey() })
      if (kind === 'retract') return api.memory.retract({ params, body: { ...body, version }, ...newKey() })
      return api.memory.redact({ params, body, ...newKey() })
    },
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['memory'] })
    },
  })
  const isChanged = kind !== 'amend' || (text !== item.text && text.trim() !== '')
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate()
      }}
    >
      <p style={{ margin: 0 }}>{says[kind]}</p>
      {kind === 'amend' && (
        <>
          <Textarea
            label="What it says"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={4}
            maxRows={16}
          />
          {text !== item.text && <Difference before={item.text} after={text} />}
        </>
      )}
      <TextInput
        label="Why"
        description="Kept with the version that it ends."
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
      />
      {act.error && <Failure error={act.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Leave it
        </Button>
        <Button
          type="submit"
          {...(kind !== 'amend' && { color: 'red.8' })}
          loading={act.isPending}
          disabled={why.trim() === '' || !isChanged}
        >
          {kind === 'amend' ? 'Amend it' : kind === 'retract' ? 'Retract it' : 'Redact it for good'}
        </Button>
      </Group>
    </form>
  )
}
