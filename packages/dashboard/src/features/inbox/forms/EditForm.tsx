import { useState } from 'react'
import { api } from '../../../api/client.ts'
import type { Json } from '../../../api/types.ts'
import { Button } from '../../../ui/controls/Button.tsx'
import { Failure } from '../../../ui/Failure.tsx'
import { Difference } from '../../../ui/fields/Difference.tsx'
import { isFinished, JsonField, propertiesOf } from '../../../ui/fields/JsonFields.tsx'
import { Section } from '../../../ui/Page.tsx'
import ui from '../../../ui/ui.module.css'
import css from '../Inbox.module.css'
import { isRecord } from '../wording.ts'

/**
 * Edits what a call will use:
 *
 *   editing → shown as a difference (the server checked it) → approved
 *        ↖ refused, with why
 */
export function EditForm({
  approval,
  value,
  schema,
  onCancel,
  onDone,
}: {
  approval: string
  value: unknown
  schema: unknown
  onCancel: () => void
  onDone: (edit: Json) => void
}) {
  const isWhole = !isRecord(value)
  const before = isWhole ? { value } : value
  const [values, setValues] = useState<Record<string, unknown>>(before)
  const [seen, setSeen] = useState<Awaited<ReturnType<typeof api.approvals.preview>> | undefined>()
  const [problem, setProblem] = useState<Error | undefined>()
  const properties = isWhole ? { value: isRecord(schema) ? schema : {} } : propertiesOf(schema)
  const names = [...new Set([...Object.keys(before), ...Object.keys(properties)])]
  const edited = Object.fromEntries(
    Object.entries(values).filter(([name, now]) => JSON.stringify(now) !== JSON.stringify(before[name])),
  )
  const edit = isWhole ? values.value : edited
  const isChanged = Object.keys(edited).length > 0
  const look = async () => {
    setProblem(undefined)
    try {
      setSeen(await api.approvals.preview({ params: { approval }, body: { edit: edit as Json } }))
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)))
    }
  }
  if (seen)
    return (
      <div className={css.form}>
        <Section title="What changes">
          {seen.changes.map(({ field, from, to }) => (
            <div key={field} className={ui.field}>
              <dt>{field}</dt>
              <dd>
                <Difference before={textOf(from)} after={textOf(to)} />
              </dd>
            </div>
          ))}
        </Section>
        {!seen.isJudged && (
          <p className={css.warning}>
            Whether grants, policies and budgets allow this edit cannot be told here: it is judged when the
            run goes on, and may come back.
          </p>
        )}
        <div className={ui.actions}>
          <Button onClick={() => onDone(edit as Json)}>Approve this</Button>
          <Button variant="default" onClick={() => setSeen(undefined)}>
            Edit on
          </Button>
        </div>
      </div>
    )
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void look()
      }}
    >
      {names.map((name) => (
        <JsonField
          key={name}
          name={name}
          value={values[name]}
          schema={properties[name] ?? {}}
          onChange={(now) => setValues((all) => ({ ...all, [name]: now }))}
        />
      ))}
      {problem && <Failure error={problem} />}
      <div className={ui.actions}>
        <Button type="submit" disabled={!isChanged || !isFinished(values, schema, before)}>
          Look at the change
        </Button>
        <Button variant="default" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
