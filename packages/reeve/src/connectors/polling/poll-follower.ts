import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { toMs } from '../../base/time/time.ts'
import { type EffectAttempt, PutOff } from '../../engine/calls/effect/definition.ts'
import type { Engine } from '../../engine/engine.ts'
import { messageNamed } from '../../store/connectors/approval-messages.ts'
import { freeCursor, holdCursor, moveCursor } from '../../store/journal/cursors.ts'
import type { Arrivals } from '../../triggers/arrivals.ts'
import type { Letter } from '../../triggers/letters/letter.ts'
import { mapInput, readBody } from '../../triggers/mapping.ts'
import type { NamedTrigger } from '../../triggers/named-triggers.ts'
import { digestOf } from '../../triggers/signatures/signature.ts'
import { namesIn } from '../asking/letters/letter-names.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { keyOf } from '../host/account-states.ts'
import type { Connections } from '../host/connections.ts'
import type { Connection } from '../shape/connection.ts'
import type { CallPlace } from '../shape/host.ts'
import type { PollTrigger } from '../shape/poll-trigger.ts'
import type { FoundItem } from '../shape/trigger.ts'

export interface PollFollowerOptions {
  engine: Engine
  arrivals: Arrivals
  named: NamedTrigger<PollTrigger>
  connection: Connection
  connections: Connections
  account: string
  /** Of the connection. */
  isOnly: boolean
}

/** A look that takes longer is given up. */
const lookMs = 300_000
/** After a look that failed: first, and at most. */
const [firstAgainMs, mostAgainMs] = [5_000, 300_000]
const longestDelivery = 200

/**
 * Looks at one account for one trigger, again and again:
 *
 *   not held → held (by this worker alone) → looked → each found item durable (started, skipped or refused) → cursor moved
 *
 * A death anywhere before the cursor moved finds the same items again, and each is known by its name: nothing is lost, and nothing
 * starts twice. An account that must be connected again is looked at when it is.
 */
export class PollFollower {
  readonly #options: PollFollowerOptions
  readonly #place: CallPlace
  readonly #cursor: string
  readonly #everyMs: number
  readonly #ended = new AbortController()
  #round: Promise<void> = Promise.resolve()
  #cancel = () => {}
  #failures = 0
  #isWaiting = false

  constructor(options: PollFollowerOptions) {
    const { named, connection, connections, account } = options
    const { poll, source } = named.trigger
    this.#options = options
    this.#place = { connection, account, action: source, class: poll.class ?? 'default' }
    this.#cursor = `poll:${named.name}:${account}:${connections.modeOf({ connection })}`
    this.#everyMs = toMs(poll.every ?? '1m', `\`every\` of the trigger ${named.name}`)
  }

  begin(): void {
    this.#round = this.#watched()
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#ended.abort()
    this.#cancel()
    await this.#round
    const { database, worker } = this.#options.engine
    // Where that fails, the cursor is free once this worker is none any more.
    await database.transaction((session) => freeCursor(session, this.#cursor, worker.id)).catch(() => {})
  }

  /** Looks once. Answers whether there may be more. @throws what the look threw, when it is not about one item */
  async look(): Promise<boolean> {
    const { database, worker } = this.#options.engine
    const kept = await database.transaction((session) =>
      holdCursor(session, this.#cursor, worker.id, async () => 'null'),
    )
    if (kept === undefined || !(await this.#isOpen())) return false
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(lookMs)])
    const { poll } = this.#options.named.trigger
    const { found, cursor, more = false } = await poll.look(this.#call(signal), JSON.parse(kept) as Json)
    for (const item of found) await this.#take(item)
    const next = JSON.stringify(cursor)
    if (next === kept) return more
    const isHeld = await database.transaction((session) => moveCursor(session, this.#cursor, worker.id, next))
    if (isHeld && !more) this.#await(cursor)
    return isHeld && more
  }

  #watched(): Promise<void> {
    const { bodies } = this.#options.engine.services
    const what = `the look of the trigger "${this.#options.named.name}" at the account "${this.#options.account}"`
    return bodies?.look(what, () => this.#once()) ?? this.#once()
  }

  async #once(): Promise<void> {
    let waitMs = this.#everyMs
    try {
      while (await this.look()) if (this.#ended.signal.aborted) return
      this.#failures = 0
    } catch (error) {
      waitMs = Math.min(firstAgainMs * 2 ** this.#failures++, mostAgainMs)
      this.#tell(error)
    }
    if (this.#ended.signal.aborted) return
    const { clock } = this.#options.engine.services
    this.#cancel = clock.after(waitMs, () => this.begin(), 'upkeep')
  }

  /** Looks at once when the service tells that there is something. */
  #await(cursor: Json): void {
    const { poll } = this.#options.named.trigger
    if (!poll.wait || this.#isWaiting || this.#ended.signal.aborted) return
    this.#isWaiting = true
    const waited = poll.wait(this.#call(this.#ended.signal), cursor).then(
      () => true,
      (error: unknown) => {
        if (!this.#ended.signal.aborted) this.#tell(error)
        return false
      },
    )
    void waited.then((isNews) => {
      this.#isWaiting = false
      if (!isNews || this.#ended.signal.aborted) return
      this.#cancel()
      this.#round = this.#round.then(() => this.#watched())
    })
  }

  #call(signal: AbortSignal): ServiceCall {
    const key = `${this.#cursor}:${this.#options.engine.services.clock.now()}`
    return this.#options.connections.call(this.#place, { key, attempt: 1, signal } as EffectAttempt)
  }

  /** Of an account that waits for a person nobody asks. */
  async #isOpen(): Promise<boolean> {
    return (await this.#options.connections.closed(this.#place)) === undefined
  }

  async #take(found: FoundItem): Promise<void> {
    const { arrivals, named, account, isOnly } = this.#options
    const id = isOnly ? found.id : `${account}:${found.id}`
    const delivery = id.length <= longestDelivery ? id : digestOf(id)
    if (await arrivals.already(named, delivery)) return
    if ('problem' in found) return this.#refuse(delivery, found.problem)
    const { name, trigger } = named
    try {
      if (trigger.poll.isMail && (await this.#answersRequest(found.item as unknown as Letter))) {
        const reason = 'it answers a request, and is taken there'
        await arrivals.take(named, { delivery, input: undefined, channel: trigger.channel, reason })
        return
      }
      const what = `trigger "${name}"`
      const body = readBody(trigger.poll.schema, found.item, what)
      const input = mapInput(trigger.input as (item: unknown) => unknown, body, what, undefined)
      await arrivals.take(named, { delivery, input, channel: trigger.channel })
    } catch (error) {
      // What no run can be made of must not keep the others waiting; the database may be back later.
      if (!(error instanceof ReeveError) || error.retryable) throw error
      await this.#refuse(delivery, messageOf(error))
    }
  }

  /** What people reply to the letters that requests are brought with is no letter of a customer's. */
  async #answersRequest(letter: Letter): Promise<boolean> {
    const { engine, connection, connections } = this.#options
    if (connection.definition.approvals?.by !== 'letters') return false
    const key = keyOf(this.#place, connections.modeOf({ connection }))
    return (await messageNamed(engine.database, key, namesIn(letter))) !== undefined
  }

  async #refuse(delivery: string, why: string): Promise<void> {
    const { arrivals, named } = this.#options
    arrivals.log.warn('no run could be started for what a service had', { trigger: named.name, why })
    await arrivals.refuse(named, delivery, why)
  }

  #tell(error: unknown): void {
    // The account's own state says it, to whoever must do something.
    if (error instanceof PutOff || this.#ended.signal.aborted) return
    const { arrivals, named, account } = this.#options
    const about = { trigger: named.name, account, error: messageOf(error) }
    arrivals.log.warn('a service could not be looked at; it is tried again', about)
  }
}
