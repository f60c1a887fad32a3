import type { ReactNode } from 'react'
import { Foreign } from '../Foreign.tsx'
import css from '../ui.module.css'

export function Fields({ children }: { children: ReactNode }) {
  return <dl style={{ margin: 0 }}>{children}</dl>
}

/** One argument as it will be used, and below it where it came from. */
export function Field({ name, children, from }: { name: string; children: ReactNode; from?: ReactNode }) {
  return (
    <div className={css.field}>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {from && <dd className={css.from}>{from}</dd>}
    </div>
  )
}

/**
 * Any value as text: a short text stands by itself, a long one as it is written, anything else as JSON. Nothing of it is
 * markup.
 */
export function Value({ value }: { value: unknown }) {
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return <span className={css.strong}>{String(value)}</span>
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  const isShort = typeof value === 'string' && text.length <= 120 && !text.includes('\n')
  return isShort ? (
    <span className={css.strong}>
      <Foreign text={text} />
    </span>
  ) : (
    <pre className={css.text}>
      <Foreign text={text} />
    </pre>
  )
}
