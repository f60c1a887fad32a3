import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import { type AuthorityRows, readAuthorityRows } from '../store/authority/authority-rows.ts'
import { grantsIn, nameOfEnd } from '../store/authority/seen-ends.ts'
import { readAuthorityVersion } from '../store/authority/version.ts'
import type { Database } from '../store/database.ts'
import { type Authority, type AuthoritySnapshot, emptySnapshot, snapshotOf } from './authority-snapshot.ts'
import type { GrantChange } from './grants/narrowing.ts'
import { noteSeenEnds } from './history/seen-ends.ts'
import { levelFrom } from './readiness/readiness.ts'

const endsEveryMs = 60_000

/**
 * What a database says of those who act, in memory. It is read again when another process announces a change, at each heartbeat of the
 * worker if its version has moved, and by whoever changed something in this process (`renew`).
 *
 *   empty → read → (changed → read again)*
 */
export class LiveAuthority implements Authority {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  #snapshot: AuthoritySnapshot = emptySnapshot
  #reading: Promise<void> | undefined
  #isAsked = false
  #isEnded = false
  /** When ends that have come were last looked for (ms). */
  #endsLookedAt = Number.NEGATIVE_INFINITY
  #stopListening = () => {}

  constructor(options: { database: Database; clock: Clock; log: Log }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#log = options.log
  }

  current(): AuthoritySnapshot {
    return this.#snapshot
  }

  /** Listens to other processes from now on. */
  begin(): void {
    this.#stopListening = this.#database.onOutsideChange((change) => {
      if (change === 'authority') void this.#renewSurely()
      else if (change === 'unannounced') void this.lookAgain()
    })
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#stopListening()
    await this.#reading?.catch(() => undefined)
  }

  /** Notes what has ended, once a minute, and reads it if its version has moved. What fails is said, and tried again at the next look. */
  async lookAgain(): Promise<void> {
    try {
      await this.#lookForEnds()
      if ((await readAuthorityVersion(this.#database)) !== this.#snapshot.version) await this.renew()
    } catch (error) {
      this.#warn(error)
    }
  }

  async #lookForEnds(): Promise<void> {
    const now = this.#clock.now()
    // One that is set back may bring ends again, long before it comes to where it was.
    if (Math.abs(now - this.#endsLookedAt) < endsEveryMs) return
    this.#endsLookedAt = now
    await noteSeenEnds(this.#database, now)
  }

  /** Reads it now: what was durable before this call is in it afterwards. Those who ask at one moment share a reading. */
  renew(): Promise<void> {
    if (this.#reading) {
      this.#isAsked = true
      return this.#reading
    }
    const reading = this.#read()
    this.#reading = reading
    return reading
  }

  async #read(): Promise<void> {
    try {
      do {
        this.#isAsked = false
        const rows = await readAuthorityRows(this.#database, () => this.#clock.now())
        if (rows.version >= this.#snapshot.version) this.#snapshot = snapshotFrom(rows)
      } while (this.#isAsked)
    } finally {
      // At once with the last look at `#isAsked`: whoever asks from here on begins a reading of its own.
      this.#reading = undefined
    }
  }

  async #renewSurely(): Promise<void> {
    try {
      await this.renew()
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn(error: unknown): void {
    if (this.#isEnded) return
    this.#log.warn('what was granted, revoked or switched could not be read; it is tried again before long', {
      error: String(error),
    })
  }
}

function snapshotFrom(rows: AuthorityRows): AuthoritySnapshot {
  const { version, principals, changes, switches, levels, seenEnds } = rows
  const known = new Map(principals.map((row) => [row.name, row]))
  return snapshotOf({
    version,
    principals: principals.map(({ name, kind, role, ended_at }) => ({
      id: name,
      kind,
      ...(role !== null && { role }),
      isRevoked: ended_at !== null,
    })),
    changes: [
      ...changes.flatMap((row): { principal: string; change: GrantChange }[] => {
        const change = JSON.parse(row.change) as GrantChange
        const isOver = seenEnds.has(nameOfEnd({ change: row.id }))
        if (change.kind === 'expire' && isOver)
          return [{ principal: row.principal, change: { ...change, at: 0 } }]
        if (change.kind !== 'exception') return [{ principal: row.principal, change }]
        if (isOver) return []
        // It counts as long as its maker may make one.
        const maker = known.get(row.made_by)
        if (maker?.kind !== 'person' || maker.role !== 'owner' || maker.ended_at !== null) return []
        const by = { id: maker.name, kind: maker.kind, role: maker.role }
        return [{ principal: row.principal, change: { ...change, by } }]
      }),
      ...grantsIn(seenEnds).map(({ principal, grant, at }) => ({
        principal,
        change: { kind: 'expire', grant, at: 0, ofCode: at } as const,
      })),
    ],
    levels: levels.map(({ principal, level }) => ({ principal, level: levelFrom(level) })),
    switches: switches.map(({ agent, tool, connector, mode }) => ({
      ...(agent !== '' && { agent }),
      ...(tool !== '' && { tool }),
      ...(connector !== '' && { connector }),
      mode,
    })),
  })
}
