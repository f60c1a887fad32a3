import { messageOf, ReeveError } from '../../base/errors.ts'
import { type EffectAttempt, PutOff } from '../../engine/calls/effect/definition.ts'
import type { Engine } from '../../engine/engine.ts'
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
import { freeCursor, holdCursor, moveCursor } from '../../store/journal/cursors.ts'
import type { ServiceCall } from '../door/service-call.ts'
import {
  type AskingChat,
  type AskingConnection,
  isLetters,
  keyOfAsking,
  placeOf,
} from './asking-connections.ts'
import { LetterBringing } from './letters/letter-bringing.ts'
import { shownRequest } from './request-text.ts'

/** Between two looks: at a chat only the database is looked at, for letters the mailbox, too. */
const [chatMs, letterMs] = [5_000, 30_000]
const mostAgainMs = 300_000
/** A request of more time than this is given up. */
const callMs = 60_000
/** The same for a look into a mailbox, which ends by itself after a minute, and one letter. */
const lookMs = 300_000
/** Messages of one look. */
const slice = 20
/** The clock of a service and ours may differ by so much. */
const skewMs = 600_000

/**
 * Brings requests to where people talk, and says there what became of them; or to each person by letter, and takes what they reply. One
 * worker does so for a connection:
 *
 *   asked → written down that it is posted → posted → its place written down → decided, wherever → the message says so
 *
 * After a death between two of these, what may be there is looked for by its key before anything is posted again.
 */
export class ApprovalBringer {
  readonly #engine: Engine
  readonly #asking: AskingConnection
  readonly #letters: LetterBringing | undefined
  readonly #cursor: string
  readonly #ended = new AbortController()
  #round: Promise<void> = Promise.resolve()
  #looked: Promise<unknown> = Promise.resolve()
  #cancel = () => {}
  #failures = 0

  constructor(engine: Engine, asking: AskingConnection) {
    this.#engine = engine
    this.#asking = asking
    this.#letters = isLetters(asking) ? new LetterBringing(engine, asking) : undefined
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
    const { database } = this.#engine
    const key = keyOfAsking(this.#asking)
    const settled = await messagesToSettle(database, key, slice)
    const asked = await this.#toPost()
    if (settled.length + asked.length === 0 && !this.#letters) return true
    const place = await this.#hold()
    if (place === undefined || !(await this.#isOpen())) return true
    // What was replied comes first: until it is known from where on letters are read, none is sent, for its reply would be missed.
    if (this.#letters && !(await this.#replies(this.#letters, place))) return false
    let isWell = true
    for (const row of settled) isWell = (await this.#try(row, () => this.#settle(row))) && isWell
    for (const { its, row } of asked) isWell = (await this.#try(its, () => this.#post(its, row))) && isWell
    return isWell
  }

  /** Where to go on from; undefined: another worker does it. */
  #hold(): Promise<string | undefined> {
    const { database, worker } = this.#engine
    return database.transaction((session) => holdCursor(session, this.#cursor, worker.id, async () => 'null'))
  }

  async #toPost(): Promise<{ its: MessageKey; row: RequestToPost }[]> {
    const { database, services } = this.#engine
    const key = keyOfAsking(this.#asking)
    const limits = await readRules(database)
    const now = services.clock.now()
    const all: { its: MessageKey; row: RequestToPost }[] = []
    for (const recipient of this.#letters?.recipients ?? ['']) {
      const rows = await requestsToPost(database, key, { recipient, now, limits, limit: slice })
      for (const row of rows) {
        const { id: approval, args_hash: hash, requested_at: asked_at } = row
        all.push({ its: { ...key, approval, hash, asked_at, recipient }, row })
      }
    }
    return all
  }

  async #replies(letters: LetterBringing, place: string): Promise<boolean> {
    try {
      await letters.takeReplies(place, {
        call: (key) => this.#call(key, lookMs),
        moved: (session, next) => moveCursor(session, this.#cursor, this.#engine.worker.id, next),
      })
      return true
    } catch (error) {
      if (!(error instanceof PutOff) && !this.#ended.signal.aborted) this.#tell(error, undefined)
      return false
    }
  }

  async #once(): Promise<void> {
    try {
      this.#failures = (await this.look()) ? 0 : this.#failures + 1
    } catch (error) {
      this.#failures++
      this.#tell(error, undefined)
    }
    if (this.#ended.signal.aborted) return
    const waitMs = Math.min((this.#letters ? letterMs : chatMs) * 2 ** this.#failures, mostAgainMs)
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
      // One address that takes no letter holds up neither the others nor what they reply.
      const isIts = this.#letters !== undefined && error instanceof ReeveError && !error.retryable
      const at = services.clock.now() + (isIts ? mostAgainMs : 0)
      await database.transaction((session) => messageFailed(session, key, at))
      return isIts
    }
  }

  async #post(key: MessageKey, row: RequestToPost): Promise<void> {
    const isPosted = isLetters(this.#asking)
      ? await this.#letters?.post(key, row, (its) => this.#call(its))
      : await this.#postToChat(key, row, this.#asking)
    if (!isPosted) return
    const about = { approval: key.approval, by: this.#asking.connection.name }
    this.#engine.services.log.info('a request was brought to people', about)
  }

  async #postToChat(
    key: MessageKey,
    row: RequestToPost,
    { approvals, settings }: AskingChat,
  ): Promise<boolean> {
    const { database, services } = this.#engine
    const api = this.#call(keyOfMessage(key))
    if (row.begun_at === null)
      await database.transaction((session) => beginMessage(session, key, services.clock.now()))
    else {
      const found = await approvals.find(api, settings.channel, row.begun_at - skewMs)
      if (found) {
        await database.transaction((session) => messagePosted(session, key, found))
        return false
      }
    }
    const place = await approvals.post(api, settings.channel, shownRequest(row, this.#asking))
    await database.transaction((session) => messagePosted(session, key, place))
    return true
  }

  async #settle(row: MessageToSettle): Promise<void> {
    const { database } = this.#engine
    // A letter that was sent stays as it is: a reply to it is told what became of its request.
    if (!isLetters(this.#asking)) await this.#settleInChat(row, this.#asking)
    await database.transaction((session) => settleMessage(session, row))
  }

  async #settleInChat(row: MessageToSettle, { approvals, settings }: AskingChat): Promise<void> {
    const api = this.#call(keyOfMessage(row))
    const place =
      row.team !== null && row.channel !== null && row.ts !== null
        ? { team: row.team, channel: row.channel, ts: row.ts }
        : await approvals.find(api, settings.channel, row.begun_at - skewMs)
    if (place) await approvals.settle(api, place, wordsOf(row))
  }

  #call(key: string, ms = callMs): ServiceCall {
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ms)])
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

function keyOfMessage({ approval, hash, asked_at: askedAt }: MessageKey): string {
  return `reeve:approval:${approval}:${hash}:${askedAt}`
}

function wordsOf({ status, subject, decided_by: by }: MessageToSettle): string {
  if (status === null || subject === null) return 'This request is gone.'
  if (status === 'pending') return `${subject}: asked again, in another message.`
  return `${subject}: ${status}${by === null ? '' : ` by ${by}`}.`
}
