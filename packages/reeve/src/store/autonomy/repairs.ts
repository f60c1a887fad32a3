import type { Json } from '../../base/json/json.ts'
import type { Session, Value } from '../database.ts'
import { quoted } from '../journal/events.ts'

/**
 * A repair of a script:
 *
 *   diagnosing → not-repaired                         it is not the script, or no fix passed
 *             → proposed → rejected
 *                        → promoting → watching → kept
 *             → promoting               → rolling-back → rolled-back
 *
 * `kept` may be rolled back too.
 */
export const repairStatuses = [
  'diagnosing',
  'not-repaired',
  'proposed',
  'rejected',
  'promoting',
  'watching',
  'kept',
  'rolling-back',
  'rolled-back',
] as const
export type RepairStatus = (typeof repairStatuses)[number]

export interface RepairRow {
  id: string
  script: string
  /** Relative to the project. */
  file: string
  status: RepairStatus
  key: string
  /** The id of the run that failed, and the number of the call. */
  run: string | null
  call: number | null
  /** JSON: its code and message. Foreign text. */
  failure: string | null
  /** JSON: what the script was given. Foreign text. */
  inputs: string | null
  /** JSON: `{ kind, rule, why }`. */
  diagnosis: string | null
  level: 'propose' | 'promote'
  before_hash: string | null
  before_text: string | null
  after_hash: string | null
  after_text: string | null
  /** JSON: each fix that was tried, with what became of it. */
  tries: string | null
  /** JSON: what proved the fix. */
  proof: string | null
  /** JSON: the directives that have a line about it, and the line. */
  notes: string | null
  /** What became of it, as a sentence. */
  reason: string | null
  /** The run that works at it, and the one that watches. */
  execution: string | null
  proposal: string | null
  watch_run: string | null
  made_by: string
  made_at: number
  moved_at: number
  promoted_by: string | null
  promoted_at: number | null
  ended_at: number | null
}

const ended: readonly RepairStatus[] = ['not-repaired', 'rejected', 'kept', 'rolled-back']

/** In a transaction. Answers the id of the repair that is open for its key, and whether that is this one. */
export async function addRepair(
  session: Session,
  row: Pick<
    RepairRow,
    | 'id'
    | 'script'
    | 'file'
    | 'key'
    | 'run'
    | 'call'
    | 'failure'
    | 'inputs'
    | 'level'
    | 'execution'
    | 'made_by'
    | 'made_at'
  >,
): Promise<{ id: string; isNew: boolean }> {
  const { id, script, file, key, run, call, failure, inputs, level, execution, made_by, made_at } = row
  const added = await session.run(
    `insert into repairs (id, script, file, status, key, run, call, failure, inputs, level, execution, made_by, made_at, moved_at)
     values (?, ?, ?, 'diagnosing', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    [id, script, file, key, run, call, failure, inputs, level, execution, made_by, made_at, made_at],
  )
  if (added === 1) return { id, isNew: true }
  const open = await session.get<{ id: string }>(
    'select id from repairs where key = ? and ended_at is null',
    [key],
  )
  return { id: open?.id ?? id, isNew: false }
}

export function readRepair(session: Session, id: string, isLocked = false): Promise<RepairRow | undefined> {
  return session.get<RepairRow>(`select * from repairs where id = ?${isLocked ? ' {lock}' : ''}`, [id])
}

/** The newest first. */
export function listRepairs(
  session: Session,
  {
    script,
    status,
    below,
    limit,
  }: {
    script?: string | undefined
    status?: RepairStatus | undefined
    below?: string | undefined
    limit: number
  },
): Promise<RepairRow[]> {
  const conditions = ['1 = 1']
  const values: Value[] = []
  for (const [column, value] of [
    ['script = ?', script],
    ['status = ?', status],
    ['id < ?', below],
  ] as const)
    if (value !== undefined) {
      conditions.push(column)
      values.push(value)
    }
  return session.all<RepairRow>(
    `select * from repairs where ${conditions.join(' and ')} order by id desc limit ?`,
    [...values, limit],
  )
}

/** Those of a script that stand in one of these states. */
export function repairsOf(
  session: Session,
  script: string,
  statuses: readonly RepairStatus[],
): Promise<RepairRow[]> {
  return session.all<RepairRow>(
    `select * from repairs where script = ? and status in (${statuses.map(() => '?').join(', ')}) order by id desc`,
    [script, ...statuses],
  )
}

/** Changes of files that a process began and may have left: since before then. */
export function unfinishedRepairs(session: Session, before: number): Promise<RepairRow[]> {
  return session.all<RepairRow>(
    `select * from repairs where status in ('promoting', 'rolling-back') and moved_at < ? order by id limit 100`,
    [before],
  )
}

/** Fixes that are to be watched: those that no run watches yet, or those that one does. */
export function watchedRepairs(session: Session, byRun = false): Promise<RepairRow[]> {
  return session.all<RepairRow>(
    `select * from repairs where status = 'watching' and watch_run is ${byRun ? 'not null' : 'null'} order by id limit 100`,
  )
}

/** In a transaction: from one of these states into another. Answers whether it was in one of them. */
export async function moveRepair(
  session: Session,
  id: string,
  from: readonly RepairStatus[],
  to: RepairStatus,
  at: number,
  also: Partial<
    Pick<
      RepairRow,
      | 'reason'
      | 'proof'
      | 'notes'
      | 'proposal'
      | 'watch_run'
      | 'promoted_by'
      | 'promoted_at'
      | 'diagnosis'
      | 'before_hash'
      | 'before_text'
      | 'after_hash'
      | 'after_text'
    >
  > = {},
): Promise<boolean> {
  const columns = Object.keys(also)
  const changed = await session.run(
    `update repairs set status = ?, moved_at = ?, ended_at = ?${columns.map((name) => `, ${name} = ?`).join('')}
     where id = ? and status in (${from.map(() => '?').join(', ')})`,
    [to, at, ended.includes(to) ? at : null, ...(Object.values(also) as Value[]), id, ...from],
  )
  return changed === 1
}

/** Notes on it what does not change how it stands. */
export async function noteOnRepair(
  session: Session,
  id: string,
  also: Partial<
    Pick<RepairRow, 'diagnosis' | 'tries' | 'notes' | 'watch_run' | 'before_hash' | 'before_text'>
  >,
): Promise<void> {
  const columns = Object.keys(also)
  await session.run(`update repairs set ${columns.map((name) => `${name} = ?`).join(', ')} where id = ?`, [
    ...(Object.values(also) as Value[]),
    id,
  ])
}

/** A call of a tool as the journals have it. */
export interface RecordedToolCall {
  run: string
  no: number
  call: number
  /** JSON of the intent. */
  intent: string
  /** Its settlement. */
  type: string
  /** JSON of that. */
  outcome: string | null
  status: string
}

/** So many events back calls are looked for. */
const mostEvents = 200_000

/** The newest calls of a tool that were settled so, of runs that did not fail where they were completed. */
export function recordedToolCalls(
  session: Session,
  tool: string,
  settled: 'effect-completed' | 'effect-failed',
  limit: number,
): Promise<RecordedToolCall[]> {
  return session.all<RecordedToolCall>(
    `select r.id as run, r.no, i.step as call, i.payload as intent, s.type, s.payload as outcome, r.status
     from events i
     join events s on s.run = i.run and s.step = i.step and s.type = ?
     join runs r on r.no = i.run
     where i.id > coalesce((select max(id) from events), 0) - ? and i.type = ${quoted('effect-intended')} and i.name = ?
       and i.payload is not null and (s.payload is not null or s.blob is null)
       and (s.type = ${quoted('effect-failed')} or r.status <> 'failed')
     order by i.id desc limit ?`,
    [settled, mostEvents, tool, limit],
  )
}

/** What a run gave a tool in one call, and how that ended. */
export function toolCallAt(
  session: Session,
  run: string,
  call: number,
): Promise<(RecordedToolCall & { name: string }) | undefined> {
  return session.get(
    `select r.id as run, r.no, i.step as call, i.name, i.payload as intent, s.type, s.payload as outcome, r.status
     from runs r
     join events i on i.run = r.no and i.step = ? and i.type = ${quoted('effect-intended')}
     left join events s on s.run = r.no and s.step = i.step and s.type in (${quoted('effect-completed')}, ${quoted('effect-failed')})
     where r.id = ? order by i.seq desc limit 1`,
    [call, run],
  )
}

export function jsonOf(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json)
}
