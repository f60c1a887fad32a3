import type { ReactNode } from 'react'
import type { Tone } from './Rows.tsx'
import css from './ui.module.css'

export function Figures({ children }: { children: ReactNode }) {
  return <div className={css.figures}>{children}</div>
}

/** A number with what it means in a sentence below. `part`: 0..1 of a whole, drawn as a bar. */
export function Figure({
  title,
  value,
  of,
  part,
  tone,
  children,
}: {
  title: string
  value: string
  of?: string | undefined
  part?: number | undefined
  tone?: Tone | undefined
  children?: ReactNode
}) {
  return (
    <section>
      <h2 className={css.heading}>{title}</h2>
      <div className={css.figure}>
        {value} {of && <small>{of}</small>}
      </div>
      {part !== undefined && (
        <div className={css.bar} data-tone={tone} aria-hidden>
          <i style={{ width: `${Math.min(100, Math.max(0, 100 * part))}%` }} />
        </div>
      )}
      <p className={css.under}>{children}</p>
    </section>
  )
}
