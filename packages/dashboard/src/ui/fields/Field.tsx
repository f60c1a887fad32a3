import type { ReactNode } from 'react'
import { Foreign } from '../Foreign.tsx'
import css from '../ui.module.css'

export function Fields({ children }: { children: ReactNode }) {
  return <dl className={css.fields}>{children}</dl>
}

/** One argument as it will be used, and below it where it came from. */
export function Field({ name, children, from }: { name: string; children: ReactNode; from?: ReactNode }) {
  return (
    <div className={css.field}>
      <dt>
        <Foreign text={name} />
      </dt>
      <dd>{children}</dd>
      {from && <dd className={css.from}>{from}</dd>}
    </div>
  )
}

/** What is nested deeper, or has more parts, is shown as JSON. */
const deepest = 3
const mostParts = 24

/**
 * Any value as text: a short text stands by itself, a long one as it is written, an object by its fields, anything else as
 * JSON. Nothing of it is markup.
 */
export function Value({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return <span className={css.strong}>{value === null || value === undefined ? '—' : String(value)}</span>
  if (typeof value === 'string') return <Text text={value} />
  const parts = Object.entries(value)
  if (parts.length === 0) return <span className={css.soft}>nothing</span>
  if (depth >= deepest || parts.length > mostParts) return <Text text={JSON.stringify(value, null, 2)} />
  if (Array.isArray(value))
    return (
      <ul className={css.values}>
        {parts.map(([index, part]) => (
          <li key={index}>
            <Value value={part} depth={depth + 1} />
          </li>
        ))}
      </ul>
    )
  return (
    <dl className={depth === 0 ? css.fields : css.inner}>
      {parts.map(([name, part]) => (
        <Field key={name} name={name}>
          <Value value={part} depth={depth + 1} />
        </Field>
      ))}
    </dl>
  )
}

function Text({ text }: { text: string }) {
  if (text.length <= 60 && !text.includes('\n'))
    return (
      <span className={css.strong}>
        <Foreign text={text} />
      </span>
    )
  return text.length <= 600 && !text.includes('\n') ? (
    <span className={css.sentence}>
      <Foreign text={text} />
    </span>
  ) : (
    <pre className={css.text}>
      <Foreign text={text} />
    </pre>
  )
}
