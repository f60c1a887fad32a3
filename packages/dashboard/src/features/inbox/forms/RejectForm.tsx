import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import ui from '../../../ui/ui.module.css'
import css from '../Inbox.module.css'

export function RejectForm({ onCancel, onDone }: { onCancel: () => void; onDone: (note: string) => void }) {
  const [note, setNote] = useState('')
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        onDone(note.trim())
      }}
    >
      <Textarea
        label="Why not?"
        description="The workflow and the agent read it, and can do better with it."
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        autosize
        minRows={2}
        autoFocus
      />
      <div className={ui.actions}>
        <Button type="submit" color="red.8">
          Reject
        </Button>
        <Button variant="default" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}
