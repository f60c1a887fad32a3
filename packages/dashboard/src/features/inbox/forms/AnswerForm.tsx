import { useState } from 'react'
import type { ApprovalItem, Json } from '../../../api/types.ts'
import { Button } from '../../../ui/controls/Button.tsx'
import { Radios } from '../../../ui/controls/Inputs.tsx'
import { isFinished, JsonField, propertiesOf } from '../../../ui/fields/JsonFields.tsx'
import ui from '../../../ui/ui.module.css'
import css from '../Inbox.module.css'
import { isRecord, questionIn } from '../wording.ts'

interface Props {
  item: ApprovalItem
  onCancel: () => void
  onDone: (answer: Json) => void
}

/** Gives what a question wants, or says what became of an effect. */
export function AnswerForm(props: Props) {
  return props.item.kind === 'outcome' ? <OutcomeForm {...props} /> : <QuestionForm {...props} />
}

function QuestionForm({ item, onCancel, onDone }: Props) {
  const schema = item.wanted?.schema
  const fields = propertiesOf(schema)
  const isObject = Object.keys(fields).length > 0
  // What a solver was not sure enough of is where a person begins.
  const [values, setValues] = useState<Record<string, unknown>>(() => {
    const best = bestOf(item)
    if (isObject) return isRecord(best) ? best : {}
    return { answer: best === undefined || isRecord(best) ? '' : best }
  })
  const names = isObject ? Object.keys(fields) : ['answer']
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        onDone((isObject ? values : values.answer) as Json)
      }}
    >
      {names.map((name) => (
        <JsonField
          key={name}
          name={name}
          value={values[name]}
          schema={isObject ? (fields[name] ?? {}) : isRecord(schema) ? schema : { type: 'string' }}
          onChange={(now) => setValues((all) => ({ ...all, [name]: now }))}
        />
      ))}
      <Buttons onCancel={onCancel} words="Answer" isReady={isFinished(values, schema, {})} />
    </form>
  )
}

function bestOf({ shown }: ApprovalItem): unknown {
  const { best } = questionIn(shown)
  return best?.value
}

function OutcomeForm({ item, onCancel, onDone }: Props) {
  const [said, setSaid] = useState<'happened' | 'again' | 'left' | ''>('')
  const [result, setResult] = useState<Record<string, unknown>>({})
  const fields = propertiesOf(item.wanted?.schema)
  const answer =
    said === 'happened'
      ? { happened: true, ...(Object.keys(result).length > 0 && { result }) }
      : { happened: false, retry: said === 'again' }
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        onDone(answer as Json)
      }}
    >
      <Radios
        label="Look at the other side first: what became of it?"
        value={said}
        options={[
          { value: 'happened', words: 'It happened.' },
          { value: 'again', words: 'It did not happen: try again.' },
          { value: 'left', words: 'It did not happen, and shall not.' },
        ]}
        onChange={setSaid}
      />
      {said === 'happened' &&
        Object.entries(fields).map(([name, schema]) => (
          <JsonField
            key={name}
            name={name}
            value={result[name]}
            schema={schema}
            onChange={(now) => setResult((all) => ({ ...all, [name]: now }))}
          />
        ))}
      <Buttons onCancel={onCancel} words="Save outcome" isReady={said !== ''} />
    </form>
  )
}

function Buttons({ onCancel, words, isReady }: { onCancel: () => void; words: string; isReady: boolean }) {
  return (
    <div className={ui.actions}>
      <Button type="submit" disabled={!isReady}>
        {words}
      </Button>
      <Button variant="default" onClick={onCancel}>
        Back
      </Button>
    </div>
  )
}
