import { useState } from 'react'
import { Button } from '../../../ui/controls/Button.tsx'
import { Textarea } from '../../../ui/controls/Inputs.tsx'
import ui from '../../../ui/ui.module.css'
import css from '../Inbox.module.css'

export function RejectForm({
  isReview,
  onCancel,
  onDone,
}: {
  /** It is about a run that has ended. */
  isReview: boolean
  onCancel: () => void
  onDone: (note: string) => void
}) {
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
        label={isReview ? 'What should have happened?' : 'Why not?'}
        description={
          isReview
            ? 'It counts as a correction of the workflow. Nothing is undone by it.'
            : 'The workflow and the agent read it, and can do better with it.'
        }
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        rows={2}
        autoFocus
      />
      <div className={ui.actions}>
        <Button type="submit" tone="bad">
          {isReview ? 'It was wrong' : 'Reject'}
        </Button>
        <Button variant="default" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}
