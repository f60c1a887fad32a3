import type { Session } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'
import { countRunning, standInLine, takesAsFirst } from './key-lines.ts'
import { byPlace, type Lane, type Place, readReady, type Wanted } from './lanes.ts'
import { rateLeft, useRate } from './queues/claim-rates.ts'
import { fullQueues, isLimited, type QueueRow } from './queues/queues.ts'
import type { QueueAhead, QueueShares } from './shares.ts'

/** From this many deaths on, a run is driven with no other suspect beside it, so that the guilty one is found. */
export const suspectCrashes = 2

/** Runs that are woken at once: others write between. */
const mostWoken = 2000

/** Makes the runs ready whose timer or start is due by the store's clock, the first of them if there are many. */
export async function wakeDue(session: Session): Promise<number> {
  return session.run(
    `update runs set status = 'queued', available_at = wake_at, wake_at = null
     where status in ('waiting', 'queued') and no in (select no from runs
       where wake_at is not null and wake_at <= reeve_now() and paused = 0 order by wake_at limit ${mostWoken} {skip})`,
  )
}

/** The store's clock (ms). */
export async function storeNow(session: Session): Promise<number> {
  const row = await session.get<{ now: number }>('select reeve_now() as now')
  return row!.now
}

/** When the next timer, delayed start or schedule is due (ms by the store's clock): passed, if it was not seen to yet. */
export async function nextDue(session: Session): Promise<number | undefined> {
  const row = await session.get<{ at: number | null }>(
    `select min(at) as at from (
       select min(wake_at) as at from runs where wake_at is not null and paused = 0
       union all select min(next_at) from schedules where paused = 0
     ) as due`,
  )
  return row?.at ?? undefined
}

export interface ClaimRequest {
  worker: string
  limit: number
  /** Whether this worker drives a suspect already. */
  drivesSuspect: boolean
  /** Those whose workflow versions it has. */
  lanes: Lane[]
  /** How far to look into a lane, at least. */
  chunk?: number
  /** Whether there is memory for a run's history; asked in the order of claiming. Default: there is. */
  admits?: (run: Pick<RunRow, 'no' | 'journal_bytes'>) => boolean
  /** Called when there may be more to claim, however many were claimed. */
  onMore?: () => void
}

/** Whether a run is still held under the claim that a worker remembers. */
export async function isClaimed(
  session: Session,
  claim: { no: number; epoch: number; worker: string },
): Promise<boolean> {
  const row = await session.get('select no from runs where no = ? and epoch = ? and worker = ?', [
    claim.no,
    claim.epoch,
    claim.worker,
  ])
  return row !== undefined
}

/**
 * Claims up to `limit` runs, at most `mostClaimed` at once, of all queues that are open: the best go first, and queues
 * share the room (`shares`). What one queue's limits leave over goes to the others.
 */
export async function claimRuns(
  session: Session,
  queues: QueueRow[],
  shares: QueueShares,
  request: ClaimRequest,
): Promise<RunRow[]> {
  const byQueue = Map.groupBy(request.lanes, ({ queue }) => queue)
  const holding = queues.filter(({ name, paused }) => !paused && byQueue.has(name))
  const full = await fullQueues(session, holding)
  let open = holding.filter(({ name }) => !full.has(name))
  const claimed: RunRow[] = []
  const most = Math.min(request.limit, mostClaimed)
  while (open.length > 0 && claimed.length < most) {
    const room = most - claimed.length
    const alone = open.length === 1
    const lanes = open.flatMap(({ name }) => byQueue.get(name)!)
    const chunk = chunkOf(room, lanes.length)
    const plan = alone
      ? new Map([[open[0]!.name, room]])
      : shares.divide(await lookAhead(session, lanes, { ...request, chunk }), room)
    const dry = new Set<string>()
    for (const queue of open) {
      const limit = plan.get(queue.name)
      if (limit === undefined) continue
      const drivesSuspect = request.drivesSuspect || claimed.some(isSuspect)
      const own = { lanes: byQueue.get(queue.name)!, limit, chunk, drivesSuspect }
      const got = await claimFrom(session, queue, { ...request, ...own })
      if (got.length < limit) dry.add(queue.name)
      claimed.push(...got)
    }
    if (dry.size === 0 || plan.size === 0) break
    open = open.filter(({ name }) => !dry.has(name))
  }
  return claimed
}

const mostClaimed = 200

function isSuspect(run: { crashes: number }): boolean {
  return run.crashes >= suspectCrashes
}

/** So far into each of so many lanes that they hold about twice as many runs as there is room for. */
function chunkOf(room: number, lanes: number): number {
  return Math.min(room, Math.max(4, Math.ceil((2 * room) / lanes)))
}

/** The first ready runs of each queue, as far as it is worth to look before its share is known. */
async function lookAhead(
  session: Session,
  lanes: Lane[],
  request: ClaimRequest & { chunk: number },
): Promise<QueueAhead[]> {
  const places = await placesIn(session, lanes, request)
  const queues: QueueAhead[] = []
  for (const [name, own] of Map.groupBy(lanes.keys(), (index) => lanes[index]!.queue)) {
    const found = own.map((index) => places[index]!)
    const cut = found.some(({ length }) => length === request.chunk)
    queues.push({ name, ahead: inSight(found, request.chunk), cut })
  }
  return queues
}

/** Of the runs that were read of several lanes, in order, those before which none can lie that was not read. */
function inSight(lanes: Place[][], chunk: number): Place[] {
  const sorted = lanes.flat().sort(byPlace)
  let end = sorted.length
  for (const lane of lanes) if (lane.length === chunk) end = Math.min(end, sorted.indexOf(lane.at(-1)!) + 1)
  return sorted.slice(0, end)
}

/** The first places of each lane, `chunk` at most. */
async function placesIn(
  session: Session,
  lanes: Lane[],
  { chunk, drivesSuspect }: { chunk: number; drivesSuspect: boolean },
): Promise<Place[][]> {
  const places: Place[][] = lanes.map(() => [])
  const more = { sql: suspects(drivesSuspect), parameters: [], locks: false }
  const wanted = lanes.map((lane) => ({ lane, limit: chunk }))
  const columns = 'no, fresh, priority, available_at'
  for (const row of await readReady<Place>(session, wanted, columns, more)) places[row.index]!.push(row)
  return places
}

function suspects(drivesSuspect: boolean): string {
  return drivesSuspect ? `and crashes < ${suspectCrashes}` : ''
}

/** Claims up to `limit` runs of one queue, of the lanes given: wake-ups and recoveries first, then by priority and age. */
export async function claimFrom(session: Session, queue: QueueRow, request: ClaimRequest): Promise<RunRow[]> {
  if (queue.paused || request.lanes.length === 0) return []
  if (!isLimited(queue)) return claimAny(session, request)
  const locked = await session.get<QueueRow>('select * from queues where name = ? {lock}', [queue.name])
  if (!locked || locked.paused) return []
  return claimWithin(session, locked, request)
}

async function claimAny(session: Session, request: ClaimRequest): Promise<RunRow[]> {
  const more = { sql: suspects(request.drivesSuspect), parameters: [], locks: true }
  const wanted = await wantedOf(session, request)
  type Row = Pick<RunRow, 'no' | 'crashes' | 'journal_bytes'>
  const rows = await readReady<Row>(session, wanted, 'no, crashes, journal_bytes', more)
  const { admits = () => true } = request
  return take(session, withOneSuspect(rows).filter(admits), request.worker)
}

/** How many runs of each lane come first: looked at without locks, so that what is not taken is not kept from others. */
async function wantedOf(session: Session, request: ClaimRequest): Promise<Wanted[]> {
  const { lanes, limit } = request
  if (lanes.length === 1) return [{ lane: lanes[0]!, limit }]
  const chunk = request.chunk ?? chunkOf(limit, lanes.length)
  const places = await placesIn(session, lanes, { ...request, chunk })
  const first = new Set(inSight(places, chunk).slice(0, limit))
  const wanted = lanes.map((lane, index) => ({
    lane,
    limit: places[index]!.filter((place) => first.has(place)).length,
  }))
  return wanted.filter((each) => each.limit > 0)
}

async function claimWithin(session: Session, queue: QueueRow, request: ClaimRequest): Promise<RunRow[]> {
  let limit = request.limit
  if (queue.concurrency !== null) {
    const running = await session.get<{ count: number }>(
      `select count(*) as count from runs where status = 'running' and queue = ?`,
      [queue.name],
    )
    limit = Math.min(limit, queue.concurrency - running!.count)
  }
  if (limit <= 0) return []
  const fresh = queue.rate_count === null ? limit : await rateLeft(session, queue)
  const admitted = await admit(session, queue, request, { limit, fresh })
  const used = admitted.filter((row) => row.fresh === 1).length
  if (queue.rate_count !== null && used > 0) {
    await useRate(session, queue, used)
  }
  return take(session, admitted, request.worker, queue.key_concurrency !== null)
}

type Candidate = Place & Pick<RunRow, 'crashes' | 'key' | 'journal_bytes'>

/** Runs of one queue that are looked at in one claim, and of those that stand in line from then on. */
const mostLooked = 1000
const mostToLine = 1000

/**
 * The first runs of a queue that its limits admit, `limit` at most and of the new ones `fresh`. Those whose keys are taken
 * are put in line, so that no claim comes upon them again. Nobody else claims of this queue meanwhile: its row is locked.
 */
async function admit(
  session: Session,
  queue: QueueRow,
  request: ClaimRequest,
  { limit, fresh }: { limit: number; fresh: number },
): Promise<Candidate[]> {
  const sql = suspects(request.drivesSuspect) + (fresh <= 0 ? ' and fresh = 0' : '')
  const columns = 'no, crashes, key, fresh, priority, available_at, journal_bytes'
  const most = queue.key_concurrency
  const running = new Map<string, number>()
  const admitted = new Map<number, Candidate>()
  let freshLeft = fresh
  let toLine = 0
  for (let look = most === null ? limit : limit * 4; ; look = Math.min(look * 4, mostLooked)) {
    const wanted = request.lanes.map((lane) => ({ lane, limit: look }))
    const found = await readReady<Candidate>(session, wanted, columns, { sql, parameters: [], locks: true })
    const rows = found
      .sort(byPlace)
      .slice(0, look)
      .filter(({ no }) => !admitted.has(no))
    if (most !== null) await countKeysOf(session, queue.name, rows, running)
    const inLine: Candidate[] = []
    for (const row of rows) {
      if (admitted.size === limit) break
      const { key } = row
      const ofKey = most === null || key === null ? 0 : running.get(key)!
      if (most !== null && ofKey >= most) {
        inLine.push(row)
        continue
      }
      if (isSuspect(row) && [...admitted.values()].some(isSuspect)) continue
      if (request.admits?.(row) === false) continue
      if (row.fresh === 1 && freshLeft-- <= 0) continue
      if (key !== null) running.set(key, ofKey + 1)
      admitted.set(row.no, row)
    }
    if (inLine.length === 0) break
    await standInLine(session, queue.name, inLine)
    // Behind them there may be others; and those that they stand behind may have stopped meanwhile.
    if (toLine === 0) request.onMore?.()
    toLine += inLine.length
    if (admitted.size === limit || found.length < look || toLine >= mostToLine) break
  }
  return [...admitted.values()]
}

async function countKeysOf(
  session: Session,
  queue: string,
  rows: Candidate[],
  running: Map<string, number>,
): Promise<void> {
  const keys = rows.flatMap(({ key }) => (key === null || running.has(key) ? [] : [key]))
  for (const [key, count] of await countRunning(session, queue, [...new Set(keys)])) running.set(key, count)
}

async function take(
  session: Session,
  rows: { no: number }[],
  worker: string,
  keyed = false,
): Promise<RunRow[]> {
  if (rows.length === 0) return []
  const marks = rows.map(() => '?').join(', ')
  const claimed = await session.all<RunRow>(
    `update runs set status = 'running', worker = ?, epoch = epoch + 1, wake_at = null, reason = null
       ${keyed ? `, key_line = ${takesAsFirst}` : ''}
     where status = 'queued' and no in (${marks}) returning *`,
    [worker, ...rows.map((row) => row.no)],
  )
  return claimed.sort((left, right) => left.no - right.no)
}

function withOneSuspect<Row extends { crashes: number }>(rows: Row[]): Row[] {
  let suspects = 0
  return rows.filter((row) => row.crashes < suspectCrashes || suspects++ === 0)
}
