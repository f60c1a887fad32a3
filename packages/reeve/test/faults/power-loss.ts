import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import type { Tools } from './fault.ts'
import {
  eventsSql,
  faultOfImages,
  goOn,
  type KeptEvent,
  type Recording,
  type Snapshot,
} from './images/recording.ts'

const sectorBytes = 512
const headerBytes = 32

/**
 * Takes the disk as it was after one commit, and of what was written until the next one lets some sectors arrive, some
 * not, and some in part. A commit counts as synced once it is acknowledged, as `synchronous = full` promises: that the
 * disk keeps that promise is not tested here.
 */
export const powerLoss = faultOfImages(
  {
    name: 'power-loss',
    injects: 'unsynced sectors of the database and its log dropped, reordered or torn',
    invariants: 'I1 I5 I6',
    trials: 500,
  },
  inspect,
)

async function inspect({ snapshots, events }: Recording, seed: number, tools: Tools): Promise<Violation[]> {
  const random = seeded(`power loss ${seed}`)
  const index = Math.floor(random() * (snapshots.length - 1))
  const base = snapshots[index]!
  const image = loseSome(base, snapshots[index + 1]!, random)
  const folder = join(tools.folder, `image-${seed}`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'reeve.db')
  writeFileSync(file, image.database)
  writeFileSync(`${file}-wal`, image.wal)
  const clock = new FakeClock(Date.UTC(2026, 0, 2))
  const violations: Violation[] = []
  const database = openSqlite({ file, clock })
  try {
    const kept = await database.all<KeptEvent>(eventsSql)
    const lost = events.slice(0, base.events).filter((event, place) => !isSame(event, kept[place]))
    if (lost.length > 0)
      violations.push({
        invariant: 'I1',
        what: `after commit ${index}, ${lost.length} acknowledged events are lost`,
      })
    await goOn(database, clock)
    const audit = await verifyAudit(database)
    for (const fault of audit.faults)
      violations.push({
        invariant: 'I5',
        what: `after commit ${index}, run ${fault.runId}: ${fault.problem}`,
      })
    for (const what of audit.integrity) violations.push({ invariant: 'I6', what })
    const resting = await database.all<{ status: string }>(
      `select status from runs where status not in ('succeeded', 'failed')`,
    )
    if (resting.length > 0)
      violations.push({ invariant: 'I4', what: `after commit ${index}, a run is ${resting[0]!.status}` })
  } catch (error) {
    violations.push({ invariant: 'I6', what: `after commit ${index}: ${String(error)}` })
  } finally {
    await database.close()
  }
  if (violations.length === 0) rmSync(folder, { recursive: true })
  return violations
}

export function isSame(left: KeptEvent, right: KeptEvent | undefined): boolean {
  return (
    left.run === right?.run &&
    left.seq === right.seq &&
    left.hash === right.hash &&
    left.payload === right.payload
  )
}

/** A checkpoint syncs the log before it writes the database, and the database before the log begins anew. */
function loseSome(base: Snapshot, next: Snapshot, random: () => number): { database: Buffer; wal: Buffer } {
  const checkpointed = !base.database.equals(next.database)
  if (checkpointed && random() < 0.5)
    return { database: mixed(base.database, next.database, random), wal: base.wal }
  const begun = Buffer.from(base.wal)
  if (!base.wal.subarray(0, headerBytes).equals(next.wal.subarray(0, headerBytes))) {
    // The log begins anew: its header is synced before anything follows it.
    const arrived = random() < 0.3 ? Math.floor(random() * headerBytes) : headerBytes
    next.wal.copy(begun, 0, 0, arrived)
    if (arrived < headerBytes) return { database: next.database, wal: begun }
  }
  return { database: next.database, wal: mixed(begun, next.wal, random) }
}

function mixed(before: Buffer, after: Buffer, random: () => number): Buffer {
  const way = Math.floor(random() * 4)
  const size = way === 0 ? before.length : Math.max(before.length, after.length)
  const image = Buffer.alloc(size)
  before.copy(image)
  const sectors = changedSectors(before, after)
  if (way === 0 || sectors.length === 0) return image
  const last = Math.floor(random() * (sectors.length + 1))
  sectors.forEach((start, place) => {
    const arrives = way === 1 ? place < last : random() < 0.7
    if (arrives) after.copy(image, start, start, start + sectorBytes)
    else if (way === 3 && random() < 0.3) {
      for (let byte = start; byte < Math.min(start + sectorBytes, size); byte++) {
        // What was there before and stays is not touched (SQLite's "powersafe overwrite").
        if (image[byte] === after[byte]) continue
        image[byte] = random() < 0.5 ? (after[byte] ?? 0) : Math.floor(random() * 256)
      }
    }
  })
  // The file may have become longer or not.
  return random() < 0.5 ? image : image.subarray(0, Math.max(before.length, (sectors[last - 1] ?? 0) + 100))
}

function changedSectors(before: Buffer, after: Buffer): number[] {
  const sectors: number[] = []
  for (let start = 0; start < after.length; start += sectorBytes) {
    const end = start + sectorBytes
    if (!before.subarray(start, end).equals(after.subarray(start, end))) sectors.push(start)
  }
  return sectors
}
