import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import type { OutputOf } from '../../base/schema/schema.ts'
import type { Duration } from '../../base/time/time.ts'
import type { WebhookSignature } from '../../triggers/signatures/schemes.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { Mode, Settings } from './mode.ts'

/** What of a connection tells whether an event is for it. */
export interface EventFacts {
  mode: Mode
  identity: string | undefined
  settings: Settings
}

/** A service that posts its events, signed. They come to `/hooks/NAME`, as those of any webhook trigger do. */
export interface WebhookOfService<S extends StandardSchemaV1 = StandardSchemaV1> {
  by: 'webhook'
  description: string
  /** How it signs: a scheme that has a name, or an HMAC of its own. */
  signature: WebhookSignature
  /** How old an event may be, and how far ahead; up to an hour. Default `5m`. */
  tolerance?: Duration
  /** Reads the body. */
  schema: S
  /**
   * Why an event is not for this account: it is of another one, or of the other mode. Undefined: it is for it. `settings`: of the
   * connection. `identity`: what `probe` said of the account. Reading it has the account looked at first, where that was not done: as
   * long as it is not known, the event is answered with 503 and comes again. It is undefined only where `probe` names none; a reason
   * given then counts for nothing, and the event comes again, too. What needs no look at the account is judged before it is read.
   */
  foreign?(body: never, facts: EventFacts): string | undefined
  /** Where a person sets the address and finds the secret. */
  how?: string
}

/** One thing that was found, or why it cannot be read: that is written down, and starts nothing. */
export type FoundItem = {
  /** Names it: the same twice is one. */
  id: string
} & ({ item: Json } | { problem: string })

/** A service that is asked again and again. What it found is durable before the cursor moves. */
export interface PollOfService<S extends StandardSchemaV1 = StandardSchemaV1> {
  by: 'poll'
  description: string
  /** Reads one item. */
  schema: S
  /** What it finds are letters: their runs are of the channel `mail`. Otherwise they are of `webhook:NAME`. */
  isMail?: boolean
  /** Between two looks. Default `1m`. */
  every?: Duration
  endpoint?: string | readonly string[]
  class?: string
  /** `cursor`: what the last look gave; null: the first one, which begins with what comes from now on. */
  look(api: ServiceCall, cursor: Json): Promise<{ found: readonly FoundItem[]; cursor: Json; more?: boolean }>
  /** Resolves when there may be something new, before `every` has passed; for services that tell (IMAP IDLE). */
  wait?(api: ServiceCall, cursor: Json): Promise<void>
}

/**
 * Declares a trigger that the service posts to.
 * @example
 * import { fromWebhook } from 'reeve/connectors'
 * import { z } from 'zod'
 *
 * export const created = fromWebhook({ description: 'A ticket came', signature: 'standard', schema: z.object({ id: z.string() }) })
 */
export function fromWebhook<S extends StandardSchemaV1>(
  definition: Omit<WebhookOfService<S>, 'by' | 'foreign'> & {
    foreign?(body: OutputOf<S>, facts: EventFacts): string | undefined
  },
): WebhookOfService<S> {
  return { by: 'webhook', ...definition }
}

/**
 * Declares a trigger that asks the service again and again.
 * @example
 * import { fromPoll } from 'reeve/connectors'
 * import { z } from 'zod'
 *
 * export const created = fromPoll({
 *   description: 'A ticket came',
 *   schema: z.object({ id: z.string() }),
 *   async look(api, cursor) {
 *     const { json } = await api.get('/tickets', { query: { after: typeof cursor === 'string' ? cursor : undefined } })
 *     return { found: json.tickets.map((item: { id: string }) => ({ id: item.id, item })), cursor: json.last }
 *   },
 * })
 */
export function fromPoll<S extends StandardSchemaV1>(
  definition: Omit<PollOfService<S>, 'by'>,
): PollOfService<S> {
  return { by: 'poll', ...definition }
}

/** A trigger, as a connector declares it. */
export type TriggerDefinition = WebhookOfService | PollOfService
