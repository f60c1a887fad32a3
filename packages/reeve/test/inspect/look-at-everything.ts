import { approvalPage } from '../../src/inspect/approvals/approval-page.ts'
import { evalResult, evalResults, lastResult } from '../../src/inspect/evals/eval-view.ts'
import { pageOfEvents } from '../../src/inspect/events/event-view.ts'
import { failureClasses } from '../../src/inspect/failures/failure-classes.ts'
import { viewToday } from '../../src/inspect/health/today.ts'
import { workMetrics } from '../../src/inspect/health/work-metrics.ts'
import { waitingPage } from '../../src/inspect/lists/people-inbox.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import { viewRun } from '../../src/inspect/run/run-view.ts'
import type { Database } from '../../src/store/database.ts'
import { endedRuns } from '../../src/store/evals/ended-runs.ts'
import { keepResult } from '../../src/store/evals/results.ts'
import type { RunStatus } from '../../src/store/runs/runs.ts'

const statuses: RunStatus[] = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stuck']

/** Reads each page that a screen has, with every filter, and again where the first page ended. */
export async function lookAtEverything(database: Database, now: number): Promise<void> {
  await viewToday(database, now)
  await failureClasses(database, now - 1e9)
  for (const filter of [{}, { workflow: 'all' }, { since: now - 1e9 }]) {
    const [ended] = await endedRuns(database, filter, 1)
    if (ended) await endedRuns(database, filter, 1, ended)
  }
  for (const worker of [
    { kind: 'agent', agent: 'desk' },
    { kind: 'directive', workflow: 'all' },
  ] as const)
    await workMetrics(database, worker, now - 1e9)
  await lookAtResults(database, now)
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

/** What an evaluation came to is kept, found by its name and by itself, and goes when a hundred others came after it. */
async function lookAtResults(database: Database, now: number): Promise<void> {
  const row = { name: 'all', run_by: 'ada', data_hash: 'x', verdict: 'passed', baseline: null, summary: '{}' }
  for (let at = 0; at <= 100; at++)
    await keepResult(database, { ...row, id: `eval-${now}-${at}`, at: now + at }, [
      { case_id: 'a', result: '{"id":"a"}' },
    ])
  const kept = await evalResults(database, { name: 'all', limit: 200 })
  if (kept.length !== 100) throw new Error(`${kept.length} results are kept, not 100`)
  if ((await lastResult(database, 'all'))?.id !== `eval-${now}-100`)
    throw new Error('the last result is another')
  if ((await evalResult(database, kept[0]!.id)).cases.length !== 1) throw new Error('its case is not there')
  const left = await database.all('select eval from eval_cases')
  if (left.length !== 100) throw new Error(`${left.length} cases are kept, not 100`)
}
