import type { Log } from '../../base/log.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import { type EffectAttempt, PutOff } from '../../engine/calls/effect/definition.ts'
import { CallRates } from '../../engine/calls/effect/rate/call-rates.ts'
import { slackOf } from '../../engine/calls/effect/rate/pace.ts'
import type { AccountRow } from '../../store/connectors/accounts.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../store/secrets/vault.ts'
import { type CallRate, learnRate, type TokenAnswer } from '../../store/spending/call-rates.ts'
import type { DoorServices, Signed, TakenToken, Taking, Target } from '../door/door-services.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { ServiceDoor } from '../door/service-door.ts'
import type { Connection } from '../shape/connection.ts'
import type { RateSaid } from '../shape/definition.ts'
import type { CallPlace, ConnectionHost } from '../shape/host.ts'
import type { Mode } from '../shape/mode.ts'
import { AccountStates, keyOf } from './account-states.ts'
import { Contracts } from './contracts.ts'
import { Credentials } from './credentials.ts'
import { EventOwners } from './event-owners.ts'
import { Health } from './health.ts'
import { rateFor } from './rates.ts'
import { StandIns } from './stand-ins.ts'

export interface ConnectionServices {
  database: Database
  clock: Clock
  log: Log
  vault: Vault
  secrets: Secrets
  newId: () => string
  /** Hears of runs that go on. */
  woken: (run: number) => void
  /** All connections are in sandbox. */
  isSandbox: boolean
  /** Where stand-ins keep what they did; absent: in memory. */
  folder: string | undefined
}

/** The connections of a project at work: what their calls need of the runtime, in each of its processes. */
export class Connections implements ConnectionHost, DoorServices {
  readonly kind = 'reeve-connections'
  readonly clock: Clock
  readonly log: Log
  readonly secrets: Secrets
  readonly all: ReadonlyMap<string, Connection>
  readonly isSandbox: boolean
  readonly states: AccountStates
  readonly standIns: StandIns
  readonly credentials: Credentials
  readonly contracts: Contracts
  readonly newId: () => string
  readonly health: Health
  readonly owners: EventOwners
  readonly database: Database
  readonly #rates: CallRates
  readonly #learnt = new Map<string, string>()
  readonly #looking = new Map<string, Promise<AccountRow | undefined>>()
  /** The credentials of sandboxes with which a look went well. */
  readonly #seen = new Map<string, string>()

  constructor(all: readonly Connection[], services: ConnectionServices) {
    const { database, clock, log, secrets, isSandbox, folder } = services
    this.clock = clock
    this.log = log
    this.secrets = secrets
    this.isSandbox = isSandbox
    this.all = new Map(all.map((each) => [each.name, each]))
    this.newId = services.newId
    this.database = database
    this.#rates = new CallRates(database, clock, log)
    this.states = new AccountStates(services)
    this.standIns = new StandIns({ database, clock, log, folder })
    this.credentials = new Credentials({ ...services, states: this.states, standIns: this.standIns })
    this.contracts = new Contracts(services, (connection) => this.modeOf({ connection }))
    this.health = new Health(this)
    this.owners = new EventOwners(this)
  }

  modeOf({ connection, mode }: { connection: Connection; mode?: Mode }): Mode {
    return mode ?? (this.isSandbox ? 'sandbox' : connection.mode)
  }

  /**
   * Why the account of a call must be waited for; undefined: it need not. Before anything goes out by the credential of a sandbox it
   * is seen whose it is: nothing but that look reaches the real account.
   */
  async closed(place: CallPlace): Promise<PutOff | undefined> {
    const mode = this.modeOf(place)
    const key = keyOf(place, mode)
    let row = await this.states.ensure(key)
    const given = this.#unseen(place)
    if (given !== undefined) {
      const name = JSON.stringify(key)
      const looking = this.#looking.get(name) ?? this.health.probe(key)
      this.#looking.set(name, looking)
      row = (await looking.finally(() => this.#looking.delete(name))) ?? row
      if (row.state === 'connected') this.#seen.set(name, given)
    }
    return this.states.closed(key, row)
  }

  /** Of a sandbox: whether this process has not seen yet whose account its credential is of: it might be the real one. */
  isUnseen(place: CallPlace): boolean {
    return this.#unseen(place) !== undefined
  }

  #unseen(place: CallPlace): string | undefined {
    if (this.modeOf(place) !== 'sandbox') return undefined
    const given = this.credentials.sandboxCredential(place)
    return given === this.#seen.get(JSON.stringify(keyOf(place, 'sandbox'))) ? undefined : given
  }

  async gate(place: CallPlace, run: { id: string; createdAt: number }): Promise<PutOff | undefined> {
    const changed = await this.contracts.gate(place, run)
    if (changed) return changed
    const closed = await this.closed(place)
    if (closed) return closed
    // A door that cannot be opened is found out here, before anything is written of the attempt.
    try {
      await this.sign(place)
      return undefined
    } catch (error) {
      if (error instanceof PutOff) return error
      throw error
    }
  }

  rate(place: CallPlace): CallRate {
    const mode = this.modeOf(place)
    return rateFor(
      place.connection.definition,
      { connection: place.connection.name, account: place.account, mode },
      place.class,
    )
  }

  call(place: CallPlace, attempt: EffectAttempt): ServiceCall {
    return new ServiceDoor(this, place, attempt)
  }

  /** The door for what is no call of a run: a look at an account, a look of a trigger. */
  callOf(place: CallPlace, attempt: Pick<EffectAttempt, 'key' | 'attempt' | 'signal'>): ServiceCall {
    return new ServiceDoor(this, place, attempt)
  }

  async targetOf(place: CallPlace): Promise<Target> {
    const { connection } = place
    if (this.modeOf(place) === 'live') return this.credentials.liveTarget(place)
    if (this.credentials.sandboxCredential(place) !== undefined) return this.credentials.sandboxTarget(place)
    const { url, endpoints = {} } = await this.standIns.of(connection)
    return { url, endpoints, isPrivate: true }
  }

  sign(place: CallPlace): Promise<Signed> {
    return this.credentials.sign(place, this.modeOf(place))
  }

  renewed(place: CallPlace, version: number, signal: AbortSignal): Promise<Signed> {
    return this.credentials.renewed(place, this.modeOf(place), version, signal)
  }

  take(place: CallPlace, { begun, late, aside }: Taking): Promise<TokenAnswer> {
    const rate = this.rate(place)
    const slackMs = Math.ceil(slackOf(rate) * 2 ** late)
    const more = { ...(begun && { begun }), ...(aside !== undefined && { aside }) }
    return this.#rates.take({ rate, slackMs, waited: false, ...more })
  }

  arrived(place: CallPlace, token: TakenToken): void {
    this.#rates.arrived({ rate: this.rate(place), ...token })
  }

  async learn(place: CallPlace, { waitMs, limit }: RateSaid): Promise<void> {
    const rate = this.rate(place)
    const isKnown = limit === undefined || this.#learnt.get(rate.key) === JSON.stringify(limit)
    if (isKnown && (waitMs === undefined || waitMs <= 0)) return
    const news = {
      ...(waitMs !== undefined && waitMs > 0 && { blockedUntil: this.clock.now() + waitMs }),
      ...(!isKnown && limit && { limit }),
    }
    await this.database.transaction((session) => learnRate(session, rate, news))
    if (limit) this.#learnt.set(rate.key, JSON.stringify(limit))
  }

  lost(place: CallPlace, why: string): Promise<PutOff> {
    return this.states.lost(keyOf(place, this.modeOf(place)), why)
  }

  failed(place: CallPlace, why: string): void {
    this.states.failed(keyOf(place, this.modeOf(place)), why)
  }

  worked(place: CallPlace): void {
    this.states.worked(keyOf(place, this.modeOf(place)))
  }

  /** Writes down what the connections are now, and begins to look at their accounts. Only for a process that drives runs. */
  async begin(): Promise<void> {
    await this.contracts.note(this.all.values())
    this.health.begin()
  }

  async end(): Promise<void> {
    await this.health.end()
  }

  async close(): Promise<void> {
    await this.standIns.close()
  }
}
