import { useQuery } from '@tanstack/react-query'
import { eventQuery } from '../../api/queries.ts'
import type { EventItem } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Field, Fields, Value } from '../../ui/fields/Field.tsx'
import { Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { clock, duration } from '../../ui/words.ts'
import { isRecord } from '../inbox/wording.ts'
import type { Bar } from './timeline.ts'

/** What one call did: each of its events with all that was written, the prompt's parts and the answer among them. */
export function CallPanel({
  run,
  bar,
  events,
  now,
  onClose,
  onFork,
  onOverride,
}: {
  run: string
  bar: Bar
  events: readonly EventItem[]
  now: number
  onClose: () => void
  /** Undefined: whoever looks may not. */
  onFork: (() => void) | undefined
  /** The same, or nobody may say what this call comes to. */
  onOverride: (() => void) | undefined
}) {
  return (
    <Section
      title={
        <>
          Call {bar.call}, <Foreign text={bar.name} />: {duration((bar.to ?? now) - bar.from)}
          {bar.attempts > 1 && `, ${bar.attempts} attempts`}
        </>
      }
    >
      <div className={ui.card}>
        {events.map((event) => (
          <OneEvent key={event.seq} run={run} event={event} now={now} />
        ))}
        <div className={ui.actions} style={{ marginTop: 14 }}>
          {onOverride && (
            <Button variant="default" onClick={onOverride}>
              Override…
            </Button>
          )}
          {onFork && (
            <Button variant="default" onClick={onFork}>
              Fork from here…
            </Button>
          )}
          <Button variant="subtle" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Section>
  )
}

function OneEvent({ run, event, now }: { run: string; event: EventItem; now: number }) {
  const { data } = useQuery({ ...eventQuery(run, event.seq), enabled: event.isCut })
  const { payload, isCut } = (event.isCut ? data : event) ?? { payload: undefined, isCut: false }
  return (
    <Fields>
      <Field name={clock(event.at, now)}>
        <span className={ui.strong}>{event.type.replaceAll('-', ' ')}</span>{' '}
        <span className={ui.soft}>
          <Foreign text={event.words} />
        </span>
      </Field>
      {isRecord(payload) && !isCut
        ? Object.entries(payload).map(([name, value]) => (
            <Field key={name} name={name}>
              <Value value={value} depth={1} />
            </Field>
          ))
        : payload !== null &&
          payload !== undefined && (
            <Field name="value">
              <Value value={payload} depth={1} />
            </Field>
          )}
    </Fields>
  )
}
