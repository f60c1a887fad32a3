import type { Environment } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import { keptHead } from '../../store/audit/heads/head.ts'
import { lastHead, signHeads } from '../../store/audit/heads/sign-heads.ts'
import { type AuditKeys, missingKey } from '../../store/audit/key/audit-keys.ts'
import { bindKeys } from '../../store/audit/key/bind-keys.ts'
import { readKeys } from '../../store/audit/key/key-file.ts'
import type { Database } from '../../store/database.ts'

const everyMs = 300_000
const dayMs = 86_400_000

/**
 * The audit keys of a runtime: read, or made for a database of its own. Undefined where there is no place for any (Postgres
 * without REEVE_AUDIT_KEY).
 * @throws `audit-key-missing` `audit-key-foreign` `bad-audit-key`
 */
export async function auditKeysFor(
  database: Database,
  environment: Environment,
  { clock, log, secrets }: { clock: Clock; log: Log; secrets: Secrets },
): Promise<AuditKeys | undefined> {
  const keys = await bindKeys(database, readKeys(environment), {
    now: clock.now(),
    by: environment.user,
    mayChange: true,
    onForged: (what) =>
      log.error(
        `${what}: somebody without the audit key put it there. It is not taken. Look: reeve audit verify`,
      ),
  })
  if (keys === 'missing') throw missingKey()
  if (keys) secrets.add(keys.all.map(({ secret }) => secret))
  return keys
}

/**
 * Signs the heads of all journals, in the background: every five minutes in which something happened, and when the runtime stops.
 * Once a day the newest head goes into the log, so that it is where logs are kept.
 */
export class AuditSigning {
  readonly #database: Database
  readonly #keys: AuditKeys | undefined
  readonly #clock: Clock
  readonly #log: Log
  readonly #stopped = new AbortController()
  #round: Promise<void> = Promise.resolve()
  #cancel = () => {}
  #anchoredDay: number | undefined

  constructor(database: Database, keys: AuditKeys | undefined, clock: Clock, log: Log) {
    this.#database = database
    this.#keys = keys
    this.#clock = clock
    this.#log = log
  }

  begin(): void {
    if (!this.#keys) return
    const sign = () => {
      this.#round = this.#sign(this.#stopped.signal)
      void this.#round.then(() => {
        if (!this.#stopped.signal.aborted) this.begin()
      })
    }
    this.#cancel = this.#clock.after(everyMs, sign, 'upkeep')
  }

  /** Signs what happened last. Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#stopped.abort()
    this.#cancel()
    await this.#round
    await this.#sign()
  }

  async #sign(signal?: AbortSignal): Promise<void> {
    if (!this.#keys) return
    try {
      await signHeads(this.#database, this.#keys, this.#clock.now(), signal)
      await this.#anchor()
    } catch (error) {
      this.#log.warn('the heads of the journals could not be signed; it is tried again in five minutes', {
        error: String(error),
      })
    }
  }

  async #anchor(): Promise<void> {
    const day = Math.floor(this.#clock.now() / dayMs)
    if (day === this.#anchoredDay) return
    const head = await lastHead(this.#database)
    if (!head) return
    this.#anchoredDay = day
    this.#log.info('audit head of the day: keep it where nobody can change it', {
      head: JSON.stringify(keptHead(head)),
    })
  }
}
