import type { Session } from '../../database.ts'
import { type AuditKey, isSame } from './audit-key.ts'
import type { SealedSince } from './audit-keys.ts'

const recordName = 'audit-key'

/** What the database says of its key: sealed by it, so that only its holder can have written it. */
export interface KeyRecord extends SealedSince {
  key: string
  publicKey: string
  seal: string
}

export async function readKeyRecord(session: Session): Promise<KeyRecord | undefined> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [recordName])
  return row && (JSON.parse(row.value) as KeyRecord)
}

export async function writeKeyRecord(session: Session, key: AuditKey, since: SealedSince): Promise<void> {
  const record: KeyRecord = {
    ...since,
    key: key.id,
    publicKey: key.publicKey,
    seal: key.seal(recordParts(since)),
  }
  await session.run(
    'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    [recordName, JSON.stringify(record)],
  )
}

/** Gives a copy what its source says of its key: it goes on with the same one. */
export async function copyKeyRecord(source: Session, target: Session): Promise<void> {
  const row = await source.get<{ value: string }>('select value from meta where name = ?', [recordName])
  if (row) await target.run('insert into meta (name, value) values (?, ?)', [recordName, row.value])
}

/** Whether this key wrote the record. */
export function isOwnRecord(record: KeyRecord, key: AuditKey): boolean {
  return record.key === key.id && isSame(key.seal(recordParts(record)), record.seal)
}

function recordParts({ identity, item, act, at }: SealedSince): (string | number)[] {
  return ['record', identity, item, act, at]
}
