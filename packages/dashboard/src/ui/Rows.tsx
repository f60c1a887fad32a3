import type { ReactNode } from 'react'
import { Link } from './Link.tsx'
import css from './ui.module.css'

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

/** A state, always a word: the colour only repeats it. */
export function Tag({ tone = 'good', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={css.tag} data-tone={tone}>
      {children}
    </span>
  )
}

export function Rows({ children, label }: { children: ReactNode; label?: string }) {
  return (
    <div className={css.rows}>
      <ul className={css.lines} aria-label={label}>
        {children}
      </ul>
    </div>
  )
}

/** One line of a list: what it is, a word for its state, and a figure at the end. */
export function Row({
  to,
  title,
  under,
  tag,
  end,
}: {
  to?: string
  title: ReactNode
  under?: ReactNode
  tag?: ReactNode
  end?: ReactNode
}) {
  const inner = (
    <>
      <span className={css.rowTitle}>{title}</span>
      <span className={css.rowTag}>{tag}</span>
      <span className={css.rowEnd}>{end}</span>
      {under && <span className={css.rowUnder}>{under}</span>}
    </>
  )
  return (
    <li>
      {to ? (
        <Link to={to} className={css.row}>
          {inner}
        </Link>
      ) : (
        <div className={css.row}>{inner}</div>
      )}
    </li>
  )
}
