import type { Json } from '../../base/json/json.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { type EventPart, readEventRange } from '../../store/journal/event-pages.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { describeEvent, type EventTone } from './describe-event.ts'

/** An event of a run's journal for a screen. */
export interface EventView {
  /** Its number in its run, from 1 on without gaps. */
  seq: number
  /** ISO 8601, UTC. */
  at: string
  type: string
  /** The `ctx` call it belongs to; null: it is the run's own. */
  call: number | null
  /** Of the call. Foreign text. */
  name: string | null
  tone: EventTone
  /** What it means, on one line, with everything unseen in foreign text written out. */
  words: string
  /** Foreign. Where `isCut`: the beginning of its JSON text. */
  payload: Json
  isCut: boolean
  /** Of the whole payload's JSON text, in characters. */
  size: number
}

/** A page of a journal. */
export interface EventPage {
  events: EventView[]
  /** Whether there are more of them in the direction of the page. */
  more: boolean
}

/** Which page of a journal, and how much of each event. */
export interface EventPageOptions {
  /** Events after this number, the first first. Default: from the beginning. */
  after?: number
  /** In place of `after`: the last events before this number (all of them in the order of the journal). */
  before?: number
  /** 1 to 1,000. Default 200. */
  limit?: number
  /** The most characters of a payload. Default 4,000. */
  longestPayload?: number
}

const mostEvents = 1000
/** A longer payload is not parsed to be described. */
const longestDescribed = 65_536

/** A page of a run's journal. Costs by the page, not by the journal. @throws `unknown-run` */
export async function pageOfEvents(
  session: Session,
  id: string,
  options: EventPageOptions = {},
): Promise<EventPage> {
  const { no } = await requireRun(session, id)
  return eventsOfRun(session, no, options)
}

/** The same by the run's own key; `after` may be given beside `before`, to read no further back. */
export async function eventsOfRun(
  session: Session,
  run: number,
  { after, before, limit = 200, longestPayload = 4000 }: EventPageOptions,
): Promise<EventPage> {
  const most = Math.min(Math.max(1, limit), mostEvents)
  const from = before === undefined ? 'start' : 'end'
  const found = await readEventRange(session, run, {
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    limit: most + 1,
    from,
    longest: longestDescribed,
  })
  const more = found.length > most
  const parts = more ? (from === 'end' ? found.slice(1) : found.slice(0, most)) : found
  return { events: parts.map((part) => viewEvent(part, longestPayload)), more }
}

function viewEvent(event: EventPart, longestPayload = 4000): EventView {
  const { seq, at, type, step, name, payload } = event
  const size = event.size ?? 0
  const isWhole = payload === null || size <= payload.length
  const isCut = size > longestPayload
  return {
    seq,
    at: isoText(at),
    type,
    call: step,
    name,
    ...(isWhole ? describeEvent(event) : { tone: 'plain' as const, words: `${size} characters` }),
    payload:
      payload === null
        ? null
        : isCut
          ? firstCharacters(payload, longestPayload)
          : (JSON.parse(payload) as Json),
    isCut,
    size,
  }
}
