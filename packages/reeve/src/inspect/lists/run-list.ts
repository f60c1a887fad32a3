import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { type RunFilter, type RunPlace, readRunSlice } from '../../store/runs/run-lists.ts'
import { type RunRow, readRun } from '../../store/runs/runs.ts'
import { type RunSummary, summariesOf } from '../run/run-view.ts'

export type { RunFilter } from '../../store/runs/run-lists.ts'

export interface RunListOptions extends RunFilter {
  /** The `next` of the page before; absent: the first page. */
  cursor?: string
  /** 1 to 500. Default 50. */
  limit?: number
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
/** Slices that one page looks at. */
const mostSlices = 10
/** All ids are as long. */
const wholeId = /^[0-9a-z]{17}$/

/**
 * Runs by a filter, in pages. A page looks at some ten thousand rows at most, however many runs there are.
 * @throws `bad-cursor`
 */
export async function listRunPage(session: Session, options: RunListOptions = {}): Promise<RunPage> {
  const { cursor, limit = 50, ...filter } = options
  const most = Math.min(Math.max(1, Math.trunc(limit)), mostRuns)
  const one =
    filter.text !== undefined && wholeId.test(filter.text) ? await readRun(session, filter.text) : undefined
  if (one && isOnly(filter)) return { runs: await summariesOf(session, [one]), next: null, searchedTo: null }
  const rows: RunRow[] = []
  let place = cursor === undefined ? undefined : placeOf(cursor)
  for (let slice = 0; slice < mostSlices && rows.length <= most; slice++) {
    // One more than wanted says whether there are more.
    const found = await readRunSlice(session, filter, place, most + 1 - rows.length)
    rows.push(...found.rows)
    place = found.next
    if (!place) break
  }
  if (rows.length > most) {
    rows.pop()
    const last = rows.at(-1)!
    place = filter.status === 'waiting' ? { no: last.no } : { id: last.id }
  }
  return {
    runs: await summariesOf(session, rows),
    next: place ? cursorOf(place) : null,
    searchedTo: place ? await timeOf(session, place, rows) : null,
  }
}

function isOnly(filter: RunFilter): boolean {
  return Object.entries(filter).every(([name, value]) => name === 'text' || value === undefined)
}

function cursorOf(place: RunPlace): string {
  return 'id' in place ? `id-${place.id}` : `no-${place.no}`
}

/** @throws `bad-cursor` */
function placeOf(cursor: string): RunPlace {
  const [, id, no] = /^(?:id-([0-9a-zA-Z]{1,100})|no-(\d{1,15}))$/.exec(cursor) ?? []
  if (id !== undefined) return { id }
  if (no !== undefined) return { no: Number(no) }
  throw new ReeveError(
    'bad-cursor',
    `${describeValue(cursor)} is no place in a list of runs. Give the \`next\` of a page as it was answered, or leave it out for the first page.`,
  )
}

async function timeOf(session: Session, place: RunPlace, rows: RunRow[]): Promise<string | null> {
  const last = rows.at(-1)
  if (last && ('id' in place ? last.id === place.id : last.no === place.no)) return isoText(last.created_at)
  if (!('id' in place)) return last ? isoText(last.created_at) : null
  const row = await readRun(session, place.id)
  return row ? isoText(row.created_at) : null
}
