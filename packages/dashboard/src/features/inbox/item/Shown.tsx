import { useQuery } from '@tanstack/react-query'
import { approvalQuery } from '../../../api/queries.ts'
import type { ApprovalItem } from '../../../api/types.ts'
import { Foreign } from '../../../ui/Foreign.tsx'
import { Field, Fields, Value } from '../../../ui/fields/Field.tsx'
import { Tag } from '../../../ui/Rows.tsx'
import ui from '../../../ui/ui.module.css'
import { percent } from '../../../ui/words.ts'
import { argumentsIn, isRecord, questionIn } from '../wording.ts'
import { Origins, originsOf } from './Origins.tsx'

/** Exactly what is decided: each argument with where it came from, or a question with what it is about. */
export function Shown({ item }: { item: ApprovalItem }) {
  return item.kind === 'question' ? <ShownQuestion item={item} /> : <ShownArguments item={item} />
}

function ShownArguments({ item }: { item: ApprovalItem }) {
  const { data: whole } = useQuery(approvalQuery(item.id))
  const args = argumentsIn(item.shown)
  const risk = isRecord(item.shown) && typeof item.shown.risk === 'string' ? item.shown.risk : undefined
  return (
    <Fields>
      {isRecord(args) ? (
        Object.entries(args).map(([name, value]) => (
          <Field key={name} name={name} from={<Origins origins={originsOf(whole, name)} />}>
            <Value value={value} depth={1} />
          </Field>
        ))
      ) : (
        <Field name="shown">
          <Value value={args} />
        </Field>
      )}
      {item.wanted && (
        <Field name="it gives">
          <span className={ui.soft}>{item.wanted.words}</span>
        </Field>
      )}
      {risk && (
        <Field name="risk">
          <Tag tone={risk === 'high' ? 'warn' : 'plain'}>{risk}</Tag>
        </Field>
      )}
    </Fields>
  )
}

function guessWords({ solver, confidence }: { solver?: unknown; confidence?: unknown }): string {
  const sure = typeof confidence === 'number' ? `only ${percent(confidence)} sure` : 'not sure enough'
  return `${typeof solver === 'string' ? solver : 'A solver'}, ${sure}`
}

function ShownQuestion({ item }: { item: ApprovalItem }) {
  const { instructions, input, best } = questionIn(item.shown)
  return (
    <Fields>
      {typeof instructions === 'string' && instructions !== '' && (
        <Field name="asked">
          <p className={ui.prose}>
            <Foreign text={instructions} />
          </p>
        </Field>
      )}
      {input !== undefined && input !== null && (
        <Field name="about">
          <Value value={input} depth={1} />
        </Field>
      )}
      {isRecord(best) && (
        <Field name="best guess" from={guessWords(best)}>
          <Value value={best.value} depth={1} />
        </Field>
      )}
      {item.wanted && (
        <Field name="wanted">
          <span className={ui.soft}>{item.wanted.words}</span>
        </Field>
      )}
    </Fields>
  )
}
