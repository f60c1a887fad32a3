import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'

/** What may be decided. `edit` approves other arguments than those that were asked for. */
export const verdicts = ['approve', 'edit', 'reject', 'answer'] as const
/** What may be decided of a request. */
export type AllowedVerdict = (typeof verdicts)[number]

/** Where a directing argument's value stands, for whoever decides. All of it is foreign text. */
export interface ArgumentPlace {
  /** The argument: `to`, `lines.0.iban`. */
  argument: string
  /** In words: "the sender of this mail", "only in a web page that the agent read". */
  place: string
  /** How far the place is trusted: `operator`, `trusted`, `delegated`, `untrusted`, `nowhere` … */
  trust: string
}

/** With which account a connector's action would act, and whether that is the real one. */
export interface ActsWith {
  connection: string
  account: string
  mode: 'live' | 'sandbox'
}

/** In words, for whoever decides. */
export function actsWithWords({ connection, account, mode }: ActsWith): string {
  const how = mode === 'live' ? 'for real' : 'in sandbox, where nothing real happens'
  return `the account "${account}" of ${connection}, ${how}`
}

export const deciderRoles = ['approver', 'operator', 'owner'] as const

/** Who may decide. Without any of it: every person whose role is approver or above. */
export interface Deciders {
  /** This role or above. Default `approver`. */
  role?: 'approver' | 'operator' | 'owner'
  /** These principals, and no others. */
  principals?: readonly string[]
  /** So many of them must approve; one rejection rejects. Default 1. */
  count?: number
  /** Not the one for whom the run acts. Default false. */
  notRequester?: boolean
}

export const timeoutWays = ['reject', 'escalate', 'wait'] as const
/** What becomes of a request that nobody decides in time: it expires; others may decide, as long again; it waits on. */
export type OnTimeout = (typeof timeoutWays)[number]

/** Hours in which nobody is reminded and nothing runs out: `{ from: '22:00', to: '07:00', zone: 'Europe/Berlin' }`. */
export interface QuietHours {
  /** From this time of day on, such as `22:00`. */
  from: string
  /** Until this time of day; earlier than `from`: of the next day. */
  to: string
  /** IANA name. Default `UTC`. */
  zone?: string
}

/**
 * What a request is bound to beside what it shows, as the run's journal has it and its row repeats it. It enters the hash that
 * whoever decides names.
 */
export interface ApprovalTerms {
  why?: readonly string[]
  places?: readonly ArgumentPlace[]
  actsWith?: ActsWith
  /** Hash of the tool's definition. */
  definition?: string
  /** Hash of grants, policies and standing. */
  policy?: string
  allowed?: readonly AllowedVerdict[]
  deciders?: Deciders
  /** When `onTimeout` counts (ms). */
  decideBy?: number
  onTimeout?: OnTimeout
  /** Who may decide from `decideBy` on, beside those before. */
  escalateTo?: Deciders
  /** What was approved may begin until then (ms). */
  executeBy?: number
  /** The same, counted from the decision. */
  executeWithinMs?: number
  /** How often those who may decide are reminded. */
  remindEveryMs?: number
  quietHours?: QuietHours
}

/** What a decision names: SHA-256 of what is shown, with its terms where there are any. */
export function hashOfRequest(shown: Json, terms: ApprovalTerms | null | undefined): string {
  if (terms === null || terms === undefined) return sha256(canonical(shown))
  return sha256(canonical({ shown, terms } as unknown as Json))
}

/** As a row has them. */
export function termsOf({ terms }: { terms: string | null }): ApprovalTerms | undefined {
  return terms === null ? undefined : (JSON.parse(terms) as ApprovalTerms)
}
