import { ReeveError } from '../../base/errors.ts'
import { checkOption, checkOptions, optionNames } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'
import { type Duration, type Moment, toMoment, toMs } from '../../base/time/time.ts'
import {
  type ActsWith,
  type AllowedVerdict,
  type ApprovalTerms,
  type ArgumentPlace,
  type Deciders,
  deciderRoles,
  type OnTimeout,
  type QuietHours,
  timeoutWays,
  verdicts,
} from '../../store/approvals/approval-terms.ts'
import type { Deadline } from './waits.ts'

/** What a request may be bound to, as code gives it. It stands in the journal and enters the hash that a decision names. */
export interface GivenTerms {
  /** Why it is asked, in words for whoever decides. */
  why?: readonly string[] | undefined
  /** For each argument that directs the effect: where its value stands. */
  places?: readonly ArgumentPlace[] | undefined
  /** Of a connector's action: with which account it would act, and in which mode. */
  actsWith?: ActsWith | undefined
  /** Hash of the tool's definition. */
  definition?: string | undefined
  /** Hash of the grants, policies and standing by which it is asked. */
  policy?: string | undefined
  /** What may be decided. Default: all that its kind allows. */
  allowed?: readonly AllowedVerdict[] | undefined
  /** Who may decide. Default: every person whose role is approver or above. */
  deciders?: Deciders | undefined
  /** What becomes of it when nobody decides in time (`timeout` or `until`, which must be given). Default `reject`. */
  onTimeout?: OnTimeout | undefined
  /** With `onTimeout: 'escalate'`: who may decide from then on, beside those before. Default `{ role: 'owner' }`. */
  escalateTo?: Deciders | undefined
  /** Hours in which nobody is reminded, and that a time to decide does not end in. Default: none. */
  quietHours?: QuietHours | undefined
  /** What was approved may begin until then; later a person is asked again. Default: for ever. */
  executeBy?: Moment | undefined
  /** The same, counted from the decision. */
  executeWithin?: Duration | undefined
  /** How often those who may decide are reminded until somebody did; a minute at least. Default: never. */
  remindEvery?: Duration | undefined
}

/** What `ctx.approve` takes. */
export const approveOptions = optionNames<GivenTerms & Deadline & { show: unknown; signal: unknown }>({
  show: true,
  signal: true,
  timeout: true,
  until: true,
  why: true,
  actsWith: true,
  places: true,
  definition: true,
  policy: true,
  allowed: true,
  deciders: true,
  onTimeout: true,
  escalateTo: true,
  quietHours: true,
  executeBy: true,
  executeWithin: true,
  remindEvery: true,
})

const kinds = {
  why: 'texts',
  places: 'objects',
  actsWith: 'object',
  definition: 'text',
  policy: 'text',
  allowed: 'texts',
  deciders: 'object',
  escalateTo: 'object',
  quietHours: 'object',
} as const

/** A thousand of anything is more than a person reads. */
const mostTexts = 1000
const mostDeciders = 100
const shortestReminderMs = 60_000

/**
 * The terms of a request that is made now; undefined where it has none. `decideBy`: when it is due (ms).
 * @throws `bad-option` `bad-duration` `bad-moment` `bad-text`
 */
export function readTerms(
  given: GivenTerms,
  what: string,
  times: { now: number; decideBy: number | null },
): ApprovalTerms | undefined {
  checkOptions(given, what, kinds)
  const { why, places, definition, policy, allowed, deciders, onTimeout, escalateTo, quietHours } = given
  const terms: ApprovalTerms = {}
  if (why && why.length > 0) terms.why = why.slice(0, mostTexts)
  if (places && places.length > 0)
    terms.places = places
      .slice(0, mostTexts)
      .map(({ argument, place, trust }) => ({ argument, place, trust }))
  if (given.actsWith) {
    const { connection, account, mode } = given.actsWith
    terms.actsWith = { connection, account, mode }
  }
  if (definition !== undefined) terms.definition = definition
  if (policy !== undefined) terms.policy = policy
  if (allowed !== undefined) {
    for (const each of allowed) among(each, verdicts, `\`allowed\` of ${what}`)
    terms.allowed = [...allowed]
  }
  if (deciders !== undefined) terms.deciders = readDeciders(deciders, `\`deciders\` of ${what}`)
  if (onTimeout !== undefined) {
    among(onTimeout, timeoutWays, `\`onTimeout\` of ${what}`)
    if (times.decideBy === null) {
      throw new ReeveError(
        'bad-option',
        `\`onTimeout\` of ${what} is "${onTimeout}", and there is no \`timeout\` or \`until\` after which it could count. Give one.`,
      )
    }
    terms.onTimeout = onTimeout
    terms.decideBy = times.decideBy
    if (onTimeout === 'escalate')
      terms.escalateTo = readDeciders(escalateTo ?? { role: 'owner' }, `\`escalateTo\` of ${what}`)
  }
  if (given.executeBy !== undefined)
    terms.executeBy = toMoment(given.executeBy, times.now, `\`executeBy\` of ${what}`)
  if (given.executeWithin !== undefined)
    terms.executeWithinMs = toMs(given.executeWithin, `\`executeWithin\` of ${what}`)
  if (given.remindEvery !== undefined)
    terms.remindEveryMs = Math.max(shortestReminderMs, toMs(given.remindEvery, `\`remindEvery\` of ${what}`))
  const quiet = readQuiet(quietHours, what)
  if (quiet) terms.quietHours = quiet
  return Object.keys(terms).length === 0 ? undefined : terms
}

function readDeciders(given: Deciders, what: string): Deciders {
  const { role, principals, count, notRequester } = given
  checkOption(principals, `\`principals\` of ${what}`, 'texts')
  checkOption(notRequester, `\`notRequester\` of ${what}`, 'flag')
  if (role !== undefined) among(role, deciderRoles, `\`role\` of ${what}`)
  const named = principals?.map((each) => checkText(each, `A principal in ${what}`))
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1 && count <= mostDeciders)) {
    throw new ReeveError(
      'bad-option',
      `\`count\` of ${what} is ${describeValue(count)}; it must be a whole number from 1 to ${mostDeciders}.`,
    )
  }
  if (named && (named.length === 0 || new Set(named).size < (count ?? 1))) {
    throw new ReeveError(
      'bad-option',
      `${what} needs ${count ?? 1} to approve and names ${new Set(named).size} who may: nobody could ever approve it. Name as many at least.`,
    )
  }
  return {
    ...(role !== undefined && { role }),
    ...(named && { principals: named }),
    ...(count !== undefined && { count }),
    ...(notRequester !== undefined && { notRequester }),
  }
}

/** @throws `bad-option` */
export function readQuiet(given: QuietHours | undefined, of: string): QuietHours | undefined {
  if (given === undefined) return undefined
  const what = `\`quietHours\` of ${of}`
  checkOption(given, what, 'object')
  const { from, to, zone = 'UTC' } = given
  for (const [name, value] of [
    ['from', from],
    ['to', to],
  ])
    if (typeof value !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d$/.test(value)) {
      throw new ReeveError(
        'bad-option',
        `\`${name}\` of ${what} is ${describeValue(value)}; it must be a time of day such as "22:00".`,
      )
    }
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    throw new ReeveError(
      'bad-option',
      `\`zone\` of ${what} is ${describeValue(zone)}; it must be the IANA name of a time zone, such as "Europe/Berlin".`,
    )
  }
  return { from, to, zone }
}

function among(value: unknown, allowed: readonly unknown[], what: string): void {
  if (allowed.includes(value)) return
  throw new ReeveError(
    'bad-option',
    `${what} is ${describeValue(value)}; it must be ${allowed.map((each) => `'${each}'`).join(', ')}.`,
  )
}
