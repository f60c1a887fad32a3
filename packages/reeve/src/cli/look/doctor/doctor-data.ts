import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatMs, moment, systemClock } from '../../../base/time/time.ts'
import type { Database } from '../../../store/database.ts'
import { countLane, type Lane, readLanes } from '../../../store/dispatch/lanes.ts'
import { drivenVersions, versionName } from '../../../store/dispatch/workers.ts'
import { movedTo } from '../../../store/identity/moved.ts'
import { readOwner } from '../../../store/identity/ownership.ts'
import { tailEnd } from '../../../store/journal/journal.ts'
import { checkIntegrity as checkDatabase } from '../../../store/keeping/integrity.ts'
import { schemaVersion } from '../../../store/migrations.ts'
import { countPending } from '../../../store/runs/approvals.ts'
import { countRuns } from '../../../store/runs/run-counts.ts'
import type { RunStatus } from '../../../store/runs/runs.ts'
import { clockSlackMs } from '../../../store/store-clock.ts'
import { findUnsafeNumbers } from '../../../store/unsafe-numbers.ts'
import type { Cli } from '../../cli.ts'
import { presentWorkers, type Workspace } from '../../terminal/workspace.ts'
import type { Finding } from './doctor.ts'

const mib = 1024 * 1024
const scarceMib = 1024
const exhaustedMib = 100

export async function checkData({ database }: Workspace): Promise<Finding> {
  const size = statSync(database.place, { throwIfNoEntry: false })?.size
  const counted = size === undefined ? '' : `, ${(size / mib).toFixed(1)} MiB`
  const copy = await movedTo(database)
  if (copy !== undefined) {
    const advice = 'Point DATABASE_URL there; or, to give the copy up: reeve db reopen'
    return { what: 'database', state: 'error', found: `${database.place} was copied to ${copy}`, advice }
  }
  const names = (await readOwner(database))?.names ?? []
  const [owner, ...former] = names.toReversed()
  const known = former.length > 0 ? ` (before: ${former.join(', ')})` : ''
  return {
    what: 'database',
    state: 'ok',
    found: `${database.place} (${database.kind}, schema version ${schemaVersion}${counted})${owner === undefined ? '' : `, of the project ${owner}${known}`}`,
  }
}

export async function checkIntegrity({ database }: Workspace): Promise<Finding> {
  const { problems, unchecked } = await checkDatabase(database)
  if (problems.length === 0 && unchecked.length > 0) {
    const found = `not checked, because too much is written to them now: ${unchecked.join(', ')}; the rest holds together`
    const advice =
      'Try again when less is written, or make a backup, which is checked as a whole: reeve backup'
    return { what: 'integrity', state: 'warning', found, advice }
  }
  if (problems.length === 0) return { what: 'integrity', state: 'ok', found: 'the database holds together' }
  const advice = 'Stop the workers, keep a copy of the file, restore a backup.'
  return { what: 'integrity', state: 'error', found: problems.slice(0, 5).join('\n'), advice }
}

/** What was written by an older version, or by a hand in the database. */
export async function checkNumbers(cli: Cli, { database }: Workspace): Promise<Finding> {
  const found = await findUnsafeNumbers(database)
  if (found.length === 0) return { what: 'numbers', state: 'ok', found: 'every one is kept exactly' }
  const lines = found.map(({ table, rows, runs }) => {
    const whose = runs.length > 0 ? ` (of run ${runs.join(', ')})` : ''
    return `${rows} rows of "${table}" hold numbers beyond 2^53 or fractions${whose}`
  })
  const advice = `Times and priorities there may be wrong. Look at the runs, then end them: ${cli.command('cancel', 'RUN')}`
  return { what: 'numbers', state: 'error', found: lines.join('\n'), advice }
}

export async function checkWorkers({ database }: Workspace): Promise<Finding> {
  const workers = await presentWorkers(database)
  const rows = await database.all<{ count: number }>(
    `select count(*) as count from runs where paused = 0 and status in ('queued', 'running')`,
  )
  const moving = rows[0]!.count
  const listed = workers.map(
    ({ host, pid, started_at }) => `process ${pid} on ${host} since ${moment(started_at)}`,
  )
  if (workers.length > 0) return { what: 'workers', state: 'ok', found: fewOf(listed) }
  if (moving === 0) return { what: 'workers', state: 'ok', found: 'none, and nothing to drive' }
  const found = `none, and ${moving} runs could go on`
  return { what: 'workers', state: 'warning', found, advice: 'Start one: reeve dev' }
}

const mostLines = 20

/** As many lines as a person reads. */
function fewOf(lines: string[]): string {
  const more = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** What could go on now, and no worker that is there has. */
export async function checkVersions({ database }: Workspace): Promise<Finding> {
  const lacking = await lackingLanes(database)
  if (lacking.length === 0)
    return { what: 'versions', state: 'ok', found: 'workers have what waits for them' }
  const found = lacking.map(
    ({ queue, workflow, version, queued }) =>
      `no worker has workflow "${workflow}" version ${version}: ${queued} runs wait in queue "${queue}"`,
  )
  const advice = 'Start a worker whose project has them, or bring their files back and start it anew.'
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

export async function checkRuns(cli: Cli, { database }: Workspace): Promise<Finding[]> {
  const counts = await countRuns(database)
  const total = (status: RunStatus) => counts.get(status) ?? 0
  const all: RunStatus[] = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stuck']
  const found =
    all.flatMap((status) => (total(status) > 0 ? [`${total(status)} ${status}`] : [])).join(', ') ||
    'none yet'
  const findings: Finding[] = [{ what: 'runs', state: 'ok', found }]
  for (const status of ['stuck', 'failed'] as const) {
    if (total(status) === 0) continue
    findings.push({
      what: status,
      state: 'warning',
      found: `${total(status)} runs are ${status}`,
      advice: `Look at them: ${cli.command('runs', '--status', status)}`,
    })
  }
  const pending = await countPending(database)
  const waiting: Finding = {
    what: 'approvals',
    state: 'ok',
    found: pending === 0 ? 'nothing waits for a person' : `${pending} wait for a person`,
  }
  if (pending > 0) waiting.advice = `See them: ${cli.command('approvals')}`
  return [...findings, waiting]
}

export async function checkDisk({ folder, database }: Workspace): Promise<Finding> {
  const disk = statfsSync(
    statSync(database.place, { throwIfNoEntry: false }) ? dirname(database.place) : folder,
  )
  const freeMib = (disk.bavail * disk.bsize) / mib
  const found = `${Math.round(freeMib)} MiB free`
  if (freeMib >= scarceMib) return { what: 'disk', state: 'ok', found }
  const advice = 'Free some space: with a full disk runs stop (nothing is lost) until there is room.'
  return { what: 'disk', state: freeMib < exhaustedMib ? 'error' : 'warning', found, advice }
}

/**
 * Runs go by the store's clock. One that went back would hold timers up and let events look older than those before
 * them; where it is another machine's, this one's may be off.
 */
export async function checkClock({ database }: Workspace): Promise<Finding> {
  const now = (database.clock ?? systemClock).now()
  const { skewMs = 0 } = database
  if (Math.abs(skewMs) > clockSlackMs) {
    const found = `this machine says ${moment(systemClock.now())}, ${formatMs(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the database`
    const advice = 'Set its clock right (NTP): runs go by the database, but dates read in steps are wrong.'
    return { what: 'clock', state: 'warning', found, advice }
  }
  const last = await tailEnd(database)
  if (!last || last.at <= now + clockSlackMs) return { what: 'clock', state: 'ok', found: moment(now) }
  const found = `it says ${moment(now)}, but the newest event is ${formatMs(last.at - now)} later`
  const advice = `Set the clock of ${database.kind === 'sqlite' ? 'this machine' : "the database's machine"} right (NTP): timers would fire late.`
  return { what: 'clock', state: 'warning', found, advice }
}
