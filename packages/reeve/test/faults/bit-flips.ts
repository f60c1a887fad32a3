import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/time/time.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import type { Tools } from './fault.ts'
import { eventsSql, faultOfImages, type KeptEvent, type Recording } from './images/recording.ts'
import { isSame } from './power-loss.ts'

/**
 * Flips bits of the files of a database that nobody has open. A flip in the log cuts it off there, which SQLite takes for
 * a commit that never was: what is left must be a true beginning. Any other loss must be noticed.
 */
export const bitFlips = faultOfImages(
  {
    name: 'bit-flips',
    injects: '1 to 8 bits flipped in the database, its log or a blob',
    invariants: 'detected, or a true beginning is left',
    trials: 500,
  },
  inspect,
)

async function inspect({ snapshots, events }: Recording, seed: number, tools: Tools): Promise<Violation[]> {
  const random = seeded(`bit flips ${seed}`)
  const snapshot = snapshots[Math.floor((0.5 + random() / 2) * snapshots.length)]!
  const database = Buffer.from(snapshot.database)
  const wal = Buffer.from(snapshot.wal)
  const target = random() < 0.6 || wal.length === 0 ? database : wal
  const flips = 1 + Math.floor(random() * 8)
  for (let flip = 0; flip < flips; flip++) {
    const place = Math.floor(random() * target.length)
    target[place] = target[place]! ^ (1 << Math.floor(random() * 8))
  }
  const folder = join(tools.folder, `flipped-${seed}`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'reeve.db')
  writeFileSync(file, database)
  writeFileSync(`${file}-wal`, wal)
  const where = target === wal ? 'log' : 'database'
  const wrong = await silentlyWrong(file, events, snapshot.events, target === wal)
  if (wrong) return [{ invariant: 'I5', what: `${flips} flips in the ${where}: ${wrong}` }]
  rmSync(folder, { recursive: true })
  return []
}

/** What is wrong and was not noticed. */
async function silentlyWrong(
  file: string,
  events: KeptEvent[],
  count: number,
  mayLoseTail: boolean,
): Promise<string | undefined> {
  let database: ReturnType<typeof openSqlite> | undefined
  try {
    database = openSqlite({ file, clock: systemClock })
    const audit = await verifyAudit(database)
    if (audit.faults.length > 0 || audit.integrity.length > 0) return
    const kept = await database.all<KeptEvent>(eventsSql)
    const changed = kept.findIndex((event, place) => !isSame(event, events[place]))
    if (changed >= 0) return `event ${changed} was changed and nothing noticed it`
    if (kept.length < count && !mayLoseTail)
      return `${count - kept.length} events are gone and nothing noticed it`
    const astray = await database.get<{ id: string; status: string; type: string }>(
      `select r.id, r.status, e.type from runs r join events e on e.run = r.no and e.seq = r.head_seq
       where r.head_seq is not null and (r.ended_at is not null) <> (e.type in ('run-succeeded', 'run-failed', 'run-cancelled'))
          or (r.ended_at is not null and e.type <> 'run-' || r.status)`,
    )
    return (
      astray && `run ${astray.id} is ${astray.status} by its row, and its journal ends with ${astray.type}`
    )
  } catch {
    // It was noticed.
    return
  } finally {
    await database?.close().catch(() => undefined)
  }
}
