import type { Bulk, Session, Value } from '../database.ts'
import type { Lane } from './lanes.ts'

/**
 * A queue may limit how many runs of one key run at once. Those that cannot go on because of it stand in their key's line,
 * out of the index of ready runs: what a claim costs does not depend on how many there are. `runs.key_line`:
 *
 *   0 in no line → 1 in line, behind runs that run → 0 let out
 *   0 runs → 2 runs, and others stand behind it → (runs no longer) 0, and as many are let out as there is room for
 *   0, 1 queued → 2 paused, cancelled or put off → 0, and the same
 *
 * A run is put in line by the claim that finds its key taken, or when it is queued behind a run that others stand behind.
 * Whatever makes a run with 2 stop running need not know of lines: the row is then in the index `runs_freeing`, where
 * `letOut` looks. Whoever puts a run in line writes the rows of those that run in the same transaction, even when they say
 * so already: one that stops running meanwhile waits for that, or is found afterwards.
 */
export interface Keyed {
  queue: string
  key: string
}

const keyColumns = { queue: 'text', key: 'text' } as const

const putInLine: Bulk = {
  columns: { no: 'int' },
  sql: `update runs set key_line = 1 {from} where runs.no = :no and runs.status = 'queued' and runs.key_line = 0`,
}

const runningOfKeys: Bulk = {
  columns: keyColumns,
  sql: `select runs.no, runs.key_line from runs {also}
    where runs.status = 'running' and runs.queue = :queue and runs.key = :key`,
}

/** By number alone: one that does not run any more is to be found in `runs_freeing`. */
const markBefore: Bulk = {
  columns: { no: 'int' },
  sql: 'update runs set key_line = 2 {from} where runs.no = :no',
}

const letOutRuns: Bulk = {
  columns: { no: 'int' },
  sql: `update runs set key_line = 0 {from} where runs.no = :no and runs.key_line = 1 and runs.status = 'queued'`,
}

const countKeys: Bulk = {
  columns: keyColumns,
  sql: `select :queue as queue, :key as key, (select count(*) from runs
      where runs.status = 'running' and runs.queue = :queue and runs.key = :key) as count {from}`,
}

const resetFreeing: Bulk = {
  columns: { no: 'int' },
  sql: `update runs set key_line = 0 {from} where runs.no = :no and runs.key_line = 2 and runs.status <> 'running'`,
}

/**
 * In an insert of a queued run: whether it stands in line from the first, because others of its lane do. One that runs, and
 * others stand behind, is locked: it does not stop before the line is seen to be longer.
 */
export const bornInLine = `case when :key is not null and :available_at <= :created_at
  and exists (select 1 from runs line where line.key_line = 1 and line.queue = :queue and line.key = :key
    and line.workflow = :workflow and line.version = :version) and (select ahead.no from runs ahead
    where ahead.status = 'running' and ahead.queue = :queue and ahead.key = :key and ahead.key_line = 2 limit 1 {skip})
  is not null then 1 else 0 end`

/** In an update of a claimed run of a queue with a limit by key. */
export const takesAsFirst = `case when key is not null and exists (select 1 from runs line
  where line.key_line = 1 and line.queue = runs.queue and line.key = runs.key) then 2 else 0 end`

/**
 * In an update that may take a queued run out of its line, or out of what is ready after it was let out: its key is looked
 * at as if it had run.
 */
export const leavesLine = `key_line = case when runs.key is not null and runs.status = 'queued' then 2 else runs.key_line end`

/** How many runs of each of these keys run. */
export async function countRunning(
  session: Session,
  queue: string,
  keys: string[],
): Promise<Map<string, number>> {
  const rows = keys.map((key) => [queue, key])
  const counts = await session.bulk<{ key: string; count: number }>(countKeys, rows)
  return new Map(counts.map(({ key, count }) => [key, count]))
}

/** Puts queued runs, whose keys are taken, in line. In the transaction that holds their queue's lock. */
export async function standInLine(
  session: Session,
  queue: string,
  runs: { no: number; key: string | null }[],
): Promise<void> {
  const keys = [...new Set(runs.map(({ key }) => key!))]
  const ahead = await session.bulk<{ no: number }>(
    runningOfKeys,
    keys.map((key) => [queue, key]),
  )
  await session.bulk(
    putInLine,
    runs.map(({ no }) => [no]),
  )
  await session.bulk(
    markBefore,
    ahead.map(({ no }) => [no]),
  )
}

/** Runs that are seen to in one call, and keys in one statement. */
const mostFreed = 500
const mostLetOut = 2000
const keysAtOnce = 50

/** Lets runs out of the lines behind those that do not run any more. Answers how many of these there were. */
export async function letOut(session: Session): Promise<number> {
  const freeing = await session.all<Keyed & { no: number }>(
    `select no, queue, key from runs where key_line = 2 and status <> 'running' limit ${mostFreed} {skip}`,
  )
  if (freeing.length === 0) return 0
  await session.bulk(
    resetFreeing,
    freeing.map(({ no }) => [no]),
  )
  await letOutOf(session, distinct(freeing))
  return freeing.length
}

function distinct(keyed: Keyed[]): Keyed[] {
  return [...new Map(keyed.map(({ queue, key }) => [JSON.stringify([queue, key]), { queue, key }])).values()]
}

/** The lines of some keys, each of one lane, with how many runs there is room for. */
interface Line extends Lane, Keyed {
  room: number
}

/** Answers how many runs were let out. */
async function letOutOf(session: Session, keyed: Keyed[]): Promise<number> {
  const heads: { no: number }[] = []
  for (let from = 0; from < keyed.length; from += keysAtOnce) {
    const lines = (await readLines(session, keyed.slice(from, from + keysAtOnce))).filter(
      ({ room }) => room > 0,
    )
    for (let at = 0; at < lines.length; at += keysAtOnce) {
      heads.push(...(await readHeads(session, lines.slice(at, at + keysAtOnce))))
    }
  }
  await session.bulk(
    letOutRuns,
    heads.map(({ no }) => [no]),
  )
  return heads.length
}

/** The first run in line where `condition` holds. */
function firstInLine(condition: string): string {
  return `(select no from runs line where line.key_line = 1 and ${condition} order by line.queue, line.key, line.workflow,
    line.version, line.fresh, line.priority desc, line.available_at, line.no limit 1)`
}

/** Leaps from lane to lane, as `readLanes` does: runs of a version that no worker has do not keep others in line. */
async function readLines(session: Session, keyed: Keyed[]): Promise<Line[]> {
  const marks = keyed.map(() => '(?, ?)').join(', ')
  const same = 'line.queue = lines.queue and line.key = lines.key'
  return session.all<Line>(
    `with recursive given (queue, key) as (values ${marks}), lines (no, queue, key, workflow, version) as (
       select first.no, first.queue, first.key, first.workflow, first.version from given join runs first
         on first.no = ${firstInLine('line.queue = given.queue and line.key = given.key')}
       union all
       select next.no, next.queue, next.key, next.workflow, next.version from lines join runs next on next.no = coalesce(
         ${firstInLine(`${same} and line.workflow = lines.workflow and line.version > lines.version`)},
         ${firstInLine(`${same} and line.workflow > lines.workflow`)})
     ) select lines.queue, lines.key, lines.workflow, lines.version,
       coalesce((select key_concurrency from queues where name = lines.queue), ${mostLetOut}) - (select count(*) from runs
         where runs.status = 'running' and runs.queue = lines.queue and runs.key = lines.key) as room from lines`,
    keyed.flatMap(({ queue, key }) => [queue, key]),
  )
}

async function readHeads(session: Session, lines: Line[]): Promise<{ no: number }[]> {
  const parts = lines.map(
    (_line, at) =>
      `select * from (select no from runs where key_line = 1 and queue = ? and key = ? and workflow = ? and version = ?
         order by fresh, priority desc, available_at, no limit ? {skip}) as line${at}`,
  )
  const parameters: Value[] = lines.flatMap(({ queue, key, workflow, version, room }) => [
    queue,
    key,
    workflow,
    version,
    Math.min(room, Math.ceil(mostLetOut / lines.length)),
  ])
  return session.all<{ no: number }>(parts.join(' union all '), parameters)
}

/** Where the next look at lines begins. */
export const firstKey: Keyed = { queue: '', key: '' }

/** Keys that one look at lines takes. */
const keysLooked = 200

/**
 * Looks at the lines of some keys, behind `after`, for what no run that stops will see to: there is room because a limit
 * was raised or lifted, or because of what a hand in the database or pruning took away. Answers how many runs were let
 * out, and behind which key the next look begins: the first one again when all were looked at.
 */
export async function checkLines(session: Session, after: Keyed): Promise<{ next: Keyed; out: number }> {
  const keyed = await session.all<Keyed & { no: number }>(
    `with recursive keys (no, queue, key) as (
       select first.no, first.queue, first.key from runs first where first.no = coalesce(
         ${firstInLine('line.queue = ? and line.key > ?')}, ${firstInLine('line.queue > ?')})
       union all
       select next.no, next.queue, next.key from keys join runs next on next.no = coalesce(
         ${firstInLine('line.queue = keys.queue and line.key > keys.key')}, ${firstInLine('line.queue > keys.queue')})
     ) select no, queue, key from keys limit ${keysLooked}`,
    [after.queue, after.key, after.queue],
  )
  if (keyed.length === 0) return { next: firstKey, out: 0 }
  const paused = new Set(
    (await session.all<{ name: string }>('select name from queues where paused = 1')).map(({ name }) => name),
  )
  const open = keyed.filter(({ queue }) => !paused.has(queue))
  const ahead = await session.bulk<{ no: number; key_line: number }>(
    runningOfKeys,
    open.map(({ queue, key }) => [queue, key]),
  )
  await session.bulk(
    markBefore,
    ahead.filter(({ key_line }) => key_line === 0).map(({ no }) => [no]),
  )
  const out = await letOutOf(session, open)
  const last = keyed.at(-1)!
  return { next: keyed.length < keysLooked ? firstKey : { queue: last.queue, key: last.key }, out }
}
