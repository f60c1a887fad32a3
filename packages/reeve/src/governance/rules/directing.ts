import { describeValue } from '../../base/text/shorten.ts'
import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import { canonicalValue, wordsOf } from '../provenance/canonical.ts'
import { delegatedNumbers, type Origin, originOf, type Trust } from '../provenance/origin.ts'
import type { RunValues } from '../provenance/run-values.ts'
import type { Reason } from '../reasons.ts'
import type { Request } from '../request/request.ts'
import { type Argument, argumentsOf, delegationKey, type JudgedCall } from './call.ts'

/** A directing argument with where its value stands. */
export interface Directed extends Argument {
  origin: Origin
}

/** Where each directing value and amount comes from; that each is where a person would expect it. */
export function judgeDirecting(call: JudgedCall): {
  directed: Directed[]
  reasons: Reason[]
  delegations: string[]
} {
  const directed = argumentsOf(
    call,
    (role) => role === 'directs' || role === 'amount' || role === 'count',
  ).map((argument) => ({
    ...argument,
    origin: originOfArgument(argument, call),
  }))
  const reasons: Reason[] = []
  const delegations: string[] = []
  for (const argument of directed) {
    const reason = reasonFor(argument, call)
    if (reason) reasons.push(reason)
    else if (argument.origin.trust === 'delegated' && isOnce(argument, call))
      delegations.push(delegationKey(call.tool.name, argument))
  }
  return { directed, reasons, delegations }
}

function originOfArgument(argument: Argument, { values, request }: JudgedCall): Origin {
  const origin = originOf(argument.value, values, request)
  if (argument.role !== 'amount' || origin.trust === 'operator' || origin.trust === 'delegated') return origin
  if (values.trustedAmounts.has(Number(argument.value)))
    return { trust: 'trusted', place: 'a trusted record' }
  const isPushed = origin.trust === 'untrusted' || origin.trust === 'pushed'
  if (!isPushed && isDerived(Number(argument.value), knownNumbers(values, request)))
    return { trust: 'trusted', place: 'the sum, difference, product or share of two trusted numbers' }
  // It stands in a record, but counts days or pieces there.
  return origin.trust === 'trusted' ? { trust: 'nowhere', place: origin.place } : origin
}

interface KnownNumbers {
  /** With how often each is there: one sum that is there once is not added to itself. */
  amounts: readonly (readonly [amount: number, times: number])[]
  counts: readonly number[]
}

function knownNumbers(values: RunValues, request: Request): KnownNumbers {
  const said = [...delegatedNumbers(values, request), ...request.numbers]
  const amounts = [...values.trustedAmounts, ...said.map((number) => [number, 1] as const)].slice(-40)
  return { amounts, counts: [...values.trustedCounts, ...said].slice(-40) }
}

/** Whether an amount follows from two trusted numbers: what is missing, what is left, so many of them, a share in per cent. */
function isDerived(amount: number, { amounts, counts }: KnownNumbers): boolean {
  const near = (value: number) => Math.abs(value - amount) < 0.006
  const isMultiple = (a: number, b: number) =>
    near((a * b) / 100) || (b > 1 && b <= 100 && Number.isInteger(b) && (near(a * b) || near(a / b)))
  return amounts.some(
    ([a, times], at) =>
      counts.some((b) => isMultiple(a, b)) ||
      amounts.some(
        ([b], other) => isMultiple(a, b) || ((at !== other || times > 1) && (near(a - b) || near(a + b))),
      ),
  )
}

/** Kinds of values by which a request says to whom something goes. */
const namesSomebody: ReadonlySet<string> = new Set(['address', 'account', 'phone'])

/** What a person would want to be asked about. */
function reasonFor(argument: Directed, call: JudgedCall): Reason | undefined {
  const { name, value, role, origin } = argument
  const { tool, values, request, usedDelegations } = call
  if (role === 'count' && (Number(value) <= 1 || !values.hasReadUntrusted)) return undefined
  const ask = (code: string, text: string): Reason => ({
    code,
    text,
    verdict: 'ask',
    argument: name,
    origin: origin.place,
  })
  const shown = `${name} ${describeValue(value)}`
  const outward =
    tool.sends === 'outside' || (tool.sends === 'inside' && canonicalValue(value).kind === 'address')
  // Adds something to the operator's own things that is removed without a trace: a download, a folder.
  const isHarmless =
    tool.isAdditive && tool.effect === 'idempotent' && !outward && canonicalValue(value).kind !== 'path'
  const respelt = () =>
    ask('respelt-value', `${shown} is spelt otherwise in ${origin.place}: take it as it stands there.`)
  const texts: Record<Trust, () => Reason | undefined> = {
    operator: () => undefined,
    trusted: () => undefined,
    delegated: () => {
      if (!isOnce(argument, call)) return undefined
      if (usedDelegations.has(delegationKey(tool.name, argument)))
        return ask(
          'delegation-used',
          `${shown} comes from ${origin.place}, which the request names; that was acted upon once already.`,
        )
      const { kind } = canonicalValue(value)
      const isSaid = !request.addressesAll && namesSomebody.has(kind) && request.saysAny(kind)
      return isSaid
        ? ask(
            'request-names-another',
            `${shown} comes from ${origin.place}, which the request names; the request itself names another.`,
          )
        : undefined
    },
    within: () =>
      outward && !(changesNothing(tool.effect) && origin.isOnTopic)
        ? ask(
            'named-by-folder-only',
            `${shown} comes from ${origin.place}; the request names only its folder.`,
          )
        : undefined,
    unpicked: () =>
      tool.isAdditive || tool.stages || !values.hasReadUntrusted
        ? undefined
        : ask(
            'unpicked-value',
            `${shown} is one of several in ${origin.place}, and nothing in the request leads to this one.`,
          ),
    pushed: () =>
      tool.stages || isHarmless ? undefined : ask('pushed-value', `${shown} is pushed by ${origin.place}.`),
    ambiguous: () =>
      isHarmless
        ? undefined
        : ask(
            'ambiguous-source',
            `${shown} is one of several of its kind in ${origin.place}, which the request names.`,
          ),
    untrusted: () =>
      tool.stages || isHarmless ? undefined : ask('untrusted-value', `${shown} stands ${origin.place}.`),
    nowhere: () => {
      if (tool.stages || tool.isAdditive) return undefined
      if (!values.hasReadUntrusted && !outward) return undefined
      if (isOfKnownWords(argument, call)) return undefined
      return ask(
        'value-from-nowhere',
        `${shown} stands nowhere: not in the request, not in a trusted record.`,
      )
    },
  }
  return texts[origin.trust]() ?? (isRespelt(argument, call) ? respelt() : undefined)
}

/**
 * An id of the model's own spelling: the place where it stands has it in other signs. People read it as the same, and the system
 * that gets it may not: two spellings would be two things there.
 */
function isRespelt({ role, value }: Argument, { tool, values, request }: JudgedCall): boolean {
  if (
    role !== 'directs' ||
    typeof value !== 'string' ||
    changesNothing(tool.effect) ||
    !values.hasReadUntrusted
  )
    return false
  if (!/\p{N}/u.test(value) || canonicalValue(value).kind !== 'text') return false
  const places = values.find(value)
  return (
    places.length > 0 &&
    !request.text.includes(value) &&
    !places.some((leaf) => String(leaf.value).includes(value))
  )
}

/** Paying or writing to somebody whom only a text names is delegated once; a page may be used again. */
function isOnce({ role, value }: Argument, { tool }: JudgedCall): boolean {
  return (
    role === 'directs' &&
    !changesNothing(tool.effect) &&
    tool.sends === 'outside' &&
    canonicalValue(value).kind !== 'url'
  )
}

/** A name put together of the operator's words alone steers nowhere else. */
function isOfKnownWords({ value }: Argument, { request }: JudgedCall): boolean {
  const words = wordsOf(String(value))
  return words.length > 0 && words.every((word) => request.saysWord(word))
}
