import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { toUsd, type Usd } from '../../base/money.ts'
import { checkOption, checkOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { type Grant, type PreparedGrant, prepareGrants } from '../../governance/grants/grant.ts'
import { type Goal, isGoal } from '../goals/goal.ts'
import { cyclePrefix } from '../work.ts'
import type { DaemonDecision, DaemonState } from './daemon-state.ts'

/**
 * What wakes a daemon before its time: how runs of others end, what people decide, signals that runs get, deliveries that come
 * to webhooks. What the daemon itself did does not wake it, but for a decision that outlasted its cycle.
 */
export const daemonEvents = [
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.stuck',
  'approval.decided',
  'signal',
  'webhook',
] as const

/** One of the events that wake a daemon before its time. */
export type DaemonEvent = (typeof daemonEvents)[number]

/** A daemon as its file declares it. `Gathered`: what `gather` gives; plain JSON. */
export interface DaemonDefinition<Gathered = Json> {
  /** Default: the file's name. */
  name?: string
  /** The standing goals that it serves: goals, or names of files in `goals/`. Default: none. */
  goals?: readonly (Goal | string)[]
  /** The directives that it may choose, by name; what is not named is closed to it. Default: all of the project. */
  directives?: readonly string[]
  /** From one wake to the next while there is work. Default `1h`. */
  every?: Duration
  /** It never wakes sooner after a cycle, whatever happens. Default `1m`. */
  floor?: Duration
  /** It sleeps no longer than this while nothing happens, but for a budget that is used up. Default: six times `every`. */
  ceiling?: Duration
  /** So long a cycle waits for what it started; what takes longer goes on, and is looked at in later cycles. Default `10m`. */
  patience?: Duration
  /** The most that its decisions, and all that they start, may cost for models from midnight to midnight (UTC). Default: no limit. */
  budget?: { day: Usd }
  /** Who decides: a route of `reeve.config.ts`. Default: `rules`. */
  route?: string
  /** For the route: what matters, in words. Default: none. */
  instructions?: string
  /** More that it decides upon: numbers of the project's own. At every wake, without a model; it changes nothing, and holds nothing that moves by itself, such as the time. */
  gather?: (attempt: { signal: AbortSignal }) => Gathered | Promise<Gathered>
  /**
   * What of that must change before a decision that failed twice is open again, beside a change of its directive, of what
   * executes it, a success of the same directive with other inputs, and a person who opens it. Default: nothing.
   */
  relevant?: (gathered: Gathered, directive: string) => Json
  /**
   * Decides without a model: where no route is named, and where the route cannot be asked (no key, an outage). Undefined: idle.
   */
  rules?: (state: DaemonState<Gathered>) => DaemonDecision | undefined
  /** What wakes it before its time. Default: `run.failed`, `run.stuck` and `approval.decided`. */
  events?: readonly DaemonEvent[]
  /** What it may do through tools, and all that it starts at most. Default: what its directives may. */
  grants?: readonly Grant[]
}

/** A daemon of a project. */
export interface Daemon {
  readonly kind: 'reeve-daemon'
  name: string
  readonly goals: readonly (Goal | string)[]
  readonly directives: readonly string[] | undefined
  readonly everyMs: number
  readonly floorMs: number
  readonly ceilingMs: number
  readonly patienceMs: number
  readonly dayUsd: number | null
  readonly route: string | undefined
  readonly instructions: string | undefined
  readonly gather: DaemonDefinition['gather']
  readonly relevant: DaemonDefinition['relevant']
  readonly rules: DaemonDefinition['rules']
  readonly events: readonly DaemonEvent[]
  /** For the layer that judges calls. */
  readonly grants: readonly PreparedGrant[] | undefined
}

const shape = {
  name: 'text',
  goals: 'list',
  directives: 'texts',
  budget: 'object',
  route: 'text',
  instructions: 'text',
  gather: 'function',
  relevant: 'function',
  rules: 'function',
  events: 'texts',
  grants: 'objects',
} as const

/**
 * Declares a daemon: a file in `daemons/` exports it as its default. It wakes, gathers its state without a model, makes one
 * decision of those that are open, has it executed, records what came of it, and chooses when it wakes next. Each cycle is a
 * run of the workflow `daemon:NAME`, for the principal `daemon:NAME`.
 * @throws `bad-daemon` `bad-duration` `bad-amount` `bad-grant`
 * @example
 * import { daemon } from 'reeve'
 *
 * export default daemon({
 *   directives: ['publish-article', 'send-reminders', 'check-site'],
 *   every: '1h',
 *   budget: { day: '$0.15' },
 *   route: 'decide',
 *   gather: async () => ({ letters: await countLetters() }),
 *   rules: ({ gathered, news }) => {
 *     if (news.failures.length > 0) return { decision: 'check-site', reason: 'something failed' }
 *     if (gathered.letters > 0) return { decision: 'send-reminders', reason: `${gathered.letters} letters wait` }
 *   },
 * })
 *
 * async function countLetters(): Promise<number> {
 *   return 3
 * }
 */
export function daemon<Gathered = Json>(definition: DaemonDefinition<Gathered>): Daemon {
  const what = typeof definition?.name === 'string' ? `daemon ${describeValue(definition.name)}` : 'a daemon'
  checkOptions(definition, what, shape, 'bad-daemon')
  const { name, goals = [], directives, route, rules, gather, relevant, instructions } = definition
  if (name !== undefined) checkText(name, 'The name of a daemon')
  if (route === undefined && rules === undefined)
    throw new ReeveError('bad-daemon', `${what} has nobody who decides. Give it a \`route\`, or \`rules\`.`)
  const bad = goals.find((each) => typeof each !== 'string' && !isGoal(each))
  if (bad !== undefined)
    throw new ReeveError(
      'bad-daemon',
      `\`goals\` of ${what} has ${describeValue(bad)}; it takes goals, and names of goals.`,
    )
  const events = definition.events ?? (['run.failed', 'run.stuck', 'approval.decided'] as const)
  const unknown = events.find((event) => !daemonEvents.includes(event))
  if (unknown !== undefined)
    throw new ReeveError(
      'bad-daemon',
      `\`events\` of ${what} has ${describeValue(unknown)}; it takes: ${daemonEvents.join(', ')}.`,
    )
  return {
    kind: 'reeve-daemon',
    name: name ?? '',
    goals,
    directives,
    ...wakesOf(definition, what),
    dayUsd: dayOf(definition, what),
    route,
    instructions,
    // What it gives is what they are called with.
    ...({ gather, relevant, rules } as unknown as Pick<Daemon, 'gather' | 'relevant' | 'rules'>),
    events,
    grants: definition.grants && prepareGrants(definition.grants),
  }
}

export function isDaemon(value: unknown): value is Daemon {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-daemon'
}

/** The workflow whose runs are its cycles, and the principal that it acts as. */
export function daemonWorkflowName(name: string): string {
  return `${cyclePrefix}${name}`
}

function wakesOf(
  {
    every = '1h',
    floor = '1m',
    ceiling,
    patience = '10m',
  }: Pick<DaemonDefinition, 'every' | 'floor' | 'ceiling' | 'patience'>,
  what: string,
): Pick<Daemon, 'everyMs' | 'floorMs' | 'ceilingMs' | 'patienceMs'> {
  const everyMs = toMs(every, `\`every\` of ${what}`)
  const floorMs = toMs(floor, `\`floor\` of ${what}`)
  const ceilingMs = ceiling === undefined ? 6 * everyMs : toMs(ceiling, `\`ceiling\` of ${what}`)
  const patienceMs = toMs(patience, `\`patience\` of ${what}`)
  const isOrdered = leastFloorMs <= floorMs && floorMs <= everyMs && everyMs <= ceilingMs
  if (isOrdered) return { everyMs, floorMs, ceilingMs, patienceMs }
  throw new ReeveError(
    'bad-daemon',
    `The wakes of ${what} are out of order: floor ${floor}, every ${every}, ceiling ${ceiling ?? '6 × every'}. Floor (1s at least) ≤ every ≤ ceiling.`,
  )
}

/** No model and no database is asked more often, whatever a project says. */
const leastFloorMs = 1000

function dayOf({ budget }: Pick<DaemonDefinition, 'budget'>, what: string): number | null {
  if (budget === undefined) return null
  checkOption(budget.day, `\`budget.day\` of ${what}`, ['number', 'text'], 'bad-daemon')
  return toUsd(budget.day, `\`budget.day\` of ${what}`)
}
