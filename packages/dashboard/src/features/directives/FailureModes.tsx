import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Textarea } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Empty, Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'

/** What is known to go wrong; whoever may writes another line into the file. */
export function FailureModes({
  directive,
  modes,
  may,
}: {
  directive: string
  modes: readonly string[]
  may: boolean
}) {
  const client = useQueryClient()
  const [text, setText] = useState<string | undefined>()
  const mode = text?.replace(/\s+/g, ' ').trim() ?? ''
  const note = useMutation({
    mutationFn: () => api.directives.note({ params: { directive }, body: { mode }, ...newKey() }),
    async onSuccess() {
      setText(undefined)
      await client.invalidateQueries()
    },
  })
  return (
    <Section title="Known failure modes">
      {modes.length === 0 ? (
        <Empty>None is written down yet.</Empty>
      ) : (
        <ul className={ui.plain}>
          {modes.map((each) => (
            <li key={each}>
              <Foreign text={each} />
            </li>
          ))}
        </ul>
      )}
      {may && text === undefined && (
        <p>
          <button type="button" className={ui.link} onClick={() => setText('')}>
            Write another one…
          </button>
        </p>
      )}
      {text !== undefined && (
        <form
          className={ui.form}
          onSubmit={(event) => {
            event.preventDefault()
            note.mutate()
          }}
        >
          <Textarea
            label="What goes wrong, and what to do then"
            description="One line. It is written into the file, as a new version of it."
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            maxLength={500}
            autoFocus
          />
          {note.error && <Failure error={note.error} />}
          <div className={ui.actions}>
            <Button type="submit" loading={note.isPending} disabled={mode === ''}>
              Write it
            </Button>
            <Button variant="default" onClick={() => setText(undefined)}>
              Back
            </Button>
          </div>
        </form>
      )}
    </Section>
  )
}
