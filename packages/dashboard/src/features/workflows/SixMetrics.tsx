import type { Metrics } from '../../api/types.ts'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Section } from '../../ui/Page.tsx'
import { Line } from './Line.tsx'
import css from './Metrics.module.css'
import { SixTable } from './SixTable.tsx'
import { sixMetrics } from './six-metrics.ts'

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
              {value === null ? 'No data yet.' : says}
              {days.length > 2 && <Line label={title} values={days.map((day) => of(day))} />}
            </Figure>
          )
        })}
      </Figures>
      <details className={css.numbers}>
        <summary>The numbers by day</summary>
        <SixTable
          label="The numbers by day"
          named="Day"
          rows={days.toReversed().map((day) => ({ key: day.day, name: day.day, sums: day }))}
        />
      </details>
    </Section>
  )
}
