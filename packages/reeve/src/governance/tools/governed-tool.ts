import type { EffectClass } from '../../store/journal/vocabulary/effect-class.ts'

/** Whose data a call shows: nobody's in particular, or the operator's own. */
export type Reads = 'none' | 'public' | 'private'

/** How far what a call is handed goes: nowhere, to people and systems of your own, or to anybody. */
export type Sends = 'none' | 'inside' | 'outside'

/**
 * What an argument does.
 *
 * - `directs`: decides whom or what the call reaches: a recipient, an account, a URL, a path, an id
 * - `amount`: how much: money
 * - `count`: how many
 * - `content`: what is said there
 * - `query`: what a read looks for
 * - `proof`: a one-time code, a coupon: it cannot lead anywhere else
 * - `plain`: dates, flags, choices of an enumeration
 */
export type ArgumentRole = 'directs' | 'amount' | 'count' | 'content' | 'query' | 'proof' | 'plain'

/** A tool as permission sees it: three axes, what its arguments do, and what its answers are. */
export interface GovernedTool {
  name: string
  /** Repeatability; everything but `read` acts. */
  effect: EffectClass
  reads: Reads
  sends: Sends
  /** By the name of the argument. One that is not named here directs. */
  roles: Readonly<Record<string, ArgumentRole>>
  /** What the values in its answers are, except for prose in them: `untrusted` for mail, web and whatever nobody declared. */
  answers: 'trusted' | 'untrusted'
  /** Prose in its answers is as trusted as the rest: nobody outside can write into it. */
  isVouched?: boolean
  /** A whole answer is prose: a file's or page's content. */
  isProse?: boolean
  /** In words for a person: "a mail", "a web page". */
  place: string
  /** The kinds of effects that a call is, as a request speaks of them (`request-kinds.ts`). */
  kinds: readonly string[]
  /** The thing that it changes without anything happening yet: a cart, a draft. */
  stages?: string
  /** The thing whose contents it makes happen: what lies in the cart, in the draft. */
  commits?: string
  /** Adds something of the operator's own that is easily removed: a file, a download. */
  isAdditive?: boolean
  /** What a call of class `once` did stays: there is no undo, and its code does not say itself whether people are asked. */
  isFinal?: boolean
  /** Confirms with a code what another call has begun; decided there. */
  confirms?: boolean
}

/** Text that is in the shape of a word with parts: `get_userInfo` → get, user, info. */
export function partsOf(name: string): string[] {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
}
