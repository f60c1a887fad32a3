import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { waitingCountQuery } from '../api/queries.ts'
import { Foreign } from './Foreign.tsx'
import { Link } from './Link.tsx'
import { Tabs } from './Tabs.tsx'
import css from './ui.module.css'
import { count } from './words.ts'

/** A page first answers its question in words: `title` is that answer, `children` the rest. */
export function Page({
  title,
  sub,
  path,
  tabs,
  children,
}: {
  title: string
  sub?: ReactNode
  path?: { to: string; words: string }[]
  /** The pages beside this one, itself among them. */
  tabs?: readonly { to: string; words: string }[]
  children?: ReactNode
}) {
  const { data: waiting } = useQuery(waitingCountQuery)
  const waits = waiting && waiting.total > 0 ? `(${count(waiting.total)}${waiting.isMore ? '+' : ''}) ` : ''
  useEffect(() => {
    document.title = `${waits}${title}`
  }, [title, waits])
  return (
    <main className={css.page} id="main">
      {path && (
        <p className={css.path}>
          {path.map(({ to, words }, index) => (
            <span key={to}>
              {index > 0 && ' / '}
              <Link to={to}>{words}</Link>
            </span>
          ))}
        </p>
      )}
      <h1 className={css.title}>
        <Foreign text={title} />
      </h1>
      {sub ? <p className={css.sub}>{sub}</p> : <div className={css.noSub} />}
      {tabs && <Tabs tabs={tabs} label="Beside this page" />}
      {children}
    </main>
  )
}

export function Section({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <section>
      <h2 className={css.heading}>{title}</h2>
      {children}
    </section>
  )
}

/** What an empty place says: why it is empty, and how it fills. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className={css.empty}>{children}</div>
}
