import type { ReeveError } from '../base/errors.ts'
import type { Secrets } from '../base/secrets/secrets.ts'
import type { AuditKeys } from './audit/key/audit-keys.ts'
import type { Batch, Bulk, Database, Session, Value } from './database.ts'
import { insertBlobs, insertEvents } from './journal/journal.ts'
import { insertMarked, isPlainRow, sealedRow } from './marks/marked-values.ts'
import type { SealingKey } from './secrets/key/sealing-key.ts'

/** What was cleaned when it was linked into a chain. */
const linked: readonly Bulk[] = [insertEvents, insertBlobs]

/** The keys of a database, known once it was opened. */
export interface AuditKeySlot {
  keys?: AuditKeys | 'missing' | undefined
  marksKey?: SealingKey | undefined
  /** Why marked texts cannot be sealed here, although the database has a key for them. */
  marksProblem?: ReeveError | undefined
}

/**
 * A database that no registered secret gets into: every text that is written, or asked for, is cleaned first. Its sessions have
 * the audit keys that `slot` has.
 */
export function redacting(database: Database, secrets: Secrets, slot: AuditKeySlot = {}): Database {
  const elsewhere = database.writeElsewhere?.bind(database)
  return {
    ...(elsewhere && { writeElsewhere: (batch) => elsewhere(cleanBatch(batch, secrets, slot)) }),
    ...redactingSession(database, secrets, slot),
    get auditKeys() {
      return slot.keys
    },
    get marksKey() {
      return slot.marksKey
    },
    kind: database.kind,
    place: database.place,
    get clock() {
      return database.clock
    },
    get skewMs() {
      return database.skewMs
    },
    transaction: (body) => database.transaction((session) => body(redactingSession(session, secrets, slot))),
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}

function cleanBatch(batch: Batch, secrets: Secrets, slot: AuditKeySlot): Batch {
  if (secrets.isEmpty && !slot.marksKey && !slot.marksProblem) return batch
  const cleaned = <Part extends { statement: Bulk; rows: Value[][] }>(part: Part): Part => {
    const rows = cleanRows(part.statement, part.rows, secrets, slot)
    return rows === part.rows ? part : { ...part, rows }
  }
  return { guards: batch.guards.map(cleaned), writes: batch.writes.map(cleaned) }
}

/** As they are written: without secrets, and marked texts sealed. @throws `secrets-key-missing` */
function cleanRows(
  statement: Bulk,
  rows: Value[][],
  secrets: Secrets,
  { marksKey, marksProblem }: AuditKeySlot,
): Value[][] {
  const clean =
    secrets.isEmpty || linked.includes(statement) ? rows : rows.map((row) => cleanValues(row, secrets))
  if (statement !== insertMarked || (!marksKey && !marksProblem)) return clean
  if (marksKey) return clean.map((row) => sealedRow(row, marksKey))
  if (clean.some(isPlainRow)) throw marksProblem
  return clean
}

function cleanValues(values: Value[], secrets: Secrets): Value[] {
  if (secrets.isEmpty) return values
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (typeof value === 'string' && cleanText(value, secrets) !== value)
      return values.map((each) => (typeof each === 'string' ? cleanText(each, secrets) : each))
  }
  return values
}

/** A text as it is written. */
export function cleanText(text: string, secrets: Secrets | undefined): string {
  if (!secrets || secrets.isEmpty) return text
  return /^[[{"]/.test(text) ? secrets.redactJson(text) : secrets.redact(text)
}

function redactingSession(session: Session, secrets: Secrets, slot: AuditKeySlot): Session {
  const clean = (values: Value[] = []) => cleanValues(values, secrets)
  return {
    secrets,
    auditKeys: slot.keys,
    marksKey: slot.marksKey,
    all: (sql, parameters) => session.all(sql, clean(parameters)),
    get: (sql, parameters) => session.get(sql, clean(parameters)),
    run: (sql, parameters) => session.run(sql, clean(parameters)),
    bulk: (statement, rows) => session.bulk(statement, cleanRows(statement, rows, secrets, slot)),
  }
}
