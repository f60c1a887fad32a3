import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import type { AsJson } from '../base/json/as-json.ts'
import { toUsd, type Usd } from '../base/money.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOptions, refuseUnknownOptions } from '../base/options.ts'
import { type InputOf, type OutputOf, requireSync } from '../base/schema/schema.ts'
import { nearestName } from '../base/text/nearest-name.ts'
import { describeValue } from '../base/text/shorten.ts'
import { checkText } from '../base/text/text.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import { versionName } from '../store/dispatch/workers.ts'
import { checkRequirements, type Requirement } from './declared/requirement.ts'
import { checkRetention, type WorkflowRetention } from './declared/retention.ts'
import { checkReview, type SampledReview } from './declared/review.ts'
import { isTrigger, type Trigger } from './starting/trigger.ts'

/** The most `ctx` calls of a run, or of its chapter, whose workflow sets no limit of its own. */
export const defaultSteps = 1000

/** What bounds one run. */
export interface WorkflowLimits {
  /** The most `ctx` calls a run may make; `Infinity`: as many as it wants. Default 1,000. */
  steps?: number | undefined
  /** How long a run may take from its start, waiting included. Default: no limit. */
  time?: Duration | undefined
  /** The most a run may spend on models. Default: no limit of its own. */
  cost?: Usd | undefined
  /**
   * The most that all runs of the workflow, with what they start, may spend on models from midnight to midnight (UTC). What
   * would exceed it waits for the next day, as `whenExhausted` of the budgets says. Default: no limit.
   */
  dailyCost?: Usd | undefined
}

const knownLimits = ['steps', 'time', 'cost', 'dailyCost'] satisfies (keyof WorkflowLimits)[]
/** `grants` is for the layer that knows them. */
const known = [
  'name',
  'version',
  'input',
  'output',
  'limits',
  'queue',
  'key',
  'on',
  'requires',
  'review',
  'retention',
  'readiness',
  'grants',
  'run',
]

/** What `run` must give: what the output schema takes, or anything. */
export type ResultFor<O> = O extends StandardSchemaV1 ? InputOf<O> : unknown

/** A workflow as its file declares it. `run` must be deterministic between `ctx` calls. */
export interface WorkflowDefinition<
  Ctx,
  I extends StandardSchemaV1,
  O extends StandardSchemaV1 | undefined,
  R extends ResultFor<O>,
> {
  /** Default: the file's name. */
  name?: string | undefined
  /** Change it when a change of code is not marked by `ctx.patched`: running runs stay with their version. Default `1`. */
  version?: string | undefined
  /** What it takes: Zod, or any Standard Schema. */
  input: I
  /** What the run gives: its result is read by it, and the run fails with `invalid-output` when it does not fit. */
  output?: O | undefined
  /** What bounds one run. Default: see `WorkflowLimits`. */
  limits?: WorkflowLimits | undefined
  /** The queue its runs wait in. Default `default`. */
  queue?: string | undefined
  /** Runs with the same key count together in a queue's per-key limits. */
  key?: ((input: OutputOf<I>) => string) | undefined
  /**
   * What starts it from outside: `webhook`, `schedule`, `mail`, `files`, `event`. What a trigger makes of what came must be
   * what `input` takes.
   */
  on?: readonly Trigger<InputOf<I>>[] | undefined
  /** What a run must have done before it may end well, all of it: see `Requirement`. Default: nothing. */
  requires?: Requirement<Ctx, OutputOf<I>> | readonly Requirement<Ctx, OutputOf<I>>[] | undefined
  /** Which share of the runs that asked nobody a person looks at afterwards: see `SampledReview`. Default: none. */
  review?: SampledReview<OutputOf<I>> | undefined
  /** How long its ended runs are kept, in place of what the configuration says: see `WorkflowRetention`. */
  retention?: WorkflowRetention | undefined
  /**
   * The operating checklist, as data: owner, tools with their risks, sources, completion, review, rollback, evaluation. See
   * `reeve check`, and docs/readiness.md.
   */
  readiness?: Readonly<Record<string, unknown>> | undefined
  /** Does the work. Deterministic between calls of `ctx`. */
  run(ctx: Ctx, input: OutputOf<I>): Promise<R> | R
}

/** Without an output schema, what a workflow gives must be JSON as it is. */
export type JsonResult<O, R> = O extends StandardSchemaV1
  ? unknown
  : [Awaited<R>] extends [AsJson<Awaited<R>>]
    ? unknown
    : { run(...args: never): AsJson<Awaited<R>> | Promise<AsJson<Awaited<R>>> }

/** A workflow as the engine runs it. */
export interface Workflow<Input = unknown, Output = unknown> {
  readonly kind: 'reeve-workflow'
  name: string
  readonly version: string
  readonly input: StandardSchemaV1
  readonly output: StandardSchemaV1 | undefined
  readonly limits: WorkflowLimits
  readonly queue: string
  readonly requires: readonly Requirement[]
  readonly review: SampledReview | undefined
  readonly retention: WorkflowRetention | undefined
  /** For the layer that judges it. */
  readonly readiness: Readonly<Record<string, unknown>> | undefined
  readonly key: ((input: unknown) => string) | undefined
  readonly on: readonly Trigger[]
  /** What its code grants it, for the layer that knows grants; undefined: nothing limits it. */
  readonly grants?: unknown
  readonly run: (ctx: never, input: never) => unknown
  /** For types only: never there. */
  readonly types?: { input: Input; output: Output }
}

/**
 * Declares a workflow. `context.ts` gives `ctx` its type.
 * @throws `bad-workflow` `async-schema` `bad-text` `bad-number` `bad-duration` `bad-amount`
 */
export function defineWorkflow<
  Ctx,
  I extends StandardSchemaV1,
  O extends StandardSchemaV1 | undefined,
  R extends ResultFor<O>,
>(
  definition: WorkflowDefinition<Ctx, I, O, R>,
): Workflow<InputOf<I>, O extends StandardSchemaV1 ? OutputOf<O> : Awaited<R>> {
  const called =
    typeof definition?.name === 'string' ? `workflow ${describeValue(definition.name)}` : 'a workflow'
  const shape = {
    output: 'schema',
    limits: 'object',
    readiness: 'object',
    key: 'function',
    on: 'list',
  } as const
  checkOptions(definition, called, shape, 'bad-workflow')
  refuseUnknownOptions(definition, called, known, 'bad-workflow')
  refuseUnknownOptions(definition.limits, `\`limits\` of ${called}`, knownLimits, 'bad-workflow')
  if (!definition.input?.['~standard']) {
    throw new ReeveError('bad-workflow', 'A workflow needs an `input` schema (Zod, or any Standard Schema).')
  }
  if (typeof definition.run !== 'function') {
    throw new ReeveError('bad-workflow', 'A workflow needs a `run(ctx, input)` function.')
  }
  requireSync(definition.input, `The input schema of ${called}`)
  requireSync(definition.output, `The output schema of ${called}`)
  const { name, version = '1', limits = {}, queue = 'default' } = definition
  const what = name === undefined ? 'a workflow' : `workflow ${describeValue(name)}`
  if (name !== undefined) checkText(name, 'The name of a workflow')
  checkText(version, `\`version\` of ${what}`)
  checkText(queue, `\`queue\` of ${what}`)
  if (limits.steps !== undefined && limits.steps !== Number.POSITIVE_INFINITY)
    wholeNumber(limits.steps, `\`limits.steps\` of ${what}`)
  if (limits.time !== undefined) toMs(limits.time, `\`limits.time\` of ${what}`)
  if (limits.cost !== undefined) toUsd(limits.cost, `\`limits.cost\` of ${what}`)
  if (limits.dailyCost !== undefined) toUsd(limits.dailyCost, `\`limits.dailyCost\` of ${what}`)
  return {
    kind: 'reeve-workflow',
    name: name ?? '',
    version,
    input: definition.input,
    output: definition.output,
    limits,
    queue,
    readiness: definition.readiness,
    requires: checkRequirements(definition.requires, what),
    review: checkReview(definition.review, what),
    retention: checkRetention(definition.retention, what),
    key: definition.key as Workflow['key'],
    on: triggersIn(definition.on ?? [], what),
    run: definition.run as Workflow['run'],
  }
}

/** @throws `bad-workflow` */
function triggersIn(on: readonly unknown[], what: string): readonly Trigger[] {
  return on.map((trigger) => {
    if (isTrigger(trigger)) return trigger
    throw new ReeveError(
      'bad-workflow',
      `\`on\` of ${what} has ${describeValue(trigger)}; it takes triggers: webhook(…), schedule(…), mail(…), files(…), event(…).`,
    )
  })
}

export function isWorkflow(value: unknown): value is Workflow {
  return (
    typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-workflow'
  )
}

/** What the names of the runtime's own workflows begin with. */
export const reservedPrefix = 'reeve.'

/** Whether a name is one of the runtime's own workflows. */
export function isReserved(workflow: string): boolean {
  return workflow.startsWith(reservedPrefix)
}

/** The workflows of a project, by name and version. The one registered last under a name is the current one. */
export class WorkflowRegistry {
  readonly #byName = new Map<string, Map<string, Workflow>>()
  #hasGrants = false

  /** Whether the code of any of them says what it may do, or how far it is trusted. */
  get hasGrants(): boolean {
    return this.#hasGrants
  }

  /** @throws `duplicate-workflow` */
  add(workflow: Workflow): void {
    const versions = this.#byName.get(workflow.name) ?? new Map<string, Workflow>()
    if (versions.has(workflow.version)) {
      throw new ReeveError(
        'duplicate-workflow',
        `There are two workflows named "${workflow.name}" with version "${workflow.version}". Rename one, or give one another version.`,
      )
    }
    this.#hasGrants ||= workflow.grants !== undefined || workflow.readiness !== undefined
    versions.set(workflow.version, workflow)
    this.#byName.set(workflow.name, versions)
  }

  /** The current version of a workflow. @throws `unknown-workflow` */
  current(name: string): Workflow {
    const versions = this.#byName.get(name)
    if (versions) return [...versions.values()].at(-1)!
    const known = this.names()
    const near = nearestName(name, known)
    throw new ReeveError(
      'unknown-workflow',
      `There is no workflow "${name}". ${near === undefined ? '' : `Did you mean ${near}? `}${known.length > 0 ? `This project has: ${known.join(', ')}.` : 'This project has none: add a file to workflows/.'}`,
    )
  }

  find(name: string, version: string): Workflow | undefined {
    return this.#byName.get(name)?.get(version)
  }

  /** A name for each version that there is: `versionName`. */
  versions(): string[] {
    return [...this.#byName.values()].flatMap((versions) =>
      [...versions.values()].map(({ name, version }) => versionName(name, version)),
    )
  }

  /** Whether there is one of that name, the runtime's own among them. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** Those of the project, and not the runtime's own. */
  names(): string[] {
    return [...this.#byName.keys()].filter((name) => !isReserved(name)).sort()
  }
}
