import type { Bulk, Row, Session } from '../database.ts'
import { quoted } from '../journal/events.ts'
import type { RunStatus } from '../runs/runs.ts'

/**
 * How the effect that has a business key stands:
 *
 *   intended → completed | failed | released
 *
 * `failed`: it may have taken effect all the same. `released`: it certainly did not, or was undone; the next one may have the
 * key. All that one effect writes here is written in the commit of the event that says so.
 */
export type KeyStatus = 'intended' | 'completed' | 'failed' | 'released'

/** What an effect is done once for, over all runs. */
export interface BusinessKey {
  /** The tool's name. */
  name: string
  /** A digest: the value itself may say something about a person. */
  value: string
}

/** The call that has a business key. */
export interface KeyHolder {
  run: number
  run_id: string
  step: number
  status: KeyStatus
  at: number
}

const columns = { name: 'text', value: 'text', run: 'int', run_id: 'text', step: 'int', at: 'int' } as const

/** Of two rows with one key, in one commit or in two at one moment, one takes it. */
const takeReleasedKeys: Bulk = {
  columns,
  sql: `update business_keys set run = :run, run_id = :run_id, step = :step, status = 'intended', at = :at {from}
    where business_keys.name = :name and business_keys.value = :value
      and (business_keys.status = 'released' or (business_keys.run = :run and business_keys.step = :step))`,
}

const takeKeys: Bulk = {
  columns,
  sql: `insert into business_keys (name, value, run, run_id, step, status, at)
    select :name, :value, :run, :run_id, :step, 'intended', :at {from} where true on conflict (name, value) do nothing`,
}

/** Take a key, unless another effect has it: whoever wrote these must look who has it before it acts. */
export function takingRows({ name, value }: BusinessKey, holder: Omit<KeyHolder, 'status'>): Row[] {
  const values = [name, value, holder.run, holder.run_id, holder.step, holder.at]
  return [
    { statement: takeReleasedKeys, values },
    { statement: takeKeys, values },
  ]
}

const settleKeys: Bulk = {
  columns: { name: 'text', value: 'text', run: 'int', step: 'int', status: 'text' },
  sql: `update business_keys set status = :status {from}
    where business_keys.name = :name and business_keys.value = :value
      and business_keys.run = :run and business_keys.step = :step`,
}

/** Says what became of the effect that has a key; of one that has it not, nothing. */
export function settlingRow(
  { name, value }: BusinessKey,
  holder: Pick<KeyHolder, 'run' | 'step'>,
  status: Exclude<KeyStatus, 'intended'>,
): Row {
  return { statement: settleKeys, values: [name, value, holder.run, holder.step, status] }
}

/** The keys of a call of which nobody knows yet whether it did what they are for. */
export function unclearKeys(
  session: Session,
  { run, step }: Pick<KeyHolder, 'run' | 'step'>,
): Promise<Pick<KeyHolder, 'status'>[]> {
  return session.all<Pick<KeyHolder, 'status'>>(
    `select status from business_keys where run = ? and step = ? and ${isUnclear}`,
    [run, step],
  )
}

/** A person says what became of a call. */
export async function settleUnclearKeys(
  session: Session,
  { run, step }: Pick<KeyHolder, 'run' | 'step'>,
  status: 'completed' | 'released',
): Promise<void> {
  await session.run(`update business_keys set status = ? where run = ? and step = ? and ${isUnclear}`, [
    status,
    run,
    step,
  ])
}

/** Of a key: somebody must say what became of its call, unless that goes on. */
export const isUnclear = `status in ('intended', 'failed')`

/** Who has a key; undefined: nobody, or one that was released. */
export async function keyHolder(
  session: Session,
  { name, value }: BusinessKey,
): Promise<KeyHolder | undefined> {
  return session.get<KeyHolder>(
    `select run, run_id, step, status, at from business_keys where name = ? and value = ? and status <> 'released'`,
    [name, value],
  )
}

/** What an effect is undone once for. No tool has a name with a colon. */
export function undoKey(run: string, call: number): BusinessKey {
  return { name: undoing, value: `${run}:${call}` }
}

export const undoing = 'reeve:undo'

/** The run that has undone an effect of a run, or is at it. */
export async function undoOf(session: Session, run: string): Promise<string | undefined> {
  const row = await session.get<{ run_id: string }>(
    `select run_id from business_keys where name = ? and value like ? and status <> 'released' limit 1`,
    [undoing, `${run}:%`],
  )
  return row?.run_id
}

/** The payload by which the holder's effect completed; undefined: it is not there any more; null: it gave nothing. */
export async function resultOfHolder(
  session: Session,
  { run, step }: Pick<KeyHolder, 'run' | 'step'>,
): Promise<string | null | undefined> {
  const row = await session.get<{ payload: string | null }>(
    `select coalesce(e.payload, b.content) as payload from events e left join blobs b on b.hash = e.blob
     where e.run = ? and e.step = ? and e.type = ${quoted('effect-completed')} order by e.seq desc limit 1`,
    [run, step],
  )
  return row?.payload
}

/** Who has a key, and how the run of that stands; null: it is gone. */
export interface HeldKey {
  value: string
  run_id: string
  status: string
  run_status: RunStatus | null
}

/** Those of these values of a key that are held. */
export function keyHolders(session: Session, name: string, values: readonly string[]): Promise<HeldKey[]> {
  return session.all<HeldKey>(
    `select k.value, k.run_id, k.status, r.status as run_status from business_keys k left join runs r on r.no = k.run
     where k.name = ? and k.status <> 'released' and k.value in (${values.map(() => '?').join(', ')})`,
    [name, ...values],
  )
}
