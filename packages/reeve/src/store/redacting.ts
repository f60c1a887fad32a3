import type { Secrets } from '../base/secrets/secrets.ts'
import type { AuditKeys } from './audit/key/audit-keys.ts'
import type { Batch, Bulk, Database, Session, Value } from './database.ts'
import { insertBlobs, insertEvents } from './journal/journal.ts'

/** What was cleaned when it was linked into a chain. */
const linked: readonly Bulk[] = [insertEvents, insertBlobs]

/** The keys of a database, known once it was opened. */
export interface AuditKeySlot {
  keys?: AuditKeys | 'missing' | undefined
}

/**
 * A database that no registered secret gets into: every text that is written, or asked for, is cleaned first. Its sessions have
 * the audit keys that `slot` has.
 */
export function redacting(database: Database, secrets: Secrets, slot: AuditKeySlot = {}): Database {
  const elsewhere = database.writeElsewhere?.bind(database)
  return {
    ...(elsewhere && { writeElsewhere: (batch) => elsewhere(cleanBatch(batch, secrets)) }),
    ...redactingSession(database, secrets, slot),
    get auditKeys() {
      return slot.keys
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

function cleanBatch(batch: Batch, secrets: Secrets): Batch {
  if (secrets.isEmpty) return batch
  const cleaned = <Part extends { statement: Bulk; rows: Value[][] }>(part: Part): Part =>
    linked.includes(part.statement)
      ? part
      : { ...part, rows: part.rows.map((row) => cleanValues(row, secrets)) }
  return { guards: batch.guards.map(cleaned), writes: batch.writes.map(cleaned) }
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
    all: (sql, parameters) => session.all(sql, clean(parameters)),
    get: (sql, parameters) => session.get(sql, clean(parameters)),
    run: (sql, parameters) => session.run(sql, clean(parameters)),
    bulk: (statement, rows) =>
      session.bulk(statement, secrets.isEmpty || linked.includes(statement) ? rows : rows.map(clean)),
  }
}
