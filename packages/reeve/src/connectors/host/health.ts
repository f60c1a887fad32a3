import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { Looks } from '../../base/time/looks.ts'
import { type Clock, toMs } from '../../base/time/time.ts'
import { type EffectAttempt, PutOff } from '../../engine/calls/effect/definition.ts'
import {
  type AccountKey,
  type AccountRow,
  hasDueProbe,
  probeBeforeSchedules,
  takeDueProbes,
} from '../../store/connectors/accounts.ts'
import type { Database } from '../../store/database.ts'
import { listAwaited } from '../../store/runs/awaited.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { Connection } from '../shape/connection.ts'
import type { AccountFacts } from '../shape/definition.ts'
import type { CallPlace } from '../shape/host.ts'
import type { Mode } from '../shape/mode.ts'
import { type AccountStates, keyOf } from './account-states.ts'

const lookMs = 5_000
/** One look at an account takes no longer; whoever took it and died is followed by another after three times that. */
const probeMs = 15_000
const atOnce = 20
/** Failed looks, one after the other, after which its calls wait. */
const failuresUntilDown = 3
const firstAgainMs = 10_000
/** Before a schedule's time, accounts are looked at that were not for so long. */
const beforeScheduleMs = 60_000

/** What looking at accounts needs of the runtime's connections. */
interface HealthServices {
  readonly all: ReadonlyMap<string, Connection>
  readonly states: AccountStates
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
  modeOf(of: { connection: Connection }): Mode
  isUnseen(place: CallPlace): boolean
  callOf(place: CallPlace, attempt: Pick<EffectAttempt, 'key' | 'attempt' | 'signal'>): ServiceCall
}

/** Looks at accounts: each on its own schedule, by one worker of all, before schedules start runs, and when calls of it failed. */
export class Health {
  readonly #connections: HealthServices
  readonly #looks: Looks

  constructor(connections: HealthServices) {
    this.#connections = connections
    this.#looks = new Looks(connections, 'the accounts of connectors', lookMs, () => this.look())
  }

  begin(): void {
    if (this.#connections.all.size > 0) void this.#looks.begin()
  }

  end(): Promise<void> {
    return this.#looks.end()
  }

  /** Answers whether there may be more to look at. */
  async look(): Promise<boolean> {
    const { database, clock, states } = this.#connections
    await this.#ensureRows()
    const now = clock.now()
    await probeBeforeSchedules(database, now, { aheadMs: beforeScheduleMs, staleMs: beforeScheduleMs })
    const due = (await hasDueProbe(database, now))
      ? await database.transaction((session) =>
          takeDueProbes(session, now, { untilMs: 3 * probeMs, most: atOnce }),
        )
      : []
    const isOfProject = ({ connection: name, mode }: AccountRow) => {
      const connection = this.#connections.all.get(name)
      return connection !== undefined && this.#connections.modeOf({ connection }) === mode
    }
    await Promise.all(due.filter(isOfProject).map((row) => this.probe(row)))
    for (const { what } of await listAwaited(database)) {
      const key = this.#accountBehind(what)
      const row = key && (await states.find(key))
      if (row && (row.state === 'connected' || row.state === 'degraded')) await states.wake(key)
    }
    return due.length === atOnce
  }

  async #ensureRows(): Promise<void> {
    const { all, states } = this.#connections
    for (const connection of all.values()) {
      const { accounts } = connection
      const names =
        accounts.choice === 'one'
          ? [accounts.account]
          : accounts.choice === 'several'
            ? accounts.accounts
            : []
      const mode = this.#connections.modeOf({ connection })
      for (const account of names) await states.ensure({ connection: connection.name, account, mode })
    }
  }

  #accountBehind(what: string): AccountKey | undefined {
    const [, connection, account, mode] = /^account:(.+)\/(.+)\/(live|sandbox)$/.exec(what) ?? []
    if (connection === undefined || account === undefined) return undefined
    return { connection, account, mode: mode as AccountKey['mode'] }
  }

  /**
   * Looks at one account now. Answers what came of it; undefined: the project has no such connection, or it is in sandbox and the
   * account is the real one.
   */
  async probe(key: AccountKey): Promise<AccountRow | undefined> {
    const { all, states, clock } = this.#connections
    const connection = all.get(key.connection)
    if (!connection || (key.mode === 'live' && this.#connections.modeOf({ connection }) !== 'live'))
      return undefined
    const before = await states.ensure(key)
    const everyMs = toMs(connection.definition.health.every ?? '5m')
    const place = { connection, account: key.account, action: 'health', class: 'default', mode: key.mode }
    try {
      const facts = await this.ask(place)
      const at = clock.now()
      const other = otherAccount(before, facts, key)
      const probe = { at, next: at + everyMs, failures: 0 }
      if (other !== undefined) await states.set(key, { state: 'needs-reconnect', reason: other, probe })
      else
        await states.set(key, {
          state: 'connected',
          reason: null,
          probe,
          ...(facts.identity !== undefined && { identity: facts.identity }),
          ...(facts.scopes && { scopes: facts.scopes }),
        })
    } catch (error) {
      await this.#failed(place, before, error, everyMs)
    }
    return states.find(key)
  }

  /** The test call: whose account it is. @throws as an action */
  ask(place: CallPlace): Promise<AccountFacts> {
    const { newId } = this.#connections
    const signal = AbortSignal.timeout(probeMs)
    const call = this.#connections.callOf(place, { key: newId(), attempt: 1, signal })
    return Promise.resolve(place.connection.definition.health.probe(call))
  }

  async #failed(place: CallPlace, before: AccountRow, error: unknown, everyMs: number): Promise<void> {
    const { states, clock } = this.#connections
    const at = clock.now()
    const key = keyOf(place, before.mode)
    const now = await states.find(key)
    const isUnseen = this.#connections.isUnseen(place)
    // What needs a person was said where it was found out. A new credential may be there at the next look.
    if (now?.state === 'needs-reconnect' && error instanceof PutOff) {
      await states.set(key, {
        state: 'needs-reconnect',
        reason: now.reason,
        probe: { at, next: at + everyMs, failures: 0 },
      })
      return
    }
    // It takes no more for now: that is no fault of it.
    if (error instanceof PutOff) {
      const next = Math.min(Math.max(error.at, at + 1_000), at + everyMs)
      await states.set(key, {
        state: isUnseen ? 'down' : before.state === 'new' ? 'connected' : before.state,
        reason: before.reason,
        probe: { at, next, failures: before.failures },
      })
      return
    }
    const failures = before.failures + 1
    const isDown = failures >= failuresUntilDown || before.state === 'down' || isUnseen
    const next = at + Math.min(firstAgainMs * 2 ** (failures - 1), everyMs)
    await states.set(key, {
      state: isDown ? 'down' : 'degraded',
      reason: messageOf(error).slice(0, 500),
      probe: { at, next, failures },
    })
  }
}

/** Why a credential that works must not be used. */
function otherAccount({ identity }: AccountRow, facts: AccountFacts, key: AccountKey): string | undefined {
  if (facts.mode !== undefined && facts.mode !== key.mode)
    return `its credential is of ${facts.mode === 'live' ? 'the real account' : 'the test environment'}, and the connection is ${key.mode === 'live' ? 'live' : 'in sandbox'}`
  if (identity === null || facts.identity === undefined || facts.identity === identity) return undefined
  return `its credential is of another account now: ${facts.identity} instead of ${identity}. If that is meant, disconnect it and connect it again`
}
