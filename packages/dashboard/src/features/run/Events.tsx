import { useQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { eventQuery } from '../../api/queries.ts'
import type { EventItem } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'
import css from './Run.module.css'

/** So high a line is before it was measured (px). */
const usualHeight = 54

/** Every event of a journal. Only the lines that are seen are drawn; `follows`: the newest stays in sight. */
export function Events({
  run,
  events,
  now,
  follows,
}: {
  run: string
  events: readonly EventItem[]
  now: number
  follows: boolean
}) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => box.current,
    estimateSize: () => usualHeight,
    getItemKey: (index) => events[index]!.seq,
    overscan: 10,
  })
  const last = events.length - 1
  useEffect(() => {
    if (follows && last >= 0) rows.scrollToIndex(last, { align: 'end' })
  }, [follows, last, rows])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
    <section className={css.events} ref={box} tabIndex={0} aria-label="Events">
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={css.event}
            style={{ transform: `translateY(${start}px)` }}
          >
            <EventLine run={run} event={events[index]!} now={now} />
          </div>
        ))}
      </div>
    </section>
  )
}

function EventLine({ run, event, now }: { run: string; event: EventItem; now: number }) {
  const { seq, at, type, name, words, payload } = event
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <span className={css.seq}>{seq}</span>
      <span className={css.at}>{clock(at, now)}</span>
      <div>
        <span className={ui.strong}>{type.replaceAll('-', ' ')}</span>
        {name !== null && (
          <>
            {' '}
            <Foreign text={name} />
          </>
        )}
        {words !== '' && (
          <div className={ui.soft}>
            <Foreign text={words} />
          </div>
        )}
        {payload !== null && (
          <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
            <summary>payload</summary>
            {isOpen && <Payload run={run} event={event} />}
          </details>
        )}
      </div>
    </>
  )
}

/** All of it, as far as a page can show it. */
function Payload({ run, event }: { run: string; event: EventItem }) {
  const { data } = useQuery({ ...eventQuery(run, event.seq), enabled: event.isCut })
  const shown = event.isCut ? data : event
  if (!shown) return <p className={ui.soft}>…</p>
  const { payload, isCut } = shown
  return (
    <pre className={ui.text}>
      <Foreign text={typeof payload === 'string' && isCut ? payload : JSON.stringify(payload, null, 2)} />
      {isCut && '\n… and more: see it whole with reeve show.'}
    </pre>
  )
}
