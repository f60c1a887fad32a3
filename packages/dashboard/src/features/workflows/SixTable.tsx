import type { ReactNode } from 'react'
import type { WorkflowMetrics } from '../../api/types.ts'
import { count } from '../../ui/words.ts'
import css from './SixTable.module.css'
import { sixMetrics } from './six-metrics.ts'

interface SixRow {
  key: string
  name: ReactNode
  sums: WorkflowMetrics['total']
  isChosen?: boolean
}

/** The six figures of several things or days, one a line. The name stays in sight where the rest is wider than the page. */
export function SixTable({ label, named, rows }: { label: string; named: string; rows: readonly SixRow[] }) {
  return (
    <section className={css.scroll} aria-label={label}>
      <table className={css.table}>
        <thead>
          <tr>
            {[named, 'Runs', ...sixMetrics.map(({ title }) => title)].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, sums, isChosen }) => (
            <tr key={key} aria-current={isChosen || undefined}>
              <th scope="row">{name}</th>
              <td>{count(sums.ended)}</td>
              {sixMetrics.map(({ title, of, words }) => {
                const value = of(sums)
                return <td key={title}>{value === null ? '—' : words(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
