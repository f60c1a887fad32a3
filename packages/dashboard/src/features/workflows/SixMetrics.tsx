import type { Metrics, WorkflowMetrics } from '../../api/types.ts'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Section } from '../../ui/Page.tsx'
import { count, money, percent } from '../../ui/words.ts'
import { Line } from './Line.tsx'
import css from './Metrics.module.css'

type Day = WorkflowMetrics['days'][number]
type Sums = WorkflowMetrics['total']

/** The six figures by which anything that works here is judged. */
export const sixMetrics: {
  title: string
  of: (sums: Sums) => number | null
  words: (value: number) => string
  says: string
}[] = [
  {
    title: 'Done right',
    of: (sums) => sums.taskSuccess,
    words: percent,
    says: 'of what succeeded or failed',
  },
  {
    title: 'Corrected by people',
    of: (sums) => sums.humanCorrectionRate,
    words: percent,
    says: 'of what they decided: edited or rejected',
  },
  {
    title: 'Questions a task',
    of: (sums) => sums.iterationsPerCompletedTask,
    words: (value) => value.toFixed(1),
    says: 'asked of solvers until it was done',
  },
  {
    title: 'Cost of a success',
    of: (sums) => sums.costPerSuccessfulRunUsd,
    words: money,
    says: 'what failed is paid for, too',
  },
  {
    title: 'Asked a person',
    of: (sums) => sums.escalationRate,
    words: percent,
    says: 'of the runs that ended',
  },
  {
    title: 'Calls denied',
    of: (sums) => (sums.toolCalls === 0 ? null : sums.blockedToolCalls),
    words: count,
    says: 'calls of tools that no grant allowed',
  },
]

/** The six figures by which a workflow is judged, each with its days; the numbers as a table for readers who want them. */
export function SixMetrics({
  metrics: { total, days },
  title = 'The last thirty days',
}: {
  metrics: Metrics
  title?: string
}) {
  return (
    <Section title={title}>
      <Figures>
        {sixMetrics.map(({ title, of, words, says }) => {
          const value = of(total)
          return (
            <Figure key={title} title={title} value={value === null ? '—' : words(value)}>
              {value === null ? 'Nothing to go by yet.' : says}
              {days.length > 2 && <Line label={title} values={days.map((day) => of(day))} />}
            </Figure>
          )
        })}
      </Figures>
      <details className={css.numbers}>
        <summary>The numbers by day</summary>
        <Numbers days={days} />
      </details>
    </Section>
  )
}

function Numbers({ days }: { days: Day[] }) {
  return (
    <div className={css.scroll}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Runs</th>
            {sixMetrics.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((day) => (
            <tr key={day.day}>
              <th scope="row">{day.day}</th>
              <td>{count(day.ended)}</td>
              {sixMetrics.map(({ title, of, words }) => {
                const value = of(day)
                return <td key={title}>{value === null ? '—' : words(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
