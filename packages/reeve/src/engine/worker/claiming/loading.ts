import { ReeveError } from '../../../base/errors.ts'
import type { LoopStretch } from '../../../base/time/loop-stretch.ts'
import type { Database, Session } from '../../../store/database.ts'
import { ChainCheck, eventsOfRuns, type JournalEvent, readEvents } from '../../../store/journal/journal.ts'
import { longJournal } from '../../../store/journal/journal-size.ts'
import { type MarkedValue, readMarked } from '../../../store/marks/marked-values.ts'
import { isSealed, openEvent, withMarked } from '../../../store/marks/open-kept.ts'
import { isSalted, RunMarks } from '../../../store/marks/run-marks.ts'
import {
  type InboxItem,
  itemsOfRuns,
  readInbox,
  type SealedItem,
  soundItems,
} from '../../../store/runs/inbox.ts'
import { beforeChapter, headOf, type RunRow } from '../../../store/runs/runs.ts'
import { addToHistory, beginHistory, type History } from '../../replay/history.ts'

/** What driving a claimed run needs of the store. */
export interface LoadedRun {
  history: History
  /** The last event of its journal. */
  last: JournalEvent
  inbox: InboxItem[]
  /** The texts that its schemas mark, as far as it refers to any. */
  marks: RunMarks
}

/** Of one read, roughly: others get their turn after it. */
const pageBytes = 1024 * 1024
const longestPage = 1000

/**
 * Loads a claimed run and verifies its journal, from the chapter on that it is in. Nobody else writes to it meanwhile, so
 * that its pages fit together.
 * @throws `journal-damaged`
 */
export async function loadRun(database: Database, run: RunRow, stretch: LoopStretch): Promise<LoadedRun> {
  const reader = new JournalReader(run)
  let after = Math.max(run.chapter_seq - 1, 0)
  const page = pageLength(run)
  for (;;) {
    const events = await readEvents(database, run.no, after, page)
    if (reader.marks.isEmpty && events.some(refersToMarks))
      reader.marks.adopt(await readMarked(database, run.no))
    reader.add(events)
    if (events.length < page) break
    after = events.at(-1)!.seq
    await stretch.yield()
  }
  return { ...reader.end(), inbox: run.inbox > 0 ? await readInbox(database, run.no) : [] }
}

/** As many events as a page should have, when they are as large as those of this run are on average. */
function pageLength({ journal_bytes, bytes_seq, chapter_seq }: RunRow): number {
  const average = journal_bytes / Math.max(bytes_seq - chapter_seq, 1)
  return Math.max(1, Math.min(longestPage, Math.floor(pageBytes / Math.max(average, 1))))
}

/** Of the journals that are loaded at once, roughly: others get their turn between. */
const batchBytes = 1024 * 1024

/** Runs that are loaded together; one with a long journal is loaded by itself. */
export function inBatches(claimed: RunRow[]): RunRow[][] {
  const batches: RunRow[][] = []
  let short: RunRow[] = []
  let bytes = 0
  for (const run of claimed) {
    if (run.journal_bytes >= longJournal) {
      batches.push([run])
      continue
    }
    if (short.length === 0 || bytes + run.journal_bytes > batchBytes) {
      short = []
      bytes = 0
      batches.push(short)
    }
    short.push(run)
    bytes += run.journal_bytes
  }
  return batches
}

/** What became of loading one of several runs. */
export type Loaded = LoadedRun | { fault: unknown }

/** Loads runs with short journals by their `no` in two queries, whatever their number. */
export async function loadRuns(database: Database, runs: RunRow[]): Promise<Map<number, Loaded>> {
  const withItems = runs.filter(({ inbox }) => inbox > 0)
  const { events, marked, items } = await database.transaction(async (session) => {
    const events = new Map<number, JournalEvent[]>(runs.map(({ no }) => [no, []]))
    const marked = new Map<number, MarkedValue[]>()
    const chapters = runs.map(({ no, chapter_seq }) => [no, chapter_seq])
    for (const event of await session.bulk<JournalEvent>(eventsOfRuns, chapters)) {
      events.get(event.run)!.push(event)
    }
    for (const [run, its] of events)
      if (its.some(refersToMarks)) marked.set(run, await readMarked(session, run))
    return { events, marked, items: await loadItems(session, withItems) }
  })
  return new Map(
    runs.map((run) => {
      const parts = {
        events: events.get(run.no)!,
        inbox: items.get(run.no) ?? [],
        marked: marked.get(run.no),
      }
      return [run.no, readLoaded(run, parts)]
    }),
  )
}

/** What runs were sent and did not take, by their `no`: also of those that have nothing. */
export async function loadItems(session: Session, runs: RunRow[]): Promise<Map<number, InboxItem[]>> {
  const items = new Map<number, InboxItem[]>(runs.map(({ no }) => [no, []]))
  if (runs.length === 0) return items
  const numbers = runs.map(({ no }) => [no])
  const found = soundItems(session, await session.bulk<SealedItem>(itemsOfRuns, numbers))
  for (const item of await withMarked(session, found)) items.get(item.run)!.push(item)
  return items
}

function refersToMarks(event: JournalEvent): boolean {
  return isSealed(event) || isSalted(event)
}

function readLoaded(
  run: RunRow,
  {
    events,
    inbox,
    marked,
  }: { events: JournalEvent[]; inbox: InboxItem[]; marked: MarkedValue[] | undefined },
): Loaded {
  try {
    const reader = new JournalReader(run)
    if (marked) reader.marks.adopt(marked)
    reader.add(events)
    return { ...reader.end(), inbox }
  } catch (fault) {
    return { fault }
  }
}

/** Verifies a run's journal and reads its history as its events come. */
class JournalReader {
  /** What opens its events, once they are verified. */
  readonly marks = new RunMarks()
  readonly #check: ChainCheck
  #history: History | undefined
  #last: JournalEvent | undefined

  constructor(run: RunRow) {
    this.#check = new ChainCheck(run.id, headOf(run), beforeChapter(run))
  }

  add(events: JournalEvent[]): void {
    const fault = this.#check.add(events)
    if (fault) throw damaged(fault.problem)
    for (const kept of events) {
      if (isSalted(kept)) this.marks.requireSalt()
      const event = openEvent(kept, this.marks)
      if (this.#history) addToHistory(this.#history, event)
      else this.#history = beginHistory(event)
      this.#last = event
    }
  }

  end(): Omit<LoadedRun, 'inbox'> {
    const fault = this.#check.end()
    if (fault) throw damaged(fault.problem)
    if (!this.#history || !this.#last) throw damaged('it has no events')
    return { history: this.#history, last: this.#last, marks: this.marks }
  }
}

function damaged(problem: string): ReeveError {
  return new ReeveError('journal-damaged', `its journal does not hold together: ${problem}`)
}
