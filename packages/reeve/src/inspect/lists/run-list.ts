import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import {
  isPlaceOf,
  placeOfRun,
  type RunFilter,
  type RunPlace,
  readRunSlice,
  runsNamed,
} from '../../store/runs/run-lists.ts'
import { type RunRow, readRun } from '../../store/runs/runs.ts'
import { type RunSummary, summariesOf } from '../run/run-view.ts'

export type { RunFilter } from '../../store/runs/run-lists.ts'

/** Which runs, and which page of them. */
export interface RunListOptions extends RunFilter {
  /** The `next` of the page before; absent: the first page. */
  cursor?: string | undefined
  /** 1 to 500. Default 50. */
  limit?: number | undefined
  /** Whose keys `named` means first: each caller of the API has keys of their own. Default: no caller's. */
  caller?: string | undefined
}

/** A page of runs, the newest first. */
export interface RunPage {
  runs: RunSummary[]
  /** Give it as `cursor` for the next page; null: there is nothing further back. */
  next: string | null
  /**
   * When the oldest run was created that this page looked at (ISO 8601): with a filter that lets little through a page may
   * hold few runs, or none, and have a next one. Null: all of them were looked at.
   */
  searchedTo: string | null
}

const mostRuns = 500
/** Slices that one page looks at; where a text is sought, each row costs several times as much. */
const mostSlices = 10
const mostSlicesOfText = 2
/** All ids are as long. */
const wholeId = /^[0-9a-z]{17}$/

/**
 * Runs by a filter, in pages. A page looks at fifty thousand rows at most, and at ten thousand for a text, however many runs
 * there are.
 * @throws `bad-cursor`
 */
export async function listRunPage(session: Session, options: RunListOptions = {}): Promise<RunPage> {
  const { cursor, limit = 50, caller, ...filter } = options
  const most = Math.min(Math.max(1, Math.trunc(limit)), mostRuns)
  const one =
    filter.text !== undefined && wholeId.test(filter.text) ? await readRun(session, filter.text) : undefined
  if (one && isOnly(filter)) return { runs: await summariesOf(session, [one]), next: null, searchedTo: null }
  if (filter.named !== undefined) {
    const named = await runsNamed(session, filter.named, most, caller)
    return namedPage(session, named, filter)
  }
  const rows: RunRow[] = []
  let place = cursor === undefined ? undefined : readCursor(cursor, filter)
  const slices = filter.text === undefined ? mostSlices : mostSlicesOfText
  for (let slice = 0; slice < slices && rows.length <= most; slice++) {
    // One more than wanted says whether there are more.
    const found = await readRunSlice(session, filter, place, most + 1 - rows.length)
    rows.push(...found.rows)
    place = found.next
    if (!place) break
  }
  if (rows.length > most) {
    rows.pop()
    place = placeOfRun(filter, rows.at(-1)!)
  }
  return {
    runs: await summariesOf(session, rows),
    next: place ? cursorOf(place) : null,
    searchedTo: place ? await timeOf(session, place, rows) : null,
  }
}

async function namedPage(session: Session, named: RunRow[], filter: RunFilter): Promise<RunPage> {
  const { status, statuses, workflow, since = 0, until = Number.POSITIVE_INFINITY } = filter
  const rows = named.filter(
    (row) =>
      (status === undefined || row.status === status) &&
      (statuses === undefined || statuses.includes(row.status)) &&
      (workflow === undefined || row.workflow === workflow) &&
      row.created_at >= since &&
      row.created_at < until,
  )
  return { runs: await summariesOf(session, rows), next: null, searchedTo: null }
}

function isOnly(filter: RunFilter): boolean {
  return Object.entries(filter).every(([name, value]) => name === 'text' || value === undefined)
}

function cursorOf(place: RunPlace): string {
  if ('id' in place) return `id-${place.id}`
  return 'readyAt' in place ? `at-${place.readyAt}-${place.no}` : `no-${place.no}`
}

/** @throws `bad-cursor` */
function readCursor(cursor: string, filter: RunFilter): RunPlace {
  const place = placeIn(cursor)
  if (place && isPlaceOf(filter, place)) return place
  throw new ReeveError(
    'bad-cursor',
    `${describeValue(cursor)} is not a valid page cursor of this list of runs. Give the \`next\` of a page with the same filter as it was answered, or leave it out for the first page.`,
  )
}

function placeIn(cursor: string): RunPlace | undefined {
  const [, id, no, readyAt, readyNo] =
    /^(?:id-([0-9a-zA-Z]{1,100})|no-(\d{1,15})|at-(\d{1,15})-(\d{1,15}))$/.exec(cursor) ?? []
  if (id !== undefined) return { id }
  if (no !== undefined) return { no: Number(no) }
  return readyAt === undefined ? undefined : { readyAt: Number(readyAt), no: Number(readyNo) }
}

async function timeOf(session: Session, place: RunPlace, rows: RunRow[]): Promise<string | null> {
  const last = rows.at(-1)
  const row = 'id' in place && place.id !== last?.id ? await readRun(session, place.id) : last
  return row ? isoText(row.created_at) : null
}
