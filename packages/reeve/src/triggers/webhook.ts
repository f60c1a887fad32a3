import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOptions } from '../base/options.ts'
import { Secret } from '../base/secrets/secret-handle.ts'
import { describeValue } from '../base/text/shorten.ts'
import { checkText } from '../base/text/text.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import { type BodyOf, checkMapping } from './mapping.ts'
import { checkSignature, type WebhookSignature } from './signatures/schemes.ts'

/** What a service posted, and proved to be its own. */
export interface WebhookDelivery<Body = Json> {
  /** What it is about, read by `schema`. */
  body: Body
  /** Names the delivery: a repeat has the same. */
  id: string
  /** The headers of the request, names in lower case, without credentials. They are not signed: whoever forwards may change them. */
  headers: Readonly<Record<string, string>>
}

/** What every door has that others post to. */
export interface HookOptions {
  /** In its address, `/hooks/NAME`, and in the run's channel. Default: the workflow's name. */
  name?: string
  /**
   * The name of the secret, sealed (`reeve secrets set NAME`) or else in the environment variable of that name, or several: each is
   * taken, so that a secret can be replaced without a gap. A handle (`secret('NAME')`) is looked for among the sealed ones alone.
   * Without any of them the door stays shut.
   */
  secret: string | Secret | readonly (string | Secret)[]
  /** How far the sender's clock may be off, and how old a request may be; up to an hour. Default 5 minutes. */
  tolerance?: Duration
  /** The most of a body (bytes), up to 25 MiB. Default 1 MiB. */
  maxBytes?: number
}

/** For `webhook`. */
export interface WebhookOptions<S = undefined, Result = unknown> extends HookOptions {
  /** How the sender signs: a scheme that has a name, or an HMAC of its own. Default `standard`: Standard Webhooks. */
  signature?: WebhookSignature
  /** Reads the body once it is verified. Default: any JSON is taken. */
  schema?: S
  /**
   * Makes the workflow's input of what came; undefined or null: nothing is started. Quick, and the same for the same.
   * Default: the body is the input.
   */
  input?: (delivery: WebhookDelivery<BodyOf<S>>) => Result
}

/** Where the secret of a door is. */
export interface HookSecret {
  name: string
  /** Not in the environment. */
  isSealed: boolean
}

/** A door that others post to, as it is kept. */
export interface Hook {
  readonly secrets: readonly HookSecret[]
  readonly signature: WebhookSignature
  readonly toleranceMs: number
  readonly maxBytes: number
}

/** Of which connection a webhook is. Connectors make them. */
export interface HookOfService {
  /** The connection, by its name. */
  readonly connection: string
  /** What is none of an account's, and why: see `foreign` of `fromWebhook`. */
  foreign(
    body: unknown,
    facts: {
      mode: 'live' | 'sandbox'
      identity: string | undefined
      settings: Readonly<Record<string, unknown>>
    },
  ): string | undefined
}

export interface WebhookTrigger extends Trigger, Hook {
  readonly on: 'webhook'
  /** Absent: it is of no connection, or takes whatever is signed. */
  readonly service?: HookOfService
  readonly schema: StandardSchemaV1 | undefined
  readonly input: ((delivery: WebhookDelivery<never>) => unknown) | undefined
}

/**
 * Starts a run for each delivery of a service: its signature is verified on the raw body, then the body is read, mapped and
 * checked; it is answered when the run is durable, and a repeat is answered with the same run.
 * @throws `bad-trigger` `async-schema` `bad-duration` `bad-number`
 * @example
 * import { webhook, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ order: z.string() }),
 *   on: [
 *     webhook({
 *       name: 'stripe',
 *       signature: 'stripe',
 *       secret: ['STRIPE_WEBHOOK_SECRET', 'STRIPE_WEBHOOK_SECRET_NEXT'],
 *       schema: z.object({ type: z.string(), data: z.object({ object: z.object({ id: z.string() }) }) }),
 *       input: ({ body }) => (body.type === 'charge.refunded' ? { order: body.data.object.id } : undefined),
 *     }),
 *   ],
 *   run: async (ctx, { order }) => order,
 * })
 */
export function webhook<
  S extends StandardSchemaV1 | undefined = undefined,
  Result = S extends StandardSchemaV1 ? BodyOf<S> : never,
>(options: WebhookOptions<S, Result>): Trigger<NonNullable<Result>> {
  const hook = hookFrom(options, 'webhook', options.signature ?? 'standard')
  checkOptions(options, 'a webhook', { schema: 'schema', input: 'function' }, 'bad-trigger')
  const { name, schema, input } = options
  checkMapping({ schema }, 'a webhook')
  const trigger: WebhookTrigger = {
    kind: 'reeve-trigger',
    on: 'webhook',
    name,
    ...hook,
    schema,
    input: input as WebhookTrigger['input'],
  }
  return trigger as Trigger<NonNullable<Result>>
}

const mostToleranceMs = 3_600_000
const mostBytes = 25 * 1024 * 1024

/** @throws `bad-trigger` `bad-duration` `bad-number` */
export function hookFrom(options: HookOptions, what: 'webhook' | 'mail', signature: WebhookSignature): Hook {
  const refuse = (problem: string) => new ReeveError('bad-trigger', `A ${what} trigger ${problem}`)
  checkOptions(
    options,
    `a ${what} trigger`,
    { name: 'text', secret: ['text', 'list', 'object'] },
    'bad-trigger',
  )
  const { secret, tolerance = '5m', maxBytes = what === 'mail' ? mostBytes : 1024 * 1024 } = options
  const given = [secret ?? []].flat() as (string | Secret)[]
  checkSignature(signature, refuse)
  if (given.length === 0) {
    throw refuse('has no `secret`: give the name under which it is kept.')
  }
  // What is not a name may be the secret itself: it is not shown.
  const secrets = given.map((each): HookSecret => {
    if (typeof each === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(each))
      return { name: each, isSealed: false }
    const name = each instanceof Secret ? each.onlyName : undefined
    if (name !== undefined) return { name, isSealed: true }
    throw refuse(
      'has a `secret` that is not a name of a secret. Keep the secret itself out of code: reeve secrets set NAME, or an environment variable.',
    )
  })
  const toleranceMs = toMs(tolerance, '`tolerance` of a trigger')
  if (toleranceMs > mostToleranceMs) throw refuse('has a `tolerance` of more than an hour.')
  if (wholeNumber(maxBytes, '`maxBytes` of a trigger') > mostBytes) {
    throw refuse(`has \`maxBytes\` of ${maxBytes}; ${mostBytes} are the most.`)
  }
  checkTriggerName(options.name)
  return { secrets, signature, toleranceMs, maxBytes }
}

/** @throws `bad-text` `bad-trigger` */
export function checkTriggerName(name: string | undefined): void {
  if (name === undefined || /^[\w.-]{1,100}$/.test(checkText(name, 'The name of a trigger'))) return
  throw new ReeveError(
    'bad-trigger',
    `The name of a trigger is ${describeValue(name)}; it must be up to 100 letters, digits, dots, dashes and underscores: it is part of an address.`,
  )
}
