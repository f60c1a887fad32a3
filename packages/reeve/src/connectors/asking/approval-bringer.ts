import { messageOf } from '../../base/errors.ts'
import { type EffectAttempt, PutOff } from '../../engine/calls/effect/definition.ts'
import type { Engine } from '../../engine/engine.ts'
import { approvalView } from '../../inspect/approvals/approval-view.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import { readRules } from '../../store/approvals/rules.ts'
import {
  beginMessage,
  type MessageKey,
  type MessageToSettle,
  messageFailed,
  messagePosted,
  messagesToSettle,
  type RequestToPost,
  requestsToPost,
  settleMessage,
} from '../../store/connectors/approval-messages.ts'
import { freeCursor, holdCursor } from '../../store/journal/cursors.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { ShownRequest } from './approvals-of-service.ts'
import { type AskingConnection, keyOfAsking, placeOf } from './asking-connections.ts'

const everyMs = 5_000
const mostAgainMs = 300_000
/** A request of more time than this is given up. */
const callMs = 60_000
/** Messages of one look. */
const slice = 20
/** The clock of a service and ours may differ by so much. */
const skewMs = 600_000

/**
 * Brings requests to where people talk, and says there what became of them. One worker does so for a connection:
 *
 *   asked → written down that it is posted → posted → its place written down → decided, wherever → the message says so
 *
 * After a death between two of these, what may be there is looked for by its key before anything is posted again.
 */
export class ApprovalBringer {
  readonly #engine: Engine
  readonly #asking: AskingConnection
  readonly #cursor: string
  readonly #ended = new AbortController()
  #round: Promise<void> = Promise.resolve()
  #looked: Promise<unknown> = Promise.resolve()
  #cancel = () => {}
  #failures = 0

  constructor(engine: Engine, asking: AskingConnection) {
    this.#engine = engine
    this.#asking = asking
    const { connection, account, mode } = keyOfAsking(asking)
    this.#cursor = `approvals:${connection}:${account}:${mode}`
  }

  begin(): void {
    const { bodies } = this.#engine.services
    const what = `the bringing of requests by "${this.#asking.connection.name}"`
    this.#round = bodies?.look(what, () => this.#once()) ?? this.#once()
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#ended.abort()
    this.#cancel()
    await this.#round
    const { database, worker } = this.#engine
    // Where that fails, the cursor is free once this worker is none any more.
    await database.transaction((session) => freeCursor(session, this.#cursor, worker.id)).catch(() => {})
  }

  /** Looks once, after the look before. Answers whether all went well. */
  look(): Promise<boolean> {
    const look = this.#looked.then(() => this.#look())
    this.#looked = look.catch(() => {})
    return look
  }

  async #look(): Promise<boolean> {
    const { database, worker, services } = this.#engine
    const key = keyOfAsking(this.#asking)
    const limits = await readRules(database)
    const now = services.clock.now()
    const settled = await messagesToSettle(database, key, slice)
    const asked = await requestsToPost(database, key, { now, limits, limit: slice })
    if (settled.length + asked.length === 0) return true
    const held = await database.transaction((session) =>
      holdCursor(session, this.#cursor, worker.id, async () => 'null'),
    )
    if (held === undefined || !(await this.#isOpen())) return true
    let isWell = true
    for (const row of settled) isWell = (await this.#try(row, () => this.#settle(row))) && isWell
    for (const row of asked) {
      const its = { ...key, approval: row.id, hash: row.args_hash, asked_at: row.requested_at }
      isWell = (await this.#try(its, () => this.#post(its, row))) && isWell
    }
    return isWell
  }

  async #once(): Promise<void> {
    try {
      this.#failures = (await this.look()) ? 0 : this.#failures + 1
    } catch (error) {
      this.#failures++
      this.#tell(error, undefined)
    }
    if (this.#ended.signal.aborted) return
    const waitMs = Math.min(everyMs * 2 ** this.#failures, mostAgainMs)
    this.#cancel = this.#engine.services.clock.after(waitMs, () => this.begin(), 'upkeep')
  }

  /** What cannot be brought must not keep the others waiting. */
  async #try(key: MessageKey, act: () => Promise<void>): Promise<boolean> {
    if (this.#ended.signal.aborted) return true
    try {
      await act()
      return true
    } catch (error) {
      // The account's own state says it, to whoever must do something.
      if (error instanceof PutOff || this.#ended.signal.aborted) return false
      this.#tell(error, key.approval)
      const { database, services } = this.#engine
      await database.transaction((session) => messageFailed(session, key, services.clock.now()))
      return false
    }
  }

  async #post(key: MessageKey, row: RequestToPost): Promise<void> {
    const { database, services } = this.#engine
    const { approvals, settings, connection } = this.#asking
    const api = this.#call(key)
    if (row.begun_at === null)
      await database.transaction((session) => beginMessage(session, key, services.clock.now()))
    else {
      const found = await approvals.find(api, settings.channel, row.begun_at - skewMs)
      if (found) return database.transaction((session) => messagePosted(session, key, found))
    }
    const place = await approvals.post(api, settings.channel, shownRequest(row, this.#asking))
    await database.transaction((session) => messagePosted(session, key, place))
    services.log.info('a request was brought to people', { approval: key.approval, by: connection.name })
  }

  async #settle(row: MessageToSettle): Promise<void> {
    const { database } = this.#engine
    const { approvals, settings } = this.#asking
    const api = this.#call(row)
    const place =
      row.team !== null && row.channel !== null && row.ts !== null
        ? { team: row.team, channel: row.channel, ts: row.ts }
        : await approvals.find(api, settings.channel, row.begun_at - skewMs)
    if (place) await approvals.settle(api, place, wordsOf(row))
    await database.transaction((session) => settleMessage(session, row))
  }

  #call({ approval, hash, asked_at: askedAt }: MessageKey): ServiceCall {
    const key = `reeve:approval:${approval}:${hash}:${askedAt}`
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(callMs)])
    const attempt = { key, attempt: 1, signal } as EffectAttempt
    return this.#asking.connections.call(placeOf(this.#asking), attempt)
  }

  /** Of an account that waits for a person nothing is asked. */
  async #isOpen(): Promise<boolean> {
    const { states } = this.#asking.connections
    const key = keyOfAsking(this.#asking)
    return states.closed(key, await states.ensure(key)) === undefined
  }

  #tell(error: unknown, approval: string | undefined): void {
    const { connection } = this.#asking
    const about = { connection: connection.name, ...(approval && { approval }), error: messageOf(error) }
    this.#engine.services.log.warn('a request could not be brought to people; it is tried again', about)
  }
}

/** As it is shown where people talk. */
export function shownRequest(row: ApprovalOfRun, { settings }: AskingConnection): ShownRequest {
  const page = settings.page && new URL(`/inbox?item=${encodeURIComponent(row.id)}`, settings.page).href
  return { approval: approvalView(row), run: row.run_id, workflow: row.workflow, page }
}

function wordsOf({ status, subject, decided_by: by }: MessageToSettle): string {
  if (status === null || subject === null) return 'This request is gone.'
  if (status === 'pending') return `${subject}: asked again, in another message.`
  return `${subject}: ${status}${by === null ? '' : ` by ${by}`}.`
}
