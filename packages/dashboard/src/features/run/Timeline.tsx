import { useMemo, useState } from 'react'
import { Foreign } from '../../ui/Foreign.tsx'
import { duration } from '../../ui/words.ts'
import css from './Run.module.css'
import { type Bar, scaleOf } from './timeline.ts'

const rowHeight = 37
const rowsInSight = 15
/** Drawn above and below what is in sight. */
const rowsBeyond = 12

/** A bar for each call. Only the rows that are seen are drawn, so that a run of thousands of calls scrolls as a short one. */
export function Timeline({
  bars,
  now,
  chosen,
  onChoose,
}: {
  bars: readonly Bar[]
  now: number
  chosen: number | undefined
  /** What that call did is asked for. */
  onChoose: (call: number) => void
}) {
  const place = useMemo(() => scaleOf(bars, now), [bars, now])
  const [scrolled, setScrolled] = useState(0)
  const from = Math.max(0, scrolled - rowsBeyond)
  const drawn = bars.slice(from, scrolled + rowsInSight + rowsBeyond)
  return (
    <>
      <div
        className={css.timeline}
        style={{ maxHeight: rowsInSight * rowHeight }}
        onScroll={({ currentTarget }) => setScrolled(Math.floor(currentTarget.scrollTop / rowHeight))}
      >
        <div style={{ height: bars.length * rowHeight, position: 'relative' }}>
          {drawn.map((bar, index) => {
            const [left, right] = [place(bar.from), place(bar.to ?? now)]
            const took = (bar.to ?? now) - bar.from
            return (
              <div
                key={bar.call}
                className={css.bar}
                data-chosen={bar.call === chosen || undefined}
                style={{ transform: `translateY(${(from + index) * rowHeight}px)`, height: rowHeight }}
              >
                <button
                  type="button"
                  className={css.barName}
                  title={bar.words}
                  aria-pressed={bar.call === chosen}
                  onClick={() => onChoose(bar.call)}
                >
                  <Foreign text={bar.name} />
                  {bar.attempts > 1 && <small> · {bar.attempts} attempts</small>}
                </button>
                <span className={css.lane} aria-hidden>
                  <i
                    data-wait={bar.isWait || undefined}
                    data-failed={bar.hasFailed || undefined}
                    style={{ left: `${100 * left}%`, width: `${Math.max(0.6, 100 * (right - left))}%` }}
                  />
                </span>
                <span className={css.took}>
                  {duration(took)}
                  {bar.to === undefined && <span className={css.soFar}> so far</span>}
                </span>
                <span className={css.kind}>{bar.hasFailed ? `${bar.kind} failed` : bar.kind}</span>
              </div>
            )
          })}
        </div>
      </div>
      <p className={css.legend}>
        Solid: the machine worked. Striped: it waited. Long stretches are drawn shorter than they were.
      </p>
    </>
  )
}
