import type { Log } from '../base/log.ts'
import { firstCharacters } from '../base/text/shorten.ts'
import type { Engine } from '../engine/engine.ts'
import { ownKey } from '../engine/starting/prepared-start.ts'
import { deliveryOutcomeRow, findDelivery, recordDelivery } from '../store/dispatch/deliveries.ts'
import type { Cause, Channel } from '../store/journal/events.ts'
import type { NamedTrigger } from './named-triggers.ts'
import { digestOf } from './signatures/signature.ts'

/** What came to a trigger and was mapped. */
export interface Arrival {
  /** Names it. */
  delivery: string
  /** Undefined: nothing is to be started. */
  input: unknown
  channel: Channel
  /** Why nothing is started, where it is not the mapping's wish. */
  reason?: string
  traceparent?: string | undefined
  causedBy?: Cause
}

/** What became of it. */
export interface Arrived {
  /** The run that was started; null: none was. */
  runId: string | null
  /** It came before: nothing was done now. */
  isRepeat: boolean
  reason: string | null
}

const longestReason = 1000

/**
 * Starts runs for what comes to triggers. A run, and that its delivery came, are one commit; a repeat, by whichever process
 * and after whatever death, is answered with the same run. `already` looks before anything is mapped.
 */
export class Arrivals {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get log(): Log {
    return this.#engine.services.log
  }

  /** What became of the delivery when it came before; undefined: it is new. */
  async already({ name }: NamedTrigger, delivery: string): Promise<Arrived | undefined> {
    const known = await findDelivery(this.#engine.database, name, delivery)
    return known && { runId: known.run, isRepeat: true, reason: known.reason }
  }

  /** Resolves when it is durable. @throws `invalid-input` and what `Engine.startRun` throws */
  async take(named: NamedTrigger, arrival: Arrival): Promise<Arrived> {
    const { delivery, input, channel, traceparent, causedBy } = arrival
    const known = await this.already(named, delivery)
    if (known) return known
    if (input === undefined) return this.#skip(named, arrival)
    const { name, workflow, trigger } = named
    const options = {
      principal: `${trigger.on}:${name}`,
      channel,
      ...(traceparent === undefined ? {} : { traceparent }),
    }
    const { id, isNew } = await this.#engine.startOwn(workflow, input, options, {
      key: ownKey('trigger', `${name}:${delivery}`),
      causedBy,
      rows: ({ id: run, created_at: at }) => [
        deliveryOutcomeRow({ source: name, delivery, outcome: 'started', reason: null, run, at }),
      ],
    })
    return { runId: id, isRepeat: !isNew, reason: null }
  }

  /** Writes down why no run could be made of it. */
  async refuse({ name }: NamedTrigger, delivery: string, why: string): Promise<void> {
    const reason = firstCharacters(why, longestReason)
    await this.#record({ source: name, delivery, outcome: 'refused', reason })
  }

  /**
   * It is about somebody else: nothing is started, and whoever sent it is told. It stands under a name of its own, so that it is judged
   * anew when it comes again: by then it may be known whose it is.
   */
  async turnAway(named: NamedTrigger, delivery: string, why: string): Promise<Arrived> {
    this.log.warn('what came to a trigger is about another account', { trigger: named.name, why })
    await this.refuse(named, `foreign:${digestOf(delivery)}`, why)
    return { runId: null, isRepeat: false, reason: why }
  }

  async #skip({ name }: NamedTrigger, { delivery, reason }: Arrival): Promise<Arrived> {
    const why = reason ?? 'its mapping starts nothing for it'
    await this.#record({ source: name, delivery, outcome: 'skipped', reason: why })
    return { runId: null, isRepeat: false, reason: why }
  }

  async #record(row: {
    source: string
    delivery: string
    outcome: 'skipped' | 'refused'
    reason: string
  }): Promise<void> {
    const { database, services } = this.#engine
    const at = services.clock.now()
    await database.transaction((session) => recordDelivery(session, { ...row, run: null, at }))
  }
}
