import { RE2JS } from 're2js'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { canonicalText, canonicalValue, hostOf } from '../provenance/canonical.ts'

type Scalar = string | number | boolean

/**
 * What an argument may be: one value, one of several, a range, the same as a value of the run, a URL of certain hosts, or text
 * that a pattern matches whole (RE2 syntax: no look-around, no back-reference, and so never slow).
 */
export type Constraint =
  | (string | number | boolean)
  | readonly (string | number | boolean)[]
  | { min?: number; max?: number }
  | { same: string }
  | { host: readonly string[] }
  | { pattern: string }

/** Values of the run that `same` may name, such as `input.from`. Absent ones match nothing. */
export type RunFacts = (path: string) => Json | undefined

/** Why an argument breaks its constraint; undefined when it does not. */
export type Check = (value: Json | undefined, facts: RunFacts) => string | undefined

/** @throws `bad-grant` */
export function prepareConstraint(constraint: Constraint, where: string): Check {
  if (Array.isArray(constraint)) return oneOf(constraint as readonly Scalar[], where)
  if (typeof constraint !== 'object' || constraint === null) return oneOf([constraint as Scalar], where)
  const keys = Object.keys(constraint)
  if (isRange(constraint)) {
    const { min = -Infinity, max = Infinity } = constraint
    if (
      typeof min !== 'number' ||
      typeof max !== 'number' ||
      Number.isNaN(min) ||
      Number.isNaN(max) ||
      min > max
    ) {
      throw new ReeveError(
        'bad-grant',
        `${where} allows from ${describeValue(min)} to ${describeValue(max)}: no number is in there. Give numbers with min <= max.`,
      )
    }
    return eachOf((value) => {
      const number = typeof value === 'number' ? value : Number(canonicalValue(value as Scalar).key)
      if (!Number.isFinite(number)) return `${describeValue(value)} is not a number`
      if (number > max) return `${number} is more than ${max}`
      return number < min ? `${number} is less than ${min}` : undefined
    })
  }
  if (keys.length === 1) {
    if ('same' in constraint) return sameAs(constraint.same)
    if ('host' in constraint) return hostIn(constraint.host, where)
    if ('pattern' in constraint) return matching(constraint.pattern, where)
  }
  throw new ReeveError(
    'bad-grant',
    `${where} is ${describeValue(constraint)}. Give a value, a list of values, { min, max }, { same }, { host: [...] } or { pattern }.`,
  )
}

/** `{ min, max }`, or one of the two. */
export function isRange(constraint: Constraint): constraint is { min?: number; max?: number } {
  if (typeof constraint !== 'object' || constraint === null || Array.isArray(constraint)) return false
  const keys = Object.keys(constraint)
  return keys.length > 0 && keys.every((key) => key === 'min' || key === 'max')
}

function oneOf(values: readonly Scalar[], where: string): Check {
  if (values.length === 0 || values.some((value) => typeof value === 'object')) {
    throw new ReeveError(
      'bad-grant',
      `${where} is ${describeValue(values)}. Name at least one text, number or boolean that is allowed.`,
    )
  }
  const keys = new Set(values.map(keyOf))
  return eachOf((value) =>
    keys.has(keyOf(value as Scalar))
      ? undefined
      : `${describeValue(value)} is not among ${values.slice(0, 5).map(String).join(', ')}`,
  )
}

function sameAs(path: string): Check {
  return (value, facts) => {
    const wanted = facts(path)
    if (wanted === undefined || wanted === null || typeof wanted === 'object')
      return `${path} of this run is not there`
    return eachOf((one) =>
      keyOf(one as Scalar) === keyOf(wanted) ? undefined : `${describeValue(one)} is not ${path}`,
    )(value, facts)
  }
}

function hostIn(hosts: readonly string[], where: string): Check {
  if (!Array.isArray(hosts) || hosts.length === 0 || hosts.some((host) => typeof host !== 'string')) {
    throw new ReeveError(
      'bad-grant',
      `${where} names no hosts: { host: ['api.example.com', '*.example.org'] }.`,
    )
  }
  const allowed = hosts.map((host) => host.toLowerCase().replace(/^www\./, ''))
  return eachOf((value) => {
    const { kind, key } = canonicalValue(value as Scalar)
    const host = kind === 'url' ? hostOf(key) : undefined
    const isAllowed =
      host !== undefined &&
      allowed.some((one) =>
        one.startsWith('*.') ? host.endsWith(one.slice(1)) && host.length > one.length - 1 : host === one,
      )
    return isAllowed ? undefined : `${describeValue(value)} is not an address of ${hosts.join(', ')}`
  })
}

function matching(pattern: string, where: string): Check {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch (cause) {
    throw new ReeveError(
      'bad-grant',
      `${where} has the pattern ${describeValue(pattern)}, which is not one of RE2: no look-around, no back-reference.`,
      { cause },
    )
  }
  return eachOf((value) =>
    compiled.matches(String(value)) ? undefined : `${describeValue(value)} does not match ${pattern}`,
  )
}

/** A list is allowed when each of its entries is; what is no text, number or boolean never is. */
function eachOf(check: (value: Json) => string | undefined): Check {
  const each = (value: Json | undefined): string | undefined => {
    if (value === undefined || value === null) return 'it is missing'
    if (Array.isArray(value)) {
      if (value.length === 0) return 'it is empty'
      for (const entry of value) {
        const problem = each(entry)
        if (problem !== undefined) return problem
      }
      return undefined
    }
    return typeof value === 'object' ? 'it is an object' : check(value)
  }
  return each
}

function keyOf(value: Scalar): string {
  const { kind, key } = canonicalValue(value)
  return kind === 'text' ? canonicalText(String(value)) : `${kind}:${key}`
}
