import { moment } from '../../../base/time/time.ts'
import { countPending } from '../../../store/approvals/approvals.ts'
import type { Database } from '../../../store/database.ts'
import { countLane, type Lane, readLanes } from '../../../store/dispatch/lanes.ts'
import { drivenVersions, liveWorkers, versionName } from '../../../store/dispatch/workers.ts'
import { countMoving, countRuns } from '../../../store/runs/run-counts.ts'
import { type RunStatus, runStatuses } from '../../../store/runs/runs.ts'
import { countBudgetWaits } from '../../../store/spending/budget-waits.ts'
import { budgetInWords } from '../../../store/spending/budget-words.ts'
import type { Finding } from './finding.ts'

export async function checkWorkers(database: Database): Promise<Finding> {
  const workers = await liveWorkers(database)
  const moving = await countMoving(database)
  const listed = workers.map(
    ({ host, pid, started_at }) => `process ${pid} on ${host} since ${moment(started_at)}`,
  )
  if (workers.length > 0) return { what: 'workers', state: 'ok', found: fewOf(listed) }
  if (moving === 0) return { what: 'workers', state: 'ok', found: 'none, and nothing to drive' }
  const found = `none, and ${moving} runs could continue`
  return { what: 'workers', state: 'warning', found, advice: 'Start one: reeve dev' }
}

const mostLines = 20

/** As many lines as a person reads. */
function fewOf(lines: string[]): string {
  const more = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** What could go on now, and no worker that is there has. */
export async function checkVersions(database: Database): Promise<Finding> {
  const lacking = await lackingLanes(database)
  if (lacking.length === 0)
    return { what: 'versions', state: 'ok', found: 'workers have the code of the waiting runs' }
  const found = lacking.map(
    ({ queue, workflow, version, queued }) =>
      `no worker has workflow "${workflow}" version ${version}: ${queued} runs wait in queue "${queue}"`,
  )
  const advice = 'Start a worker whose project has them, or bring their files back and start it again.'
  return { what: 'versions', state: 'warning', found: fewOf(found), advice }
}

/** Empty when there is no worker at all. */
export async function lackingLanes(database: Database): Promise<(Lane & { queued: number })[]> {
  const driven = await drivenVersions(database)
  if (!driven) return []
  const lanes = (await readLanes(database)).filter(
    ({ workflow, version }) => !driven.has(versionName(workflow, version)),
  )
  return Promise.all(lanes.map(async (lane) => ({ ...lane, queued: await countLane(database, lane) })))
}

/** What waits for room in a budget. */
async function budgetFindings(database: Database): Promise<Finding[]> {
  const waits = await countBudgetWaits(database)
  if (waits.length === 0) return []
  const found = waits.map(
    ({ scope, runs }) => `${runs} ${runs === 1 ? 'run waits' : 'runs wait'} for ${budgetInWords(scope)}`,
  )
  const advice =
    'Raise it in reeve.config.ts, or let them wait: a daily budget begins anew at 00:00 UTC. See it'
  return [{ what: 'budgets', state: 'warning', found: fewOf(found), advice, command: ['budgets'] }]
}

export async function checkRuns(database: Database): Promise<Finding[]> {
  const counts = await countRuns(database)
  const total = (status: RunStatus) => counts.get(status) ?? 0
  const found =
    runStatuses.flatMap((status) => (total(status) > 0 ? [`${total(status)} ${status}`] : [])).join(', ') ||
    'none yet'
  const findings: Finding[] = [{ what: 'runs', state: 'ok', found }]
  for (const status of ['stuck', 'failed'] as const) {
    if (total(status) === 0) continue
    findings.push({
      what: status,
      state: 'warning',
      found: `${total(status)} runs are ${status}`,
      advice: 'Look at them',
      command: ['runs', '--status', status],
    })
  }
  findings.push(...(await budgetFindings(database)))
  const pending = await countPending(database)
  const waiting: Finding = {
    what: 'approvals',
    state: 'ok',
    found: pending === 0 ? 'nothing waits for a person' : `${pending} wait for a person`,
  }
  if (pending > 0) return [...findings, { ...waiting, advice: 'See them', command: ['approvals'] }]
  return [...findings, waiting]
}
