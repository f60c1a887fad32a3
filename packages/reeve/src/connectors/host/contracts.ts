import { ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { NotApplied, PutOff } from '../../engine/calls/effect/definition.ts'
import { type Acting, record } from '../../store/authority/acting.ts'
import { awaitedContract } from '../../store/connectors/awaited-of-people.ts'
import {
  acceptedVersion,
  acceptVersion,
  addVersion,
  lastVersion,
  listVersions,
  type VersionRow,
} from '../../store/connectors/versions.ts'
import type { Database, Session } from '../../store/database.ts'
import { workersBeside } from '../../store/dispatch/workers.ts'
import { decideProposal, openProposalOf, propose, withdrawProposal } from '../../store/proposals/proposals.ts'
import { wakeAwaiting } from '../../store/runs/awaited.ts'
import type { Connection } from '../shape/connection.ts'
import { type Contract, contractDiff, fingerprintOf } from '../shape/contract.ts'
import type { CallPlace } from '../shape/host.ts'
import type { Mode } from '../shape/mode.ts'

interface ContractServices {
  database: Database
  clock: Clock
  log: Log
  newId: () => string
  woken: (run: number) => void
}

const lookAgainMs = 3_600_000

function wordOf(mode: Mode): string {
  return mode === 'live' ? 'live' : 'in sandbox'
}

/**
 * What connections were, from when on, and in which mode. A run keeps to what held when it began: an action that is another now
 * waits for an owner, and one of a run that began in sandbox never reaches the real account. What counted in sandbox has yet to be
 * accepted for the real account.
 */
export class Contracts {
  readonly #services: ContractServices
  readonly #modeOf: (connection: Connection) => Mode
  /** By connection: they become more when a worker begins, and are accepted. */
  readonly #versions = new Map<string, VersionRow[]>()

  constructor(services: ContractServices, modeOf: (connection: Connection) => Mode) {
    this.#services = services
    this.#modeOf = modeOf
  }

  /**
   * Writes down what each connection is now, if that is another than before. The first, and any in sandbox, counts at once; else
   * an owner has to accept what changed.
   */
  async note(connections: Iterable<Connection>): Promise<void> {
    const { database } = this.#services
    for (const connection of connections)
      await database.transaction((session) => this.#note(session, connection, this.#modeOf(connection)))
    this.#versions.clear()
  }

  async #note(session: Session, connection: Connection, mode: Mode): Promise<void> {
    const { clock, newId, log } = this.#services
    const { name, contract } = connection
    const fingerprint = fingerprintOf(contract)
    const last = await lastVersion(session, name)
    const accepted = await acceptedVersion(session, name, mode)
    if (last?.fingerprint === fingerprint && last.mode === mode) return
    if (last && last.mode !== mode) await this.#changeMode(session, last, mode)
    const now = clock.now()
    const isNew = accepted === undefined
    const isSame = accepted?.fingerprint === fingerprint
    const counts = isNew || isSame || mode === 'sandbox'
    await addVersion(session, {
      connection: name,
      version: contract.version,
      fingerprint,
      contract: JSON.stringify(contract),
      mode,
      seen_at: now,
      accepted_at: counts ? now : null,
      accepted_by: counts ? 'reeve' : null,
    })
    if (counts) return this.#withdraw(session, name, now)
    const changes = contractDiff(JSON.parse(accepted.contract) as Contract, contract)
    log.warn('a connector changed, and an owner has to accept it', {
      connection: name,
      version: contract.version,
    })
    await propose(
      session,
      {
        kind: 'contract',
        key: contractKey(name),
        title: `${name} is another connector now: ${accepted.version} → ${contract.version}, ${changes.length} changes`,
        body: {
          connection: name,
          from: accepted.version,
          to: contract.version,
          fingerprint,
          changes: changes.slice(0, 50) as never,
        },
        by: 'reeve',
      },
      { id: newId(), at: now },
    )
  }

  /**
   * From now on runs are of the other mode. No worker may do that to others that are at work: what they start would be of a mode that
   * they are not in.
   * @throws `other-mode`
   */
  async #changeMode(session: Session, { connection, mode: before }: VersionRow, mode: Mode): Promise<void> {
    const [other] = await workersBeside(session)
    if (other)
      throw new ReeveError(
        'other-mode',
        `"${connection}" is ${wordOf(mode)} here, and ${wordOf(before)} for the worker that is at work on this database (process ${other.pid} on ${other.host}). All workers of a database have one mode: stop that one first, or give this one a database of its own. Nothing was changed.`,
      )
    this.#services.log.warn('a connection is of another mode from now on', { connection, before, mode })
  }

  /** An owner accepts what a connection is now. @throws nothing where that is so already */
  async accept(session: Session, name: string, acting: Acting): Promise<VersionRow | undefined> {
    const last = await lastVersion(session, name)
    if (!last || last.accepted_at !== null) {
      await this.#withdraw(session, name, acting.at)
      return last
    }
    const before = await acceptedVersion(session, name, last.mode)
    await acceptVersion(session, last.id, acting.by, acting.at)
    const open = await openProposalOf(session, contractKey(name))
    if (open) await decideProposal(session, open.id, 'adopted', { acting })
    await record(session, acting, 'connector-accepted', name, {
      version: last.version,
      fingerprint: last.fingerprint,
      before: before?.fingerprint ?? null,
    })
    return last
  }

  /** Nobody need accept it any more. */
  async #withdraw(session: Session, name: string, at: number): Promise<void> {
    const open = await openProposalOf(session, contractKey(name))
    if (open) await withdrawProposal(session, open.id, { note: 'what it is now counts already', at })
  }

  /** After an acceptance is durable: calls that waited for it go on. */
  async accepted(name: string): Promise<void> {
    this.#versions.delete(name)
    const { database, clock, woken } = this.#services
    await wakeAwaiting(database, awaitedContract(name), { now: clock.now(), woken })
  }

  /** Why a call must wait for an owner; undefined: it need not. @throws `not-applied` for a run of the other mode */
  async gate(
    { connection, action }: CallPlace,
    run: { id: string; createdAt: number },
  ): Promise<PutOff | undefined> {
    const { clock } = this.#services
    const { name, contract } = connection
    const mode = this.#modeOf(connection)
    const { database } = this.#services
    const versions = this.#versions.get(name) ?? (await listVersions(database, name))
    this.#versions.set(name, versions)
    const began = versions.findLast(({ seen_at }) => seen_at <= run.createdAt)
    if (!began) return undefined
    if (began.mode !== mode && began.mode === 'sandbox')
      throw new NotApplied(
        `Run ${run.id} began while ${name} was in sandbox, and it is live now: nothing of that run reaches the real account. Start it again.`,
        { details: { problem: 'other-mode' } },
      )
    if (began.mode !== mode)
      return new PutOff(
        `${name} is in sandbox now, and this run began with the real account: it goes on when that is back`,
        {
          at: clock.now() + lookAgainMs,
          until: awaitedContract(name),
        },
      )
    const held = versions.findLast(
      (each) => each.mode === mode && each.accepted_at !== null && each.accepted_at <= run.createdAt,
    )
    if (!held) return undefined
    const now = contract.actions[action]
    const then = (JSON.parse(held.contract) as Contract).actions[action]
    if (!now || !then || fingerprintOf(now) === fingerprintOf(then)) return undefined
    const newest = await acceptedVersion(database, name, mode)
    if (newest?.fingerprint === fingerprintOf(contract)) return undefined
    return new PutOff(
      `${name}.${action} is another action now (${held.version} → ${contract.version}), and no owner has accepted that: reeve connectors diff ${name}`,
      { at: clock.now() + lookAgainMs, until: awaitedContract(name) },
    )
  }
}

function contractKey(connection: string): string {
  return `contract:${connection}`
}
