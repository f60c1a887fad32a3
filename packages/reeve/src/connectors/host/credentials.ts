import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { type AccountKey, endRefresh, takeRefresh } from '../../store/connectors/accounts.ts'
import type { Database } from '../../store/database.ts'
import type { OpenedSecret, Vault } from '../../store/secrets/vault.ts'
import { type AuthScheme, type Credential, readSealed, sealedForm } from '../auth/scheme.ts'
import { isRenewable, renewToken } from '../auth/tokens.ts'
import type { Signed, Target } from '../door/door-services.ts'
import { secretNameOf } from '../shape/connection.ts'
import type { CallPlace } from '../shape/host.ts'
import type { Mode } from '../shape/mode.ts'
import { type AccountStates, keyOf } from './account-states.ts'
import type { StandIns } from './stand-ins.ts'

interface CredentialServices {
  database: Database
  clock: Clock
  log: Log
  vault: Vault
  secrets: Secrets
  newId: () => string
  states: AccountStates
  standIns: StandIns
}

/** A token is renewed when so little is left of it (ms). */
const renewBeforeMs = 60_000
/** One that renews is waited for no longer: it died (ms). */
const refreshForMs = 30_000
const lookAgainMs = 100

/** The credentials of accounts, as they go out. Tokens are renewed by one process at a time, of all that work on the database. */
export class Credentials {
  readonly #services: CredentialServices
  readonly #renewing = new Map<string, Promise<Signed>>()
  /** Renewed credentials of stand-ins, where the project has no key to seal with yet: they are no secrets. */
  readonly #unsealed = new Map<string, OpenedSecret>()

  constructor(services: CredentialServices) {
    this.#services = services
  }

  /** As it is sealed. Where there is one, the service's own test environment is used: someone connected the account to it. */
  sandboxCredential({ connection, account }: CallPlace): string | undefined {
    return this.#services.vault.known(secretNameOf(connection, account, 'sandbox'))
  }

  liveTarget(place: CallPlace): Promise<Target> {
    return this.#ownTarget(place, 'live')
  }

  /** Where the connection itself says that it is; what depends on the account's token goes by the one of that mode. */
  async #ownTarget(place: CallPlace, mode: Mode): Promise<Target> {
    const { connection } = place
    const { definition, settings, url } = connection
    const its = definition.url as string | ((facts: object) => string)
    const token = typeof its === 'function' ? (await this.#credentialOf(place, mode)).credential : {}
    const address = url ?? (typeof its === 'function' ? its({ settings, token }) : its)
    return { url: address, endpoints: endpointsOf(place), isPrivate: url !== undefined }
  }

  async sandboxTarget(place: CallPlace): Promise<Target> {
    const { definition, settings } = place.connection
    const { url } = definition.sandbox
    if (url === undefined) return this.#ownTarget(place, 'sandbox')
    const address = typeof url === 'function' ? url({ settings } as never) : url
    return { url: address, endpoints: endpointsOf(place), isPrivate: false }
  }

  /** @throws `PutOff` where a person must connect the account; what the vault throws */
  async sign(place: CallPlace, mode: Mode): Promise<Signed> {
    const { clock, states } = this.#services
    const opened = await this.#credentialOf(place, mode)
    const { scheme, credential, version } = opened
    const problem = scheme.problemOf?.(credential) ?? wrongMode(scheme, credential, mode)
    if (problem !== undefined) throw await states.lost(keyOf(place, mode), problem)
    const signed = signedBy(scheme, credential, version)
    const left = Number(credential.expires_at ?? Number.POSITIVE_INFINITY) - clock.now()
    if (signed.isRenewable && left < renewBeforeMs)
      return this.renewed(place, mode, version, new AbortController().signal)
    return signed
  }

  /** All that ask at one moment in this process share one renewal. */
  renewed(place: CallPlace, mode: Mode, version: number, signal: AbortSignal): Promise<Signed> {
    const name = this.#nameOf(place, mode)
    const running = this.#renewing.get(name)
    if (running) return running
    const renewing = this.#renew(place, mode, version, signal).finally(() => this.#renewing.delete(name))
    this.#renewing.set(name, renewing)
    return renewing
  }

  async #renew(place: CallPlace, mode: Mode, version: number, signal: AbortSignal): Promise<Signed> {
    const { database, clock, newId, states } = this.#services
    const key = keyOf(place, mode)
    const by = newId()
    await states.ensure(key)
    for (;;) {
      const now = await this.#credentialOf(place, mode)
      // Another process was faster.
      if (now.version !== version) return signedBy(now.scheme, now.credential, now.version)
      const lease = { by, now: clock.now(), forMs: refreshForMs }
      if (await database.transaction((session) => takeRefresh(session, key, lease))) break
      signal.throwIfAborted()
      await new Promise<void>((resolve) => clock.after(lookAgainMs, resolve))
    }
    let isRenewed = false
    try {
      const signed = await this.#fetchToken(place, mode, version, key)
      isRenewed = true
      return signed
    } finally {
      await database.transaction((session) => endRefresh(session, key, { by, isRenewed }))
    }
  }

  async #fetchToken(place: CallPlace, mode: Mode, version: number, key: AccountKey): Promise<Signed> {
    const { vault, clock, states } = this.#services
    const { scheme, credential, version: current } = await this.#credentialOf(place, mode)
    if (current !== version) return signedBy(scheme, credential, current)
    const target = await this.#tokenTarget(place, mode)
    const renewed = await renewToken({ scheme, credential, mode, ...target, now: clock.now() })
    if ('refused' in renewed)
      throw await states.lost(
        key,
        `its token could not be renewed: ${renewed.refused}. The consent may have been taken back`,
      )
    if ('failed' in renewed) {
      states.failed(key, messageOf(renewed.failed))
      throw new NotApplied(
        `The token of ${place.connection.name} could not be renewed: ${messageOf(renewed.failed)}`,
        {
          retryable: true,
          cause: renewed.failed,
        },
      )
    }
    const acting = {
      by: 'reeve',
      proof: 'started-by-reeve',
      at: clock.now(),
      why: 'the token was renewed',
    } as const
    const sealed = sealedForm(scheme, renewed.credential)
    const name = this.#nameOf(place, mode)
    try {
      const next = await vault.replace(name, version, sealed, acting)
      return signedBy(scheme, renewed.credential, next)
    } catch (error) {
      const isKeyless = error instanceof ReeveError && error.code === 'secrets-key-missing'
      if (!isKeyless || !isOfStandIn(name)) throw error
      this.#unsealed.set(name, { value: sealed, version: version + 1 })
      return signedBy(scheme, renewed.credential, version + 1)
    }
  }

  /** A stand-in answers for its token's addresses too. */
  async #tokenTarget(place: CallPlace, mode: Mode): Promise<{ origin: string | undefined }> {
    const { connection } = place
    if (mode === 'sandbox' && this.sandboxCredential(place) === undefined)
      return { origin: (await this.#services.standIns.of(connection)).url }
    return { origin: connection.url }
  }

  #nameOf({ connection, account }: CallPlace, mode: Mode): string {
    const name = secretNameOf(connection, account, mode)
    const isStandIn = mode === 'sandbox' && this.#services.vault.known(name) === undefined
    return isStandIn ? `${connection.name}:${account}${standInMark}` : name
  }

  async #credentialOf(
    place: CallPlace,
    mode: Mode,
  ): Promise<{ scheme: AuthScheme; credential: Credential; version: number }> {
    const { states } = this.#services
    const schemes = [place.connection.definition.auth].flat() as AuthScheme[]
    const none = schemes.find(({ kind }) => kind === 'none')
    if (none) return { scheme: none, credential: {}, version: 0 }
    const name = this.#nameOf(place, mode)
    let opened: OpenedSecret
    try {
      opened = this.#unsealed.get(name) ?? (await this.#sealed(name))
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'unknown-secret')) throw error
      if (!isOfStandIn(name)) {
        const row = await states.find(keyOf(place, mode))
        const known = row?.state === 'needs-reconnect' ? row.reason : null
        throw await states.lost(keyOf(place, mode), known ?? 'it has no credential yet')
      }
      opened = { value: place.connection.definition.sandbox.standIn.credential, version: 0 }
    }
    try {
      return { ...readSealed(schemes, opened.value), version: opened.version }
    } catch (error) {
      throw await states.lost(keyOf(place, mode), messageOf(error))
    }
  }

  async #sealed(name: string): Promise<OpenedSecret> {
    const { vault } = this.#services
    const opened = await vault.read(name)
    vault.noteUse(name, opened.version)
    return opened
  }
}

const standInMark = ':stand-in'

function isOfStandIn(name: string): boolean {
  return name.endsWith(standInMark)
}

function endpointsOf({ connection }: CallPlace): Record<string, string> {
  const { definition, settings } = connection
  const its = (definition.endpoints ?? {}) as Record<string, string | ((facts: object) => string)>
  return Object.fromEntries(
    Object.entries(its).map(([name, each]) => [name, typeof each === 'function' ? each({ settings }) : each]),
  )
}

function signedBy(scheme: AuthScheme, credential: Credential, version: number): Signed {
  return {
    headers: scheme.headers(credential),
    credential,
    version,
    isRenewable: isRenewable(scheme, credential),
  }
}

function wrongMode(scheme: AuthScheme, credential: Credential, mode: Mode): string | undefined {
  const its = scheme.modeOf?.(credential)
  if (its === undefined || its === mode) return undefined
  return its === 'live'
    ? 'its credential is of the real account, and the connection is in sandbox: nothing was sent. Give it one of the test environment'
    : 'its credential is of the test environment, and the connection is live: nothing was sent. Give it one of the real account'
}
