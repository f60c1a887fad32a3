import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatMs, moment, systemClock } from '../../../base/time/time.ts'
import type { Database } from '../../../store/database.ts'
import { movedTo } from '../../../store/identity/moved.ts'
import { readOwner } from '../../../store/identity/ownership.ts'
import { tailEnd } from '../../../store/journal/journal.ts'
import { checkIntegrity as checkDatabase } from '../../../store/keeping/integrity.ts'
import { schemaVersion } from '../../../store/migrations.ts'
import { clockSlackMs } from '../../../store/store-clock.ts'
import { findUnsafeNumbers } from '../../../store/unsafe-numbers.ts'
import type { Finding } from './finding.ts'

const mib = 1024 * 1024
const scarceMib = 1024
const exhaustedMib = 100

export async function checkData(database: Database): Promise<Finding> {
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

export async function checkIntegrity(database: Database): Promise<Finding> {
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
export async function checkNumbers(database: Database): Promise<Finding> {
  const found = await findUnsafeNumbers(database)
  if (found.length === 0) return { what: 'numbers', state: 'ok', found: 'every one is kept exactly' }
  const lines = found.map(({ table, rows, runs }) => {
    const whose = runs.length > 0 ? ` (of run ${runs.join(', ')})` : ''
    return `${rows} rows of "${table}" hold numbers beyond 2^53 or fractions${whose}`
  })
  const advice = 'Times and priorities there may be wrong. Look at the runs, then end them'
  return { what: 'numbers', state: 'error', found: lines.join('\n'), advice, command: ['cancel', 'RUN'] }
}

export async function checkDisk(database: Database, folder: string): Promise<Finding> {
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
export async function checkClock(database: Database): Promise<Finding> {
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
