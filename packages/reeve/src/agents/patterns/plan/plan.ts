import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { checkOptions } from '../../../base/options.ts'
import { type MarkedText, markedBy, markedTexts } from '../../../base/schema/marked.ts'
import {
  describeIssues,
  misfit,
  type OutputOf,
  requireSync,
  toJsonSchema,
  validate,
} from '../../../base/schema/schema.ts'
import { concurrencyOf } from '../../../engine/calls/concurrency.ts'
import { CoreContext } from '../../../engine/context.ts'
import { type Bounds, checkCounts, startBounds } from '../parts/bounds.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from '../parts/doer.ts'
import { note } from '../parts/note.ts'
import { findPlanFault, type PlannedStep } from './plan-graph.ts'

/** What a step of a plan may do. It acts through `ctx` alone. */
export interface PlanAction {
  /** What it does, for the planner. */
  does: string
  /** What its arguments must be. */
  args: StandardSchemaV1
  /** `results`: those of the steps that it needs, by id. */
  run: (args: never, results: Record<string, Json>) => Promise<Json> | Json
  /** The way back: takes back what `run` did. */
  undo?: ((args: never, result: Json) => Promise<unknown> | unknown) | undefined
}

/**
 * Gives `run` and `undo` the type of their arguments.
 * @example
 * const ship = planAction({
 *   does: 'ships an order',
 *   args: z.object({ order: z.string() }),
 *   run: ({ order }) => ctx.call('shop.ship', { order }),
 * })
 */
export function planAction<S extends StandardSchemaV1, Result extends Json>(action: {
  does: string
  args: S
  run: (args: OutputOf<S>, results: Record<string, Json>) => Promise<Result> | Result
  undo?: (args: OutputOf<S>, result: Result) => Promise<unknown> | unknown
}): PlanAction {
  checkOptions(action, 'a planned action', {
    does: 'text!',
    args: 'schema!',
    run: 'function!',
    undo: 'function',
  })
  requireSync(action.args, 'The schema of the arguments of a planned action')
  return action as PlanAction
}

/** For `plan`. */
export interface PlanOptions extends Bounds {
  /** What is to be reached. */
  goal: Json
  /** What a plan may consist of, by name. */
  actions: Record<string, PlanAction>
  /** Who makes the plan: a route, anyone who answers with its steps, or the steps themselves. */
  plan:
    | Asking
    | Doer<{ goal: Json; actions: Record<string, string> }, { steps: PlannedStep[] }>
    | PlannedStep[]
  /** Default 12. A longer plan is refused. */
  maxSteps?: number
  /** Steps at a time. Default 4. */
  concurrency?: number
}

/** What `plan` came to. */
export interface PlanDone {
  steps: PlannedStep[]
  /** By step id. */
  results: Record<string, Json>
}

/**
 * Plan, then execute: the plan is forced JSON and checked as a whole (actions, arguments, dependencies) before its first
 * step. Steps run as soon as what they need is done; each one done is a checkpoint in the journal. When one fails, those
 * done are undone, the latest first.
 *
 * @throws `bad-plan` · `plan-failed` (details: `step`, `reason`, `undone`, `notUndone`)
 * @example
 * const done = await plan(ctx, 'close the day', {
 *   goal: 'All open orders are shipped',
 *   actions: {
 *     ship: planAction({
 *       does: 'ships an order',
 *       args: z.object({ order: z.string() }),
 *       run: ({ order }) => ctx.call('shop.ship', { order }),
 *     }),
 *   },
 *   plan: { route: 'planning' },
 * })
 */
export async function plan(ctx: PatternContext, name: string, options: PlanOptions): Promise<PlanDone> {
  const bound = startBounds(ctx, options)
  const { actions, maxSteps = 12 } = options
  checkCounts(`plan "${name}"`, { maxSteps })
  const concurrency = concurrencyOf(options.concurrency ?? 4, `plan "${name}"`)
  const steps = await makePlan(ctx, name, options)
  const about = (words: string): About => ({ message: `plan "${name}" ${words}`, name })
  note(ctx, 'plan-made', { ...about(`has ${steps.length} steps`), steps })
  const waiting = new Map(steps.map((step) => [step.id, step]))
  const running = new Map<string, Promise<void>>()
  const done: { step: PlannedStep; args: never; result: Json }[] = []
  const results: Record<string, Json> = {}
  let failure: { step: string; reason: string; cause: unknown } | undefined

  const run = async (step: PlannedStep) => {
    try {
      const { run: act, args } = actions[step.action]!
      const checked = validate(args, step.args)
      const given = (checked.ok ? checked.value : step.args) as never
      const needed = Object.fromEntries(step.needs.map((need) => [need, results[need]!]))
      const result = await act(given, needed)
      results[step.id] = result
      done.push({ step, args: given, result })
      const left = waiting.size + running.size - 1
      note(ctx, 'plan-advanced', { ...about(`has done ${step.id}`), step: step.id, left })
    } catch (cause) {
      failure ??= { step: step.id, reason: messageOf(cause), cause }
    } finally {
      running.delete(step.id)
    }
  }
  for (;;) {
    const reached = waiting.size > 0 ? bound() : undefined
    const ready = [...waiting.values()].filter(({ needs }) => needs.every((need) => need in results))
    if (reached && !failure && ready.length > 0)
      failure = { step: ready[0]!.id, reason: reached.reason, cause: undefined }
    for (const step of ready) {
      if (failure || running.size >= concurrency) break
      waiting.delete(step.id)
      running.set(step.id, run(step))
    }
    if (running.size === 0) break
    await Promise.race(running.values())
  }
  if (!failure) return { steps, results }
  const { undone, notUndone } = await rollBack(actions, done, (words, step, isUndone) =>
    note(ctx, 'plan-undone', { ...about(words), step, isUndone }),
  )
  const { step, reason, cause } = failure
  throw new ReeveError(
    'plan-failed',
    `Step "${step}" of plan "${name}" failed: ${reason}. Undone: ${undone.join(', ') || 'nothing'}. Not undone: ${notUndone.join(', ') || 'nothing'}.`,
    { cause, details: { step, reason, undone, notUndone } },
  )
}

interface About {
  message: string
  name: string
}

async function rollBack(
  actions: Record<string, PlanAction>,
  done: { step: PlannedStep; args: never; result: Json }[],
  tell: (words: string, step: string, isUndone: boolean) => void,
): Promise<{ undone: string[]; notUndone: string[] }> {
  const undone: string[] = []
  const notUndone: string[] = []
  for (const { step, args, result } of done.toReversed()) {
    const { undo } = actions[step.action]!
    let problem = 'it has no way back'
    try {
      await undo?.(args, result)
    } catch (error) {
      problem = messageOf(error)
      notUndone.push(step.id)
      tell(`could not undo ${step.id}: ${problem}`, step.id, false)
      continue
    }
    if (undo) undone.push(step.id)
    else notUndone.push(step.id)
    tell(undo ? `has undone ${step.id}` : `leaves ${step.id}: ${problem}`, step.id, undo !== undefined)
  }
  return { undone, notUndone }
}

async function makePlan(ctx: PatternContext, name: string, options: PlanOptions): Promise<PlannedStep[]> {
  const { goal, actions, plan: planner, maxSteps = 12 } = options
  const schema = planSchema(actions, maxSteps)
  if (!Array.isArray(planner) && isAsking(planner)) {
    const known = Object.entries(actions).map(([action, { does, args }]) => [
      action,
      { does, args: toJsonSchema(args, 'input') },
    ])
    const asked = await askFor(ctx, planner, {
      name: `${name} plan`,
      schema,
      from: { goal, actions: Object.fromEntries(known) as Json },
      instructions: `Plan how to reach the goal with the actions given, in at most ${maxSteps} steps. A step names in \`needs\` the steps whose results it builds on; leave nothing to chance between them.`,
    })
    return asked.steps
  }
  const does = Object.fromEntries(Object.entries(actions).map(([action, each]) => [action, each.does]))
  const given = Array.isArray(planner)
    ? { steps: planner }
    : await perform(ctx, planner, { goal, actions: does })
  CoreContext.callSiteOf(ctx).mark(schema, given)
  const checked = validate(schema, given)
  if (checked.ok) return checked.value.steps
  throw misfit('bad-plan', `Plan "${name}" cannot be carried out`, checked.issues)
}

function planSchema(actions: Record<string, PlanAction>, maxSteps: number) {
  const [first = '', ...others] = Object.keys(actions)
  const step = z.object({
    id: z.string().min(1),
    action: z.enum([first, ...others]),
    args: z.unknown(),
    needs: z.array(z.string()),
  })
  const schema = z
    .object({ steps: z.array(step).min(1).max(maxSteps) })
    .superRefine(({ steps }, refinement) => {
      const fault = findPlanFault(steps)
      if (fault) refinement.addIssue({ code: 'custom', path: ['steps'], message: fault })
      for (const [index, { action, args }] of steps.entries()) {
        const known = actions[action]
        const checked = known && validate(known.args, args)
        if (!checked || checked.ok) continue
        const message = `do not fit action "${action}": ${describeIssues(checked.issues)}`
        refinement.addIssue({ code: 'custom', path: ['steps', index, 'args'], message })
      }
    })
  return markedBy(schema, (planned) => markedIn(planned, actions))
}

/** What stands where the schemas of its actions have marks. */
function markedIn(planned: unknown, actions: Record<string, PlanAction>): MarkedText[] {
  if (!isRecord(planned) || !Array.isArray(planned.steps)) return []
  return planned.steps.filter(isRecord).flatMap(({ action, args }) => {
    const known = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined
    return known ? markedTexts(known.args, args) : []
  })
}
