import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { Textarea } from '../../ui/controls/Inputs.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Form } from '../../ui/Form.tsx'
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
        <Form act={note} label="Add" isReady={mode !== ''} onBack={() => setText(undefined)}>
          <Textarea
            label="What goes wrong, and what to do then"
            description="One line. It is written into the file, as a new version of it."
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            maxLength={500}
            autoFocus
          />
        </Form>
      )}
    </Section>
  )
}
