import { ReeveError } from '../base/errors.ts'
import { parseExactJson } from '../base/json/exact-json.ts'
import type { Json } from '../base/json/json.ts'
import { formatMs } from '../base/time/time.ts'
import type { Vault } from '../store/secrets/vault.ts'
import { schemeOf } from './signatures/schemes.ts'
import { digestOf, type Headers, type Signed } from './signatures/signature.ts'
import type { Hook } from './webhook.ts'

/** The secrets of a door that may be used now, with their names; `closed`: why none may. */
export type HookSecrets = { open: readonly string[]; names?: readonly string[] } | { closed: string }

/** Where doors find their secrets. */
export interface SecretPlaces {
  /** The sealed ones. */
  vault: Pick<Vault, 'known'> | undefined
  variables: Readonly<Record<string, string | undefined>>
}

/** Of the secrets that a door names: those that are set to something that proves anything. */
export function secretsOfHook({ secrets, signature }: Hook, { vault, variables }: SecretPlaces): HookSecrets {
  const open: string[] = []
  const names: string[] = []
  const problems: string[] = []
  for (const { name, isSealed } of secrets) {
    const value = (vault?.known(name) ?? (isSealed ? undefined : variables[name]))?.trim()
    if (!value) {
      problems.push(`${name} is not set`)
      continue
    }
    const problem = schemeOf(signature).problemOf(value)
    if (problem === undefined) {
      open.push(value)
      names.push(name)
    } else problems.push(`${name} is of no use: ${problem}`)
  }
  return open.length > 0 ? { open, names } : { closed: problems.join('; ') }
}

/** The most of what names a delivery, as it is kept. */
const longestDelivery = 200

/**
 * Verifies a request in the order in which least is done for a stranger: secrets, headers, time, then the raw body.
 *
 *   no secret → refused; headers missing, too old or too new → refused; body signed by none of the secrets → refused; proved
 *
 * Nothing of the body is interpreted before it is proved.
 */
export class HookRequest {
  readonly #secrets: readonly string[]
  readonly #names: readonly string[]
  readonly #signed: Signed

  /** @throws `webhook-closed` `webhook-unsigned` `webhook-stale` */
  constructor(hook: Hook, secrets: HookSecrets, headers: Headers, now: number) {
    if ('closed' in secrets) {
      throw new ReeveError(
        'webhook-closed',
        'This webhook is closed: it has no secret, so no request can be verified. The log of the server and `reeve trigger list` say which secret is missing.',
      )
    }
    this.#secrets = secrets.open
    this.#names = secrets.names ?? []
    this.#signed = schemeOf(hook.signature).read(headers)
    const { sentAt } = this.#signed
    if (sentAt === undefined) return
    const offMs = now - sentAt * 1000
    if (Math.abs(offMs) <= hook.toleranceMs) return
    const off = `${formatMs(Math.abs(offMs))} ${offMs > 0 ? 'old' : 'ahead'}`
    throw new ReeveError(
      'webhook-stale',
      `The request is ${off} by the clock of this server, and ${formatMs(hook.toleranceMs)} are allowed. If it was just sent, one of the clocks is wrong; else it is a replay.`,
    )
  }

  /** What names the delivery; `by`: the name of the secret that proved it, where that has one. @throws `webhook-forged` */
  prove(body: Buffer): { delivery: string; by: string | undefined } {
    // All are tried, whichever it is.
    const proved = this.#secrets.map((secret) => this.#signed.isBy(secret, body))
    if (!proved.includes(true)) {
      throw new ReeveError(
        'webhook-forged',
        'The signature is not that of this body with any of the secrets of this door. Nothing was read of it, and nothing was started.',
      )
    }
    const delivery = this.#signed.deliveryOf(body)
    return {
      delivery: delivery.length <= longestDelivery ? delivery : digestOf(delivery),
      by: this.#names[proved.indexOf(true)],
    }
  }
}

/** A proved body as data. @throws `not-json` `inexact-json` */
export function readHookBody(body: Buffer, isForm: boolean): Json {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new ReeveError('not-json', 'The body is not UTF-8.', { cause })
  }
  return isForm ? formOf(text) : parseExactJson(text, 'The body')
}

/** A form's fields; one that stands twice could be read as either. @throws `inexact-json` */
function formOf(text: string): Json {
  const fields: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in fields) {
      throw new ReeveError(
        'inexact-json',
        `The form has the field ${JSON.stringify(name.slice(0, 100))} twice.`,
      )
    }
    fields[name] = value
  }
  return { ...fields }
}
