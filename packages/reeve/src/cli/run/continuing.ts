import { safeLine } from '../../base/text/one-line.ts'
import { listRunPage } from '../../inspect/lists/run-list.ts'
import type { RunSummary } from '../../inspect/run/run-view.ts'
import type { Database } from '../../store/database.ts'
import { countMoving } from '../../store/runs/run-counts.ts'
import { presentWorkers } from '../terminal/workspace.ts'

const mostNamed = 5

export interface Continuing {
  count: number
  /** The newest of them. */
  runs: RunSummary[]
}

/**
 * What a worker that is about to start takes up: runs that a process which is gone left behind, and those that nobody began.
 * None where another worker drives them.
 */
export async function continuingRuns(database: Database): Promise<Continuing> {
  if ((await presentWorkers(database)).length > 0) return { count: 0, runs: [] }
  const count = await countMoving(database)
  if (count === 0) return { count, runs: [] }
  const { runs } = await listRunPage(database, { statuses: ['running', 'queued'], limit: mostNamed })
  return { count, runs: runs.filter(({ paused }) => !paused) }
}

/** `3 runs continue: invoice R-1, invoice R-2 and 1 more`; undefined: there is none. */
export function continuingLine({ count, runs }: Continuing): string | undefined {
  if (count === 0) return undefined
  const named = runs.map((run) => safeLine(`${run.workflow} ${run.key ?? run.workflowKey ?? run.id}`))
  const more = count - named.length
  const those = [named.join(', '), ...(more > 0 ? [`${more} more`] : [])].filter((text) => text !== '')
  return `${count} ${count === 1 ? 'run continues' : 'runs continue'}: ${those.join(' and ')}`
}
