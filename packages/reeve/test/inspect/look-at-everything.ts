import { approvalPage } from '../../src/inspect/approvals/approval-page.ts'
import { pageOfEvents } from '../../src/inspect/events/event-view.ts'
import { viewToday } from '../../src/inspect/health/today.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import { waitingPage } from '../../src/inspect/lists/waiting.ts'
import { viewRun } from '../../src/inspect/run/run-view.ts'
import type { Database } from '../../src/store/database.ts'
import type { RunStatus } from '../../src/store/runs/runs.ts'

const statuses: RunStatus[] = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stuck']

/** Reads each page that a screen has, with every filter, and again where the first page ended. */
export async function lookAtEverything(database: Database, now: number): Promise<void> {
  await viewToday(database, now)
  for (const filter of [{}, { text: 'x' }, { workflow: 'all' }, ...statuses.map((status) => ({ status }))]) {
    const times = { since: now - 1e9, until: now + 1e9 }
    for (const options of [
      { ...filter, limit: 1 },
      { ...filter, ...times, limit: 1 },
    ]) {
      const { runs, next } = await listRunPage(database, options)
      if (next !== null) await listRunPage(database, { ...options, cursor: next })
      if (runs[0] === undefined) continue
      await viewRun(database, runs[0].id)
      await pageOfEvents(database, runs[0].id, { after: 1 })
      await pageOfEvents(database, runs[0].id, { before: 9 })
    }
  }
  const { items, next } = await waitingPage(database, { limit: 1 })
  if (next !== null) await waitingPage(database, { cursor: next })
  for (const { approval } of items) if (approval) await approvalPage(database, approval.id)
}
