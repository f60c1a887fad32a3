import { sha256 } from '../../base/hash.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { type AuditKeys, missingKey } from '../audit/key/audit-keys.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'
import { quoted } from '../journal/events.ts'
import type { MarkedValue } from '../marks/marked-values.ts'
import { withMarked } from '../marks/open-kept.ts'
import { keptText } from '../marks/run-marks.ts'
import { cleanText } from '../redacting.ts'

/**
 * A run's durable inbox: everything from outside that it may wait for. Early items are kept, items with the same
 * `dedup` count once, and each is taken by at most one call, first in first out by name.
 */
export interface InboxItem {
  id: number
  run: number
  /** `signal:NAME`, `approval:ID`, `child:RUN_ID`, `outcome:ID`. */
  name: string
  /** JSON text as it is kept (`run-marks.ts`) until it is opened; empty once it was taken, and the journal has it. */
  payload: string
  at: number
  /** What opens a payload that refers to marked texts of the run; absent: it does not, or was opened. */
  marked?: readonly MarkedValue[]
}

/** The same with what shows who wrote it. */
export interface SealedItem extends InboxItem {
  dedup: string | null
  /** Of whoever wrote it, where the installation has an audit key. */
  seal: string | null
}

export interface Delivery {
  run: number
  name: string
  dedup: string | null
  /** JSON text as it came. */
  payload: string
  at: number
  /** The payload is from a journal, and its references are to texts of the receiver. */
  isKept?: true
}

/**
 * A run's row is locked before its item gets an id, until the commit: so the ids of one inbox become visible in their
 * order, and who read up to one of them reads on from there. A run that is no more is sent nothing.
 */
export const insertDeliveries: Bulk = {
  columns: { run: 'int', name: 'text', dedup: 'text', payload: 'text', at: 'int', seal: 'text' },
  sql: `insert into inbox (run, name, dedup, payload, at, seal) select :run, :name, :dedup, :payload, :at, :seal {from}
    where (select receiver.no from runs receiver where receiver.no = :run {lock}) is not null
    on conflict (run, dedup) where dedup is not null do nothing returning run`,
}

/** What is sealed is what will stand there. @throws `audit-key-missing` */
export function deliveryValues(
  { run, name, dedup, payload, at, isKept }: Delivery,
  { secrets, auditKeys }: Sealing = {},
): Value[] {
  if (auditKeys === 'missing') throw missingKey()
  const clean = cleanText(payload, secrets)
  const written = {
    run,
    name: cleanText(name, secrets),
    dedup,
    payload: isKept ? clean : keptText(clean),
    at,
  }
  const seal = auditKeys?.seal(sealKind, sealParts(written)) ?? null
  return [run, written.name, dedup, written.payload, at, seal]
}

/** What a row that comes from outside is sealed with. */
export interface Sealing {
  secrets?: Secrets
  auditKeys?: AuditKeys | 'missing' | undefined
}

const sealKind = 'inbox'

function sealParts({ run, name, dedup, payload, at }: Delivery): (string | number | null)[] {
  return [run, name, dedup, sha256(payload), at]
}

/** Whether an item that was not taken yet was written by a holder of the keys, or before there were any. */
export function isSealedItem(item: SealedItem, keys: AuditKeys): boolean {
  return item.id <= keys.since.item || keys.isSealed(sealKind, sealParts(item), item.seal)
}

/** Without items that nobody wrote who has the key: a run takes none of them. */
export function soundItems(session: Pick<Session, 'auditKeys'>, items: SealedItem[]): InboxItem[] {
  const { auditKeys } = session
  if (auditKeys === undefined || auditKeys === 'missing') return items
  return items.filter((item) => {
    const isSound = isSealedItem(item, auditKeys)
    if (!isSound)
      auditKeys.report(`item ${item.id} (${item.name}) in the inbox of run number ${item.run} has no seal`)
    return isSound
  })
}

/**
 * Counts an arrival and wakes the run if it waits. It writes the row even when the run does not wait, so that a
 * concurrent release sees the count and cannot park over an item.
 */
export const wakeRuns: Bulk = {
  columns: { run: 'int' },
  announces: 'work',
  sql: `update runs set inbox = runs.inbox + 1,
      status = case when runs.status = 'waiting' then 'queued' else runs.status end,
      available_at = case when runs.status = 'waiting' then reeve_now() else runs.available_at end,
      wake_at = case when runs.status = 'waiting' then null else runs.wake_at end
    {from} where runs.no = :run`,
}

/** An item for another run, which wakes it. */
export function deliveryRow(delivery: Delivery, sealing?: Sealing): Row {
  return { statement: insertDeliveries, values: deliveryValues(delivery, sealing), next: wakeRuns }
}

export const consumeItems: Bulk = {
  columns: { id: 'int', step: 'int' },
  sql: 'update inbox set consumed_step = :step {from} where inbox.id = :id',
}

/** The same for items whose payload goes to the journal in the same commit: it is not kept twice. */
export const moveItems: Bulk = {
  columns: { id: 'int', step: 'int' },
  sql: `update inbox set consumed_step = :step, payload = '' {from} where inbox.id = :id`,
}

/** An item that a call took. `journaled`: an event of the same commit has its payload. */
export function takenRow({ item, step, journaled }: { item: number; step: number; journaled: boolean }): Row {
  return { statement: journaled ? moveItems : consumeItems, values: [item, step] }
}

/**
 * Gives the signals back that these calls of a run took: for whoever waits for them now. What was moved to the journal comes
 * back from there, as that keeps it, and is sealed anew: of each call the first alone, for it took one.
 * @throws `audit-key-missing`
 */
export async function giveSignalsBack(session: Session, run: number, steps: number[]): Promise<void> {
  const taken = await session.all<SealedItem & { consumed_step: number; journaled: string | null }>(
    `select id, run, name, dedup, payload, at, seal, consumed_step,
       (select coalesce(e.payload, b.content) from events e left join blobs b on b.hash = e.blob
        where e.run = inbox.run and e.step = inbox.consumed_step and e.type = ${quoted('signal-received')}
        order by e.seq desc limit 1) as journaled
     from inbox where run = ? and name like 'signal:%' and consumed_step in (${steps.map(() => '?').join(', ')})
     order by id`,
    [run, ...steps],
  )
  const given = new Set<number>()
  for (const item of taken) {
    let { payload, seal } = item
    if (payload === '') {
      if (item.journaled === null || given.has(item.consumed_step)) continue
      given.add(item.consumed_step)
      const values = deliveryValues({ ...item, payload: item.journaled, isKept: true }, session)
      ;[, , , payload, , seal] = values as [number, string, string | null, string, number, string | null]
    }
    await session.run('update inbox set payload = ?, seal = ?, consumed_step = null where id = ?', [
      payload,
      seal,
      item.id,
    ])
  }
}

/** What a run was sent and did not take, of ids after `since`. */
export async function readInbox(session: Session, run: number, since = 0): Promise<InboxItem[]> {
  const items = await session.all<SealedItem>(
    'select id, run, name, payload, at, dedup, seal from inbox where run = ? and id > ? and consumed_step is null order by id',
    [run, since],
  )
  return withMarked(session, soundItems(session, items))
}

/** The same for many runs. */
export const itemsOfRuns: Bulk = {
  columns: { run: 'int' },
  sql: `select inbox.id, inbox.run, inbox.name, inbox.payload, inbox.at, inbox.dedup, inbox.seal from inbox {also}
    where inbox.run = :run and inbox.consumed_step is null order by inbox.id`,
}

/** Items of this name that the run has not taken are there no longer. */
export async function dropUntaken(session: Session, run: number, name: string): Promise<void> {
  await session.run('delete from inbox where run = ? and name = ? and consumed_step is null', [run, name])
}

/** Whether an item of this name waits to be taken. */
export async function hasUntaken(session: Session, run: number, name: string): Promise<boolean> {
  const row = await session.get('select id from inbox where run = ? and name = ? and consumed_step is null', [
    run,
    name,
  ])
  return row !== undefined
}

/** Whether the run was sent an item with this `dedup` before, taken or not. */
export async function isDelivered(session: Session, run: number, dedup: string): Promise<boolean> {
  const row = await session.get('select id from inbox where run = ? and dedup = ?', [run, dedup])
  return row !== undefined
}

/** Puts one item into a run's inbox and wakes it. Answers false for a duplicate. */
export async function deliver(session: Session, delivery: Delivery): Promise<boolean> {
  const inserted = await session.bulk(insertDeliveries, [deliveryValues(delivery, session)])
  if (inserted.length === 0) return false
  await session.bulk(wakeRuns, [[delivery.run]])
  return true
}
