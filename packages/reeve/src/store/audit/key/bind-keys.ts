import { ReeveError } from '../../../base/errors.ts'
import { recordAct } from '../../authority/authority-log.ts'
import type { Database, Session } from '../../database.ts'
import { identityOf } from '../../migrations.ts'
import type { AuditKey } from './audit-key.ts'
import { AuditKeys, type SealedSince } from './audit-keys.ts'
import { addKey, type KeySource } from './key-file.ts'
import { isOwnRecord, type KeyRecord, readKeyRecord, writeKeyRecord } from './key-record.ts'

export interface Binding {
  /** By the store's clock (ms). */
  now: number
  /** Who is at work, for the log of authority. */
  by: string
  /** A key is made where there is a place for one and none yet, and a new one is put into use. */
  mayChange: boolean
  onForged?: (what: string) => void
}

/**
 * The keys of an installation for one database. Its first use with a key notes in the database how far it was written without;
 * a key that comes before one that was in use takes its place.
 * @throws `audit-key-foreign` when the database is sealed with a key that is none of these
 */
export async function bindKeys(
  database: Database,
  source: KeySource,
  binding: Binding,
): Promise<AuditKeys | 'missing' | undefined> {
  const identity = await identityOf(database)
  const record = ofThis(await readKeyRecord(database), identity)
  let { keys } = source
  if (keys.length === 0) {
    if (record) return 'missing'
    if (!binding.mayChange || source.file === undefined) return undefined
    keys = addKey(source.file, [])
  }
  const current = keys[0]!
  if (record && isOwnRecord(record, current)) return new AuditKeys(keys, record, binding.onForged)
  const older = record && keys.find((key) => isOwnRecord(record, key))
  if (record && !older) throw foreignKey(record, source)
  if (!record && (await hasHeads(database, identity))) throw removedRecord(source)
  if (older) {
    // Signed by the key of before: whoever trusts that one may trust this one.
    if (binding.mayChange) await putIntoUse(database, new AuditKeys([older], record!), current, binding)
    return new AuditKeys(keys, record!, binding.onForged)
  }
  if (!binding.mayChange) return undefined
  const since = await putIntoUse(database, undefined, current, binding)
  return new AuditKeys(keys, since, binding.onForged)
}

/** A key of before is lost: what it sealed is taken as it is, and the new one seals from here on. */
export async function replaceLostKey(
  database: Database,
  keys: readonly AuditKey[],
  binding: Binding,
): Promise<AuditKeys> {
  return new AuditKeys(keys, await putIntoUse(database, undefined, keys[0]!, binding), binding.onForged)
}

async function putIntoUse(
  database: Database,
  before: AuditKeys | undefined,
  key: AuditKey,
  { now, by }: Binding,
): Promise<SealedSince> {
  return database.transaction(async (session) => {
    const identity = await identityOf(session)
    const replaced = ofThis(await readKeyRecord(session), identity)
    const since = before?.since ?? (await sealedUntilNow(session, identity, now))
    await writeKeyRecord(session, key, since)
    const signing = before ?? new AuditKeys([key], since)
    await recordAct(
      { ...plain(session), auditKeys: signing },
      {
        type: 'audit-key-set',
        by,
        proof: 'started-by-reeve',
        subject: key.id,
        at: now,
        details: { publicKey: key.publicKey, before: replaced?.key ?? null },
      },
    )
    return since
  })
}

function plain(session: Session): Session {
  return {
    ...(session.secrets && { secrets: session.secrets }),
    all: (sql, values) => session.all(sql, values),
    get: (sql, values) => session.get(sql, values),
    run: (sql, values) => session.run(sql, values),
    bulk: (statement, rows) => session.bulk(statement, rows),
  }
}

async function sealedUntilNow(session: Session, identity: string, at: number): Promise<SealedSince> {
  const last = await session.get<{ item: number; act: number }>(
    `select coalesce((select max(id) from inbox), 0) as item, coalesce((select max(seq) from authority_log), 0) as act`,
  )
  return { identity, item: last!.item, act: last!.act, at }
}

/** A copy that was restored has another name, and its own beginning. */
function ofThis(record: KeyRecord | undefined, identity: string): KeyRecord | undefined {
  return record?.identity === identity ? record : undefined
}

/** Who restores a copy gives it another name; heads under this one were signed by who had put a key into use. */
async function hasHeads(session: Session, identity: string): Promise<boolean> {
  return (
    (await session.get('select no from audit_heads where identity = ? limit 1', [identity])) !== undefined
  )
}

function removedRecord({ place }: KeySource): ReeveError {
  return new ReeveError(
    'audit-key-foreign',
    `The database has signed heads and no note of the key in ${place}: somebody removed it. Compare the database with a head that was kept elsewhere (reeve audit verify --head FILE) before you go on. To take the rows of before as they are: reeve audit key --lost.`,
  )
}

function foreignKey(record: KeyRecord, { place }: KeySource): ReeveError {
  return new ReeveError(
    'audit-key-foreign',
    `The rows of this database are sealed with the audit key ${record.key}, and ${place} has another. Give this process that key (REEVE_AUDIT_KEY, or the file audit.key that was beside the database). If it is lost, say so: reeve audit key --lost. Then the rows of before are taken as they are. If nobody changed keys, somebody changed the database.`,
  )
}
