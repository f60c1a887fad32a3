import type { Database } from '../store/database.ts'
import { type InboxItem, itemsOfRuns, readInbox } from '../store/inbox.ts'
import { eventsOfRuns, type JournalEvent, readEvents } from '../store/journal.ts'
import type { RunRow } from '../store/runs.ts'

/** What driving a claimed run needs of the store. */
export interface LoadedRun {
  events: JournalEvent[]
  inbox: InboxItem[]
}

export async function loadRun(database: Database, run: RunRow): Promise<LoadedRun> {
  return {
    events: await readEvents(database, run.no),
    inbox: run.inbox > 0 ? await readInbox(database, run.no) : [],
  }
}

/** Loads runs by their `no` in two queries, whatever their number. */
export async function loadRuns(database: Database, runs: RunRow[]): Promise<Map<number, LoadedRun>> {
  const loaded = new Map<number, LoadedRun>(runs.map(({ no }) => [no, { events: [], inbox: [] }]))
  const withItems = runs.filter(({ inbox }) => inbox > 0)
  await database.transaction(async (session) => {
    const numbers = (some: RunRow[]) => some.map(({ no }) => [no])
    for (const event of await session.bulk<JournalEvent>(eventsOfRuns, numbers(runs))) {
      loaded.get(event.run)!.events.push(event)
    }
    if (withItems.length === 0) return
    for (const item of await session.bulk<InboxItem>(itemsOfRuns, numbers(withItems))) {
      loaded.get(item.run)!.inbox.push(item)
    }
  })
  return loaded
}
