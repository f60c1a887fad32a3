import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { type Constraint, isRange, prepareConstraint, type RunFacts } from './constraints.ts'
import { refuseImpossible, refuseOverruled } from './contradictions.ts'
import { checkBudget, type EffectBudget } from './effect-budgets.ts'

/** What a principal may do, as data in code: the ceiling, which the database can only narrow. */
export interface Grant {
  /** By which it is suspended and named in the audit. Default: the tool. */
  id?: string
  /** A tool or a connector's action; `*` stands for any part of the name: `helpdesk.*`. */
  tool: string
  /** The connector's account that it holds for. Default: any. */
  account?: string
  /** What each argument may be. An argument that is not named is not limited. */
  args?: Readonly<Record<string, Constraint>>
  /** At most so many calls in any stretch of this length. */
  rate?: { count: number; per: Duration }
  /** Hours of the day (UTC) between which it holds, from the first up to, not including, the second; over midnight: `[22, 6]`. */
  window?: readonly [number, number]
  /** Milliseconds since 1970, or an ISO time, from which on it no longer holds. */
  expires?: number | string
  /** Ceilings on what the effects add up to. */
  budgets?: readonly EffectBudget[]
  /** Every such call asks, wherever its arguments come from. */
  asks?: boolean
}

/** A grant that was checked, ready to be held against calls. */
export interface PreparedGrant {
  id: string
  source: Grant
  isFor(tool: string): boolean
  checks: readonly (readonly [
    argument: string,
    check: (value: Json | undefined, facts: (path: string) => Json | undefined) => string | undefined,
  ])[]
  /** Arguments whose value or place it names itself. A range names none: it is a limit. */
  ties: ReadonlySet<string>
  expiresAt: number
  /** Counts towards nothing else: its calls in the window of the rate, and its budgets. */
  budgets: readonly EffectBudget[]
}

/** Why a grant does not cover a call; undefined when it does. */
export interface Refusal {
  code: 'grant-expired' | 'outside-window' | 'wrong-account' | 'constraint-broken'
  text: string
  argument?: string
}

/**
 * Checks grants as a whole, before anything runs under them.
 * @throws `bad-grant` `grant-without-tool` `contradicting-grants`
 */
export function prepareGrants(grants: readonly Grant[], toolNames?: readonly string[]): PreparedGrant[] {
  const prepared = grants.map(prepareGrant)
  const byId = new Map<string, PreparedGrant>()
  for (const grant of prepared) {
    const other = byId.get(grant.id)
    if (other) {
      throw new ReeveError(
        'contradicting-grants',
        `Two grants are called "${grant.id}", and a suspension could not tell them apart. Give each an \`id\` of its own.`,
        { details: { id: grant.id } },
      )
    }
    byId.set(grant.id, grant)
    refuseImpossible(grant)
  }
  refuseOverruled(prepared)
  if (toolNames) checkToolsOf(prepared, toolNames)
  return prepared
}

/** @throws `grant-without-tool` */
export function checkToolsOf(grants: readonly PreparedGrant[], toolNames: readonly string[]): void {
  for (const { id, source, isFor } of grants) {
    if (toolNames.some(isFor)) continue
    throw new ReeveError(
      'grant-without-tool',
      `Grant "${id}" is for ${describeValue(source.tool)}, and there is no such tool. ${nameAdvice(source.tool, toolNames)}`,
      { details: { tool: source.tool } },
    )
  }
}

export function idOf({ id, tool }: Grant): string {
  return id ?? tool
}

/** When it ends (ms); NaN: what it says is not a time. */
export function expiryOf({ expires }: Grant): number {
  return typeof expires === 'string' ? Date.parse(expires) : (expires ?? Infinity)
}

function prepareGrant(grant: Grant): PreparedGrant {
  if (typeof grant?.tool !== 'string' || !/^[\w.*-]{1,256}$/.test(grant.tool)) {
    throw new ReeveError(
      'bad-grant',
      `A grant is for ${describeValue(grant?.tool)}. Name a tool, or several with "*": helpdesk.*`,
    )
  }
  const id = idOf(grant)
  const expiresAt = expiryOf(grant)
  if (Number.isNaN(expiresAt)) {
    throw new ReeveError(
      'bad-grant',
      `Grant "${id}" expires at ${describeValue(grant.expires)}, which is not a time. Give an ISO time or milliseconds.`,
    )
  }
  const { window, rate, budgets = [] } = grant
  if (
    window &&
    (window.length !== 2 ||
      window.some((hour) => !Number.isInteger(hour) || hour < 0 || hour > 24) ||
      window[0] === window[1])
  ) {
    throw new ReeveError(
      'bad-grant',
      `Grant "${id}" holds between the hours ${describeValue(window)}. Give two different whole hours from 0 to 24.`,
    )
  }
  if (rate && !(Number.isInteger(rate.count) && rate.count > 0)) {
    throw new ReeveError(
      'bad-grant',
      `Grant "${id}" allows ${describeValue(rate.count)} calls. Give a whole number above 0.`,
    )
  }
  const perMs = rate && toMs(rate.per, `\`rate.per\` of grant "${id}"`)
  const all: EffectBudget[] = budgets.map((budget) => checkBudget(budget, id))
  const twice = all.find(({ id: budget }, index) => all.findIndex((other) => other.id === budget) !== index)
  if (twice)
    throw new ReeveError(
      'contradicting-grants',
      `Grant "${id}" has two effect budgets called "${twice.id}". Give each an \`id\` of its own.`,
      { details: { id, budget: twice.id } },
    )
  if (rate) all.push({ id: `${id}:rate`, ceiling: rate.count, per: perMs! })
  const checks = Object.entries(grant.args ?? {}).map(
    ([name, constraint]) =>
      [name, prepareConstraint(constraint, `\`args.${name}\` of grant "${id}"`)] as const,
  )
  const tying = Object.entries(grant.args ?? {}).filter(([, constraint]) => !isRange(constraint))
  const ties = new Set(tying.map(([name]) => name))
  return { id, source: grant, isFor: nameMatcher(grant.tool), checks, ties, expiresAt, budgets: all }
}

/** Why this grant does not cover the call, by the clock that is passed in. */
export function refusalOf(
  { id, source, checks, expiresAt }: PreparedGrant,
  call: { args: Readonly<Record<string, Json | undefined>>; account?: string },
  facts: RunFacts,
  now: number,
): Refusal | undefined {
  if (now >= expiresAt) {
    return {
      code: 'grant-expired',
      text: `The grant "${id}" expired at ${new Date(expiresAt).toISOString()}.`,
    }
  }
  if (source.window && !isWithin(source.window, now)) {
    return {
      code: 'outside-window',
      text: `The grant "${id}" holds from ${source.window[0]} to ${source.window[1]} o'clock UTC.`,
    }
  }
  if (source.account !== undefined && source.account !== call.account) {
    return {
      code: 'wrong-account',
      text: `The grant "${id}" is for the account ${source.account}, not for ${call.account ?? 'none'}.`,
    }
  }
  for (const [argument, check] of checks) {
    const problem = check(call.args[argument], facts)
    if (problem !== undefined)
      return { code: 'constraint-broken', text: `${argument}: ${problem} (grant "${id}").`, argument }
  }
  return undefined
}

function isWithin([from, to]: readonly [number, number], now: number): boolean {
  const hour = Math.floor(now / 3_600_000) % 24
  return from < to ? hour >= from && hour < to : hour >= from || hour < to
}

/** `*` in place of any text: parts between stars must follow one another, which needs no backtracking. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return (name) => name === pattern
  const [first, last] = [parts[0]!, parts.at(-1)!]
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false
    let at = first.length
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at)
      if (found < 0 || found + part.length > name.length - last.length) return false
      at = found + part.length
    }
    return true
  }
}
