import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { PutOff } from '../../engine/calls/effect/definition.ts'
import {
  type AccountKey,
  type AccountNews,
  type AccountRow,
  accountName,
  connectWords,
  findAccount,
  noteAccount,
  probeSoon,
  setAccountState,
} from '../../store/connectors/accounts.ts'
import { awaitedAccount } from '../../store/connectors/awaited-of-people.ts'
import type { Database, Session } from '../../store/database.ts'
import { openProposalOf, propose, withdrawProposal } from '../../store/proposals/proposals.ts'
import { wakeAwaiting } from '../../store/runs/awaited.ts'
import type { CallPlace } from '../shape/host.ts'

/** A call that waits for an account looks for itself again after this, should nobody tell it (ms). */
const lookAgainMs = 3_600_000
/** Failures of calls after which the account is looked at at once. */
const failuresUntilProbe = 3

export interface StateServices {
  database: Database
  clock: Clock
  log: Log
  newId: () => string
  /** Hears of runs that go on: this process need not find out by looking. */
  woken: (run: number) => void
}

/** How the accounts stand, as one process sees and tells it. The database has the truth; states and transitions: `AccountState`. */
export class AccountStates {
  readonly #services: StateServices
  /** Failures of calls in this process since the account last worked. */
  readonly #failures = new Map<string, number>()

  constructor(services: StateServices) {
    this.#services = services
  }

  find(key: AccountKey): Promise<AccountRow | undefined> {
    return findAccount(this.#services.database, key)
  }

  async ensure(key: AccountKey): Promise<AccountRow> {
    const { database } = this.#services
    const known = await findAccount(database, key)
    if (known) return known
    await database.transaction((session) => noteAccount(session, key))
    return (await findAccount(database, key))!
  }

  /** Why a call must wait for its account; undefined: it need not. */
  closed(key: AccountKey, { state, reason, probe_at }: AccountRow): PutOff | undefined {
    const now = this.#services.clock.now()
    const until = awaitedAccount(key)
    const which = accountName(key)
    if (state === 'needs-reconnect')
      return new PutOff(`${which} has to be connected: ${reason ?? 'it has no credential'}`, {
        at: now + lookAgainMs,
        until,
      })
    if (state === 'down')
      return new PutOff(`${which} does not answer: ${reason ?? 'see reeve connectors list'}`, {
        at: Math.max(probe_at, now) + lookAgainMs,
        until,
      })
    return undefined
  }

  /** A person must connect it: its calls wait, and one item in the inbox says so, however many there are. */
  async lost(key: AccountKey, why: string): Promise<PutOff> {
    await this.ensure(key)
    const row = await this.set(key, { state: 'needs-reconnect', reason: why })
    return this.closed(key, { ...row, state: 'needs-reconnect', reason: why })!
  }

  /** Commits a state with what it comes to: an item in the inbox that comes or goes, and calls that go on. */
  async set(key: AccountKey, news: AccountNews): Promise<AccountRow> {
    const { database, clock, log } = this.#services
    const before = await database.transaction(async (session) => {
      const row = await setAccountState(session, key, news)
      if (row && news.state === 'needs-reconnect') await this.#ask(session, key, news.reason)
      else if (row?.state === 'needs-reconnect') await withdraw(session, key, clock.now())
      return row
    })
    if (before && before.state !== news.state) {
      const said = { connection: key.connection, account: key.account, mode: key.mode, reason: news.reason }
      if (news.state === 'connected') log.info('an account is connected', said)
      else log.warn(`an account is ${news.state}`, said)
    }
    if (news.state === 'connected' || news.state === 'degraded') await this.wake(key)
    return before!
  }

  async wake(key: AccountKey): Promise<number> {
    const { database, clock, woken } = this.#services
    return wakeAwaiting(database, awaitedAccount(key), { now: clock.now(), woken })
  }

  /** A call failed at the service. Several of them are a reason to look at the account now. */
  failed(key: AccountKey, why: string): void {
    const name = awaitedAccount(key)
    const failures = (this.#failures.get(name) ?? 0) + 1
    this.#failures.set(name, failures)
    if (failures % failuresUntilProbe !== 0) return
    const { database, clock, log } = this.#services
    database
      .transaction((session) => probeSoon(session, key, clock.now()))
      .catch((error: unknown) =>
        log.warn('an account could not be put in line to be looked at', { why, error: messageOf(error) }),
      )
  }

  worked(key: AccountKey): void {
    this.#failures.delete(awaitedAccount(key))
  }

  async #ask(session: Session, key: AccountKey, why: string | null): Promise<void> {
    const { clock, newId } = this.#services
    const { connection, account, mode } = key
    await propose(
      session,
      {
        kind: 'reconnect',
        key: reconnectKey(key),
        title: `Connect ${accountName(key)}`,
        body: {
          connection,
          account,
          mode,
          why: why ?? 'It has no credential.',
          how: ['reeve', ...connectWords(key)].join(' '),
        },
        by: 'reeve',
      },
      { id: newId(), at: clock.now() },
    )
  }
}

function reconnectKey({ connection, account, mode }: AccountKey): string {
  return `reconnect:${connection}/${account}/${mode}`
}

/** What it asked for has come. */
async function withdraw(session: Session, key: AccountKey, at: number): Promise<void> {
  const open = await openProposalOf(session, reconnectKey(key))
  if (!open) return
  await withdrawProposal(session, open.id, { note: 'it is connected', at })
}

/** Of a call. */
export function keyOf({ connection, account }: CallPlace, mode: AccountKey['mode']): AccountKey {
  return { connection: connection.name, account, mode }
}
