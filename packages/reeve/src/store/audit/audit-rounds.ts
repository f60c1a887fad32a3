import { verifyActs } from '../authority/authority-log.ts'
import type { Database } from '../database.ts'
import { type AuditedRuns, type AuditFault, addPruned, findStrays, type PrunedEvents } from './audit.ts'
import { type AuditMark, mostFaulty, noMark, readMark, saveMark } from './audit-mark.ts'
import type { KeptHead } from './heads/head.ts'
import { type HeadsReport, verifyHeads } from './heads/verify-heads.ts'

/** Recomputes the chains of runs of a stretch of numbers, or of just these. */
export type VerifyPart = (part: { after: number; upTo: number } | { runs: number[] }) => Promise<AuditedRuns>

export interface AuditOptions {
  /** Verifies everything, whatever is remembered. */
  all?: boolean
  verify: VerifyPart
  /** How many parts are verified at once. */
  width: number
  signal?: AbortSignal
  /** Heads that were kept outside of the database. */
  kept?: readonly KeptHead[]
  /** See `sampleRuns`. */
  sample?: number
  onProgress?: (runs: number) => void
}

export interface AuditRound {
  /** Verified now. */
  runs: number
  events: number
  pruned: PrunedEvents
  faults: AuditFault[]
  /** Whether what was remembered was damaged, and so left aside. */
  markDamaged: boolean
  /** What was verified before and did not change since; undefined when everything was verified now. */
  before: { runs: number; at: number; sampled: number } | undefined
  /** Signed heads, and which keys signed them; undefined when it did not come so far. */
  heads: { count: number; signedBy: HeadsReport['signedBy'] } | undefined
  /** False when it was interrupted: the next one goes on where this one ended. */
  complete: boolean
}

const partRuns = 1000
const saveEveryMs = 2000
/** Of what was verified before, so many are verified again, chosen by chance; a database with no more always is as a whole. */
const sampleRuns = 1000
const scannedAtOnce = 50_000
/** A run's end is stamped by its worker's reading of the store's clock. */
const clockSlackMs = 60_000

/**
 * Verifies the journals that came or changed since the last time, in parts and several at once, and remembers how far it
 * came: with `signal` aborted it ends after the parts under way, and the next call goes on from there.
 *
 *   changed since → a sample of the rest → new ones, in the order of their numbers
 */
export async function verifyRound(
  database: Database,
  now: number,
  options: AuditOptions,
): Promise<AuditRound> {
  const { verify, width, signal, onProgress, sample: size = sampleRuns } = options
  const remembered = await readMark(database)
  const isSmall = await hasFewRuns(database, size)
  const mark: AuditMark =
    options.all || isSmall || remembered === undefined || remembered === 'damaged'
      ? { ...noMark }
      : { ...remembered }
  const round: AuditRound = {
    runs: 0,
    events: 0,
    pruned: { runs: 0, events: 0 },
    faults: [],
    markDamaged: remembered === 'damaged',
    before: undefined,
    heads: undefined,
    complete: false,
  }
  const faulty = new Set<number>()
  const count = (found: AuditedRuns) => {
    round.runs += found.runs
    round.events += found.events
    addPruned(round.pruned, found.pruned)
    for (const { no, ...fault } of found.faults) {
      if (faulty.has(no)) continue
      faulty.add(no)
      round.faults.push(fault)
    }
    onProgress?.(round.runs)
  }
  const verifyAll = (parts: AsyncIterable<number[]>) =>
    inOrder(
      parts,
      width,
      signal,
      (runs) => verify({ runs }),
      (_, found) => count(found),
    )

  if (mark.through >= 0) {
    const verifiedBefore = await countThrough(database, mark.through)
    const again = new Set<number>(mark.faulty)
    for await (const runs of changedRuns(database, mark)) for (const no of runs) again.add(no)
    const sample = [...(await sampleOf(database, mark.through, size))].filter((no) => !again.has(no))
    await verifyAll(partsOf([...again, ...sample]))
    round.before = { runs: Math.max(0, verifiedBefore - again.size), at: mark.at, sampled: sample.length }
  }
  if (signal?.aborted) return round
  mark.changedSince = now - clockSlackMs
  mark.faulty = [...faulty]
  let savedAt = performance.now()
  const advance = async ({ upTo }: { upTo: number }, found: AuditedRuns) => {
    count(found)
    // The mark stands before what it cannot remember as faulty.
    if (faulty.size > mostFaulty) return
    Object.assign(mark, { through: upTo, faulty: [...faulty] })
    if (performance.now() - savedAt < saveEveryMs) return
    savedAt = performance.now()
    await remember(database, mark, now)
  }
  await inOrder(newRuns(database, mark.through), width, signal, verify, advance)
  await remember(database, mark, now)
  if (signal?.aborted) return round
  round.faults.push(...(await findStrays(database)))
  const heads = await verifyHeads(database, options.kept)
  round.heads = { count: heads.heads, signedBy: heads.signedBy }
  round.faults.push(...heads.faults)
  const { fault } = await verifyActs(database)
  if (fault) round.faults.push({ runId: 'none: the audit log of people and rights', ...fault })
  round.complete = true
  return round
}

async function remember(database: Database, mark: AuditMark, now: number): Promise<void> {
  if (mark.through < 0) return
  const run = await database.get<{ hash: string }>(
    'select hash from events where run = ? order by seq desc limit 1',
    [mark.through],
  )
  await saveMark(database, { ...mark, head: run?.hash ?? null, at: now })
}

/** Runs `act` for several parts at once, and `done` for each in their order. Asks for no more once `signal` is aborted. */
async function inOrder<Part, Found>(
  parts: AsyncIterable<Part>,
  width: number,
  signal: AbortSignal | undefined,
  act: (part: Part) => Promise<Found>,
  done: (part: Part, found: Found) => void | Promise<void>,
): Promise<void> {
  const underWay: { part: Part; found: Promise<Found> }[] = []
  const finishFirst = async () => {
    const { part, found } = underWay.shift()!
    await done(part, await found)
  }
  for await (const part of parts) {
    if (signal?.aborted) break
    const found = act(part)
    // It is looked at in its turn.
    found.catch(() => undefined)
    underWay.push({ part, found })
    if (underWay.length >= width) await finishFirst()
  }
  while (underWay.length > 0) await finishFirst()
}

async function* partsOf(runs: number[]): AsyncGenerator<number[]> {
  for (let at = 0; at < runs.length; at += partRuns) yield runs.slice(at, at + partRuns)
}

async function* newRuns(
  database: Database,
  through: number,
): AsyncGenerator<{ after: number; upTo: number }> {
  const last = (await database.get<{ no: number | null }>('select max(no) as no from runs'))?.no ?? -1
  for (let after = through; after < last; ) {
    const row = await database.get<{ no: number }>(
      'select no from runs where no > ? and no <= ? order by no limit 1 offset ?',
      [after, last, partRuns - 1],
    )
    const upTo = row?.no ?? last
    yield { after, upTo }
    after = upTo
  }
}

/** Of the runs verified before, those that may have gone on since. */
async function* changedRuns(database: Database, mark: AuditMark): AsyncGenerator<number[]> {
  for (let after = -1; after < mark.through; after += scannedAtOnce) {
    const rows = await database.all<{ no: number }>(
      'select no from runs where no > ? and no <= ? and (ended_at is null or ended_at >= ?) order by no',
      [after, Math.min(mark.through, after + scannedAtOnce), mark.changedSince],
    )
    yield rows.map(({ no }) => no)
  }
}

async function sampleOf(database: Database, through: number, size: number): Promise<Set<number>> {
  const sample = new Set<number>()
  for (let tries = 0; tries < size; tries++) {
    const from = Math.floor(Math.random() * (through + 1))
    const row = await database.get<{ no: number }>(
      'select no from runs where no >= ? and no <= ? order by no limit 1',
      [from, through],
    )
    if (row) sample.add(row.no)
  }
  return sample
}

async function hasFewRuns(database: Database, few: number): Promise<boolean> {
  return (await database.get('select no from runs order by no limit 1 offset ?', [few])) === undefined
}

async function countThrough(database: Database, through: number): Promise<number> {
  return (await database.get<{ count: number }>('select count(*) as count from runs where no <= ?', [
    through,
  ]))!.count
}
