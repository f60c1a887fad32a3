import { useState } from 'react'
import { Button } from '../../../ui/controls/Button.tsx'
import { Textarea } from '../../../ui/controls/Inputs.tsx'
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
        rows={2}
        autoFocus
      />
      <div className={ui.actions}>
        <Button type="submit" tone="bad">
          Reject
        </Button>
        <Button variant="default" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}
