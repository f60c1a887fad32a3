import type { Database, Session } from '../database.ts'
import type { JournalEvent } from '../journal/journal.ts'
import { type MarkedValue, readMarked } from './marked-values.ts'
import { mayHoldMarks, RunMarks } from './run-marks.ts'

/** The marks of a run that the database has. */
export async function loadMarks(session: Session, run: number): Promise<RunMarks> {
  const marks = new RunMarks()
  marks.adopt(await readMarked(session, run))
  return marks
}

/** Events of one run as its code wrote them. Asks the database only where one refers to marked texts. @throws `erased` */
export async function openEvents(session: Session, events: JournalEvent[]): Promise<JournalEvent[]> {
  const [first] = events
  if (!first || !events.some(isSealed)) return events
  const marks = await loadMarks(session, first.run)
  return events.map((event) => openEvent(event, marks))
}

export function isSealed({ payload, name }: Pick<JournalEvent, 'payload' | 'name'>): boolean {
  return mayHoldMarks(payload) || mayHoldMarks(name)
}

/** @throws `erased` */
export function openEvent(event: JournalEvent, marks: RunMarks): JournalEvent {
  if (!isSealed(event)) return event
  const { payload, name } = event
  return {
    ...event,
    payload: payload === null ? null : marks.open(payload),
    name: name === null ? null : marks.openText(name),
  }
}

/** JSON text that belongs to a run. @throws `erased` */
export async function openJson<Text extends string | null | undefined>(
  session: Session,
  run: number,
  json: Text,
): Promise<Text> {
  if (!json || !mayHoldMarks(json)) return json
  return (await loadMarks(session, run)).open(json) as Text
}

/** Rows as they were written, of several runs, in these columns of JSON, and of other texts. What was erased stays a reference. */
export async function openRows<R extends { run: number }>(
  session: Session,
  rows: R[],
  columns: readonly (keyof R)[],
  texts: readonly (keyof R)[] = [],
): Promise<R[]> {
  if (session.keepsMarks) return rows
  const isMarked = (row: R) =>
    [...columns, ...texts].some((column) => mayHoldMarks(row[column] as string | null))
  const runs = new Set(rows.filter(isMarked).map(({ run }) => run))
  if (runs.size === 0) return rows
  const known = new Map<number, RunMarks>()
  for (const run of runs) known.set(run, await loadMarks(session, run))
  return rows.map((row) => {
    const marks = known.get(row.run)
    if (!marks || !isMarked(row)) return row
    const opened = [...columns, ...texts].map((column) => {
      const kept = row[column] as string | null
      if (kept === null) return [column, null]
      return [column, columns.includes(column) ? marks.openKnown(kept) : marks.openKnownText(kept)]
    })
    return { ...row, ...Object.fromEntries(opened) }
  })
}

/** The database as it is for whoever decides nothing: what it shows of approvals has references in the place of marked texts. */
export function keepingMarks(database: Database): Database {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'keepsMarks') return true
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** What came for a run. */
interface SealedPayload {
  run: number
  /** JSON text. */
  payload: string
  marked?: readonly MarkedValue[]
}

/** Items of inboxes with what opens them, where they refer to marked texts: they are opened by whoever drives the run. */
export async function withMarked<I extends SealedPayload>(session: Session, items: I[]): Promise<I[]> {
  const sealed = items.filter(({ payload }) => mayHoldMarks(payload))
  const known = new Map<number, MarkedValue[]>()
  for (const { run } of sealed) if (!known.has(run)) known.set(run, await readMarked(session, run))
  for (const item of sealed) item.marked = known.get(item.run)!
  return items
}

/**
 * Opens what came for a run, which then knows the texts, too: all of it, or nothing. A reference that is handed on is written as a
 * stranger's text, which nobody opens ever again.
 * @throws `erased` `secrets-key-missing` `secret-forged`
 */
export function openItems(items: SealedPayload[], marks: RunMarks): void {
  let opened: [SealedPayload, string][] | undefined
  for (const item of items) {
    if (!item.marked) continue
    const own = new RunMarks()
    own.adopt(item.marked)
    opened ??= []
    opened.push([item, own.open(item.payload)])
  }
  if (!opened) return
  for (const [item, payload] of opened) {
    marks.adopt(item.marked!)
    item.payload = payload
    delete item.marked
  }
}
