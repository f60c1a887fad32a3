import { ReeveError } from '../../../base/errors.ts'
import { type AuditKey, isSame } from './audit-key.ts'

/** From where on a database is sealed: what is older came before its key. */
export interface SealedSince {
  /** The database's own name. */
  identity: string
  /** The highest id in the inbox of before. */
  item: number
  /** The last act of before. */
  act: number
  at: number
}

/**
 * The keys that an installation has, bound to one database: the current one seals and signs, those of before are kept so that
 * what they sealed can still be checked.
 */
export class AuditKeys {
  readonly current: AuditKey
  readonly #byId: ReadonlyMap<string, AuditKey>
  readonly since: SealedSince
  readonly #onForged: ((what: string) => void) | undefined

  constructor(keys: readonly AuditKey[], since: SealedSince, onForged?: (what: string) => void) {
    this.current = keys[0]!
    this.#byId = new Map(keys.map((key) => [key.id, key]))
    this.since = since
    this.#onForged = onForged
  }

  get all(): AuditKey[] {
    return [...this.#byId.values()]
  }

  /** The seal of a row: of a kind, and of this database alone. */
  seal(kind: string, parts: readonly (string | number | null)[]): string {
    return this.current.seal([kind, this.since.identity, ...parts])
  }

  /** Whether one of these keys sealed just this. */
  isSealed(kind: string, parts: readonly (string | number | null)[], seal: string | null): boolean {
    if (seal === null) return false
    const key = this.#byId.get(seal.slice(0, seal.indexOf('.')))
    return key !== undefined && isSame(key.seal([kind, this.since.identity, ...parts]), seal)
  }

  /** Something was found that nobody with a key of these has written. */
  report(what: string): void {
    this.#onForged?.(what)
  }
}

export function missingKey(): ReeveError {
  return new ReeveError(
    'audit-key-missing',
    `The rows of this database are sealed with an audit key, and this process has none, so that a worker would take nothing from it. Give it the key: REEVE_AUDIT_KEY, or the file audit.key beside the database. If it is lost: reeve audit key --lost. Nothing was changed.`,
  )
}
