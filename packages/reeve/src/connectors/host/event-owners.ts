import { ReeveError } from '../../base/errors.ts'
import { type AccountKey, type AccountRow, listAccounts } from '../../store/connectors/accounts.ts'
import type { Database } from '../../store/database.ts'
import type { HookOfService } from '../../triggers/webhook.ts'
import type { Connection } from '../shape/connection.ts'
import type { Mode } from '../shape/mode.ts'
import type { AccountStates } from './account-states.ts'
import type { Health } from './health.ts'

/** What finding out whose an event is needs of the runtime's connections. */
interface OwnerServices {
  readonly all: ReadonlyMap<string, Connection>
  readonly database: Database
  readonly states: AccountStates
  readonly health: Health
  modeOf(of: { connection: Connection }): Mode
}

/**
 * Whose the events are that services post. A signature proves who sent, and not about which account: one application of a service
 * often signs for all that installed it.
 */
export class EventOwners {
  readonly #services: OwnerServices
  readonly #asking = new Map<string, Promise<AccountRow | undefined>>()

  constructor(services: OwnerServices) {
    this.#services = services
  }

  /**
   * Why an event is for none of a connection's accounts; undefined: it is for one of them.
   * @throws `account-unknown` as long as no account could say whose it is
   */
  async foreignTo(hook: HookOfService, body: unknown): Promise<string | undefined> {
    const connection = this.#services.all.get(hook.connection)
    if (!connection) return `there is no connection "${hook.connection}"`
    const mode = this.#services.modeOf({ connection })
    const { settings } = connection
    const ofNobody = withoutIdentity(hook, body, { mode, settings })
    if (ofNobody !== asksWhose) return ofNobody
    let foreign: string | undefined
    let unknown: string | undefined
    for (const key of await this.#accountsOf(connection, mode)) {
      const row = await this.#identified(key)
      if (!row) {
        unknown = `its account "${key.account}" has not answered yet`
        continue
      }
      const identity = row.identity ?? undefined
      const answer = hook.foreign(body, { mode, settings, identity })
      if (answer === undefined) return undefined
      // Compared with nothing every event is another's: that is no reason to drop one.
      if (identity === undefined) unknown = `the probe of its account "${key.account}" names no identity`
      else foreign = answer
    }
    if (foreign !== undefined && unknown === undefined) return foreign
    throw new ReeveError(
      'account-unknown',
      `An event came for ${connection.name}, and whose it is could not be found out: ${unknown ?? 'an account of it has not answered yet'}. Nothing was started, and it may be sent again. See reeve connectors list.`,
      { retryable: true },
    )
  }

  async #accountsOf({ name, accounts }: Connection, mode: Mode): Promise<AccountKey[]> {
    if (accounts.choice === 'own') {
      const rows = await listAccounts(this.#services.database)
      return rows.filter((row) => row.connection === name && row.mode === mode)
    }
    const named = accounts.choice === 'one' ? [accounts.account] : accounts.accounts
    return named.map((account) => ({ connection: name, account, mode }))
  }

  /** The account, once it is known whose it is: a look at it says so. Undefined: it cannot be looked at now. */
  async #identified(key: AccountKey): Promise<AccountRow | undefined> {
    const kept = await this.#services.states.ensure(key)
    if (isIdentified(kept)) return kept
    const looked = await this.#look(key)
    return looked && isIdentified(looked) ? looked : undefined
  }

  /** All events of one moment share one look. */
  #look(key: AccountKey): Promise<AccountRow | undefined> {
    const name = `${key.connection}/${key.account}/${key.mode}`
    const asking = this.#asking.get(name)
    if (asking) return asking
    const look = this.#services.health.probe(key).finally(() => this.#asking.delete(name))
    this.#asking.set(name, look)
    return look
  }
}

const asksWhose = Symbol('asks whose the account is')

/**
 * What is decided without the account's identity: an event of the other mode is whoever's it is, and who goes by what the project says
 * needs no look at an account. Whoever reads the identity is stopped there: it never sees one that is not known yet.
 */
function withoutIdentity(
  hook: HookOfService,
  body: unknown,
  facts: { mode: Mode; settings: Connection['settings'] },
): string | undefined | typeof asksWhose {
  let isAsked = false
  const stopped = {
    ...facts,
    get identity(): string | undefined {
      isAsked = true
      throw asksWhose
    },
  }
  try {
    const answer = hook.foreign(body, stopped)
    return isAsked ? asksWhose : answer
  } catch (error) {
    if (isAsked) return asksWhose
    throw error
  }
}

/** The service said whose it is, or that it says so of none: since it was connected. */
function isIdentified({ identity, state, probed_at: probed, connected_at: since }: AccountRow): boolean {
  if (identity !== null) return true
  return state === 'connected' && probed !== null && probed >= (since ?? 0)
}
