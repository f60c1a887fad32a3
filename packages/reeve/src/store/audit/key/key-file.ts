import { randomBytes } from 'node:crypto'
import { chmodSync, constants, copyFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Environment } from '../../../base/config.ts'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { type OwnerFileWords, readOwnerFile, writeOwnerFile } from '../../../base/secrets/owner-file.ts'
import { AuditKey } from './audit-key.ts'

const fileName = 'audit.key'
const words: OwnerFileWords = {
  code: 'bad-audit-key',
  what: 'the audit key',
  renew: 'reeve audit key --rotate',
}

/** Where the keys come from. */
export interface KeySource {
  /** The current one first; empty: there is none yet. */
  keys: AuditKey[]
  /** The file that has them, or would have; undefined: REEVE_AUDIT_KEY, or no place at all. */
  file: string | undefined
  /** For people. */
  place: string
}

/**
 * The audit keys of this installation: those of `REEVE_AUDIT_KEY` (the current one, then older ones, parted by commas), else
 * those of the file `audit.key` beside a SQLite database. Postgres has no file: its workers run on many hosts.
 * @throws `bad-audit-key`
 */
export function readKeys({ database, auditKey }: Pick<Environment, 'database' | 'auditKey'>): KeySource {
  if (auditKey !== undefined)
    return { keys: keysIn(auditKey, 'REEVE_AUDIT_KEY'), file: undefined, place: 'REEVE_AUDIT_KEY' }
  const file = keyFileOf(database)
  if (file === undefined) return { keys: [], file, place: 'nowhere' }
  const text = readOwnerFile(file, words)
  return { keys: text === undefined ? [] : keysIn(text, file), file, place: file }
}

function keyFileOf(database: Environment['database']): string | undefined {
  if (database.kind === 'postgres' || database.file === ':memory:') return undefined
  return join(dirname(database.file), fileName)
}

function keysIn(text: string, where: string): AuditKey[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const secrets = lines.flatMap((line) => line.split(/[\s,]+/)).filter((part) => part !== '')
  if (secrets.length === 0) throw new ReeveError('bad-audit-key', `${where} holds no audit key.`)
  try {
    return secrets.map((secret) => new AuditKey(secret))
  } catch (error) {
    throw new ReeveError('bad-audit-key', `${where} cannot be used: ${messageOf(error)}`)
  }
}

/** Puts a new key before those that the file has. Of two processes that make the first one at one moment, both get the same. */
export function addKey(file: string, keys: readonly AuditKey[]): AuditKey[] {
  const all = [new AuditKey(randomBytes(32).toString('base64url')), ...keys]
  const text = `# The audit keys of Reeve: the current one first. Whoever has them can forge the audit. Keep a copy elsewhere.\n${all
    .map(({ secret }) => secret)
    .join('\n')}\n`
  if (writeOwnerFile(file, text, { isNew: keys.length === 0 })) return all
  return keysIn(readOwnerFile(file, words) ?? '', file)
}

/**
 * Gives the copy of a SQLite database the keys of its source, where no others lie there. Answers the file of the source, when
 * whoever uses the copy must be given the keys by hand; undefined: they have them, or there are none.
 */
export function handKeysOn(
  source: Environment['database'],
  target: Environment['database'],
): string | undefined {
  const from = keyFileOf(source)
  const to = keyFileOf(target)
  if (from === undefined || !existsSync(from) || from === to) return undefined
  if (to === undefined || existsSync(to)) return from
  copyFileSync(from, to, constants.COPYFILE_EXCL)
  chmodSync(to, 0o600)
  return undefined
}
