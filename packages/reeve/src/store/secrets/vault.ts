import { ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { addSecretParts } from '../../base/secrets/known-secrets.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Acting } from '../authority/acting.ts'
import type { Database } from '../database.ts'
import { setSecret } from './change-secrets.ts'
import type { SealingKeys } from './key/key-file.ts'
import { keyOf, openSecret, unknownSecret } from './open-secret.ts'
import { findSecret, listSealed, noteUse, readSecretsVersion, type SecretRow } from './sealed-rows.ts'

/** A value, opened. */
export interface OpenedSecret {
  value: string
  version: number
}

export interface VaultOptions {
  database: Database
  /** Reads the keys: when it begins, and when something is sealed with one that it does not know. */
  readKeys: () => SealingKeys
  /** Where a name has no secret; absent: nowhere. */
  fallback?: ((name: string) => string | undefined) | undefined
  /** What is opened is left out of all that is written, logged and printed from then on. */
  secrets: Secrets
  clock: Clock
  log: Log
  /** Called whenever the secrets were loaded: what depends on them may have changed. */
  loaded?: (keys: SealingKeys) => Promise<void>
}

const hourMs = 3_600_000

/**
 * The secrets of a project, as one process opens them. All values are opened when it begins and when another process changed
 * them, so that none gets into a journal; a value that is handed out is read from the database at that moment.
 *
 *   new → loaded → (changed → loaded)* → ended
 */
export class Vault {
  readonly #options: VaultOptions
  #keys: SealingKeys
  #version = -1
  /** Values in use, by name. */
  #current = new Map<string, OpenedSecret>()
  #notedAt = new Map<string, number>()
  #loading: Promise<void> | undefined
  #isEnded = false
  #stopListening = () => {}

  /** @throws `bad-secrets-key` */
  constructor(options: VaultOptions) {
    this.#options = options
    this.#keys = options.readKeys()
    this.#hideKeys()
  }

  /** The keys that it opens with. */
  get keys(): SealingKeys {
    return this.#keys
  }

  /** Opens what there is. What cannot be opened is said, and refused to whoever asks for it. */
  async load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Listens to other processes from now on. */
  begin(): void {
    this.#stopListening = this.#options.database.onOutsideChange((change) => {
      if (change === 'authority' || change === 'unannounced') void this.lookAgain()
    })
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#stopListening()
    await this.#loading?.catch(() => undefined)
  }

  /** Opens them again if something changed. What fails is said, and tried again at the next look. */
  async lookAgain(): Promise<void> {
    try {
      while ((await readSecretsVersion(this.#options.database)) !== this.#version) await this.load()
    } catch (error) {
      if (!this.#isEnded)
        this.#options.log.warn(
          'what changed of the secrets could not be read; it is tried again before long',
          {
            error: String(error),
          },
        )
    }
  }

  /** Of those in use that could be opened. */
  names(): string[] {
    return [...this.#current.keys()]
  }

  /** As it was last loaded: of another process's change some milliseconds late, or seconds. For doors that strangers knock at. */
  known(name: string): string | undefined {
    return this.#current.get(name)?.value ?? this.#options.fallback?.(name)
  }

  /**
   * The value at this moment, which is from then on left out of all that this process writes.
   * @throws `unknown-secret` `secrets-key-missing` `secret-forged`
   */
  async read(name: string): Promise<OpenedSecret> {
    const row = await findSecret(this.#options.database, name)
    if (!row) {
      this.#current.delete(name)
      const value = this.#options.fallback?.(name)
      if (value === undefined) throw unknownSecret(name)
      addSecretParts(this.#options.secrets, value)
      return { value, version: 0 }
    }
    const opened = this.#open(row)
    this.#current.set(name, opened)
    return opened
  }

  /** What somebody is about to set is left out of all that this process writes, before anything else is done with it. */
  hide(value: string): void {
    if (value.length >= 8) addSecretParts(this.#options.secrets, value)
  }

  /** Tells that what `known` gave was used: it signed, or proved somebody. A look at it, such as whether there is one, is no use. */
  used(name: string): void {
    const opened = this.#current.get(name)
    if (opened) this.noteUse(name, opened.version)
  }

  /** Tells that a value was handed to a tool: written once an hour, and nobody waits for it. */
  noteUse(name: string, version: number): void {
    if (version === 0) return
    const { clock, database } = this.#options
    const now = clock.now()
    const last = this.#notedAt.get(name)
    if (last !== undefined && now - last < hourMs) return
    this.#notedAt.set(name, now)
    const at = Math.floor(now / hourMs) * hourMs
    database.transaction((session) => noteUse(session, { name, version }, at)).catch(() => undefined)
  }

  /**
   * Puts a value in the place of the one of a version, for parts of the runtime that renew what they hold: of those who do so at
   * one moment one succeeds. Answers the new version.
   * @throws `secret-changed` when the secret has another version by now; read it again
   */
  async replace(name: string, expected: number, value: string, acting: Acting): Promise<number> {
    const { database, secrets } = this.#options
    addSecretParts(secrets, value)
    const { version } = await database.transaction((session) =>
      setSecret(session, { name, value, keys: this.#keys, expected }, acting),
    )
    this.#current.set(name, { value, version })
    return version
  }

  async #load(): Promise<void> {
    const { database, log } = this.#options
    const version = await readSecretsVersion(database)
    if (version === this.#version) return
    const current = new Map<string, OpenedSecret>()
    for (const row of await listSealed(database)) {
      try {
        const opened = this.#open(row)
        if (row.ended_at === null) current.set(row.name, opened)
      } catch (error) {
        if (!(error instanceof ReeveError)) throw error
        if (row.ended_at === null) log.error(error.message)
      }
    }
    this.#current = current
    this.#version = version
    await this.#options.loaded?.(this.#keys)
  }

  #open(row: SecretRow): OpenedSecret {
    if (!keyOf(row, this.#keys)) {
      // Whoever sealed it may have put a new key into the file since.
      this.#keys = this.#options.readKeys()
      this.#hideKeys()
    }
    const value = openSecret(row, this.#keys)
    addSecretParts(this.#options.secrets, value)
    return { value, version: row.version }
  }

  #hideKeys(): void {
    this.#options.secrets.add(this.#keys.keys.map(({ secret }) => secret))
  }
}
