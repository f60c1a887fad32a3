import type { Json } from '../../base/json/json.ts'
import type { Session } from '../../store/database.ts'
import { readEventRange } from '../../store/journal/event-pages.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { type JournalEvent, payloadAt } from '../../store/journal/journal.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** Of a long journal so many of the last events are read; a longer payload than this is left out (characters). */
const mostEvents = 2000
const longestPayload = 65_536
/** The input is among the first events: `input-replaced` is written while a run is still queued. */
const firstEvents = 20

type Read = Pick<RunRow, 'no' | 'chapter_seq'>

/** What a run's chapter was given; undefined: its journal was pruned. */
export async function inputOf(session: Session, run: Read): Promise<{ input: Json } | undefined> {
  const after = Math.max(run.chapter_seq - 1, 0)
  const range = { after, limit: firstEvents, from: 'start', longest: 0 } as const
  const first = await readEventRange(session, run.no, range)
  const given = first.findLast(({ type }) => type === 'input-replaced') ?? first[0]
  if (!given) return undefined
  const payload = await payloadAt(session, run.no, given.seq)
  const started = payloadIfSound({ type: given.type, payload: payload ?? null }, ...inputTypes)
  return { input: started?.input ?? null }
}

const inputTypes = ['run-started', 'run-continued', 'input-replaced'] as const

/** The events of a run's chapter before its call `step` began; of a long one the last of them. */
export async function eventsBefore(session: Session, run: Read, step: number): Promise<JournalEvent[]> {
  const after = Math.max(run.chapter_seq - 1, 0)
  const range = { after, limit: mostEvents, from: 'end', longest: longestPayload } as const
  const events = (await readEventRange(session, run.no, range)).map(({ size, ...event }) =>
    size !== null && size > longestPayload ? { ...event, payload: null } : event,
  )
  const asked = events.findIndex((event) => event.step === step)
  return asked < 0 ? events : events.slice(0, asked)
}
