import { z } from 'zod'
import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { parse } from '../../base/schema/schema.ts'
import { concurrencyOf } from '../../engine/calls/concurrency.ts'
import { type Bounds, checkCounts, startBounds } from './parts/bounds.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'

/** A part of a task, for one worker. */
export interface Subtask {
  id: string
  /** Which of the workers does it. */
  worker: string
  task: string
}

/** A subtask and what became of it. */
export type SubtaskResult = Subtask &
  ({ status: 'done'; output: Json } | { status: 'failed' | 'skipped'; reason: string })

/** For `fanOut`. */
export interface FanOutOptions<Output> extends Bounds {
  /** What is to be done: data for the plan and the synthesis. */
  task: Json
  /** Who can do a subtask, by name; `does` is what the plan is told of each. */
  workers: Record<string, { does: string; run: Doer<Subtask, Json> }>
  /** Who cuts the task into subtasks that do not depend on each other. */
  plan: Asking | Doer<{ task: Json; workers: Record<string, string> }, { subtasks: Subtask[] }>
  /** Who makes one answer of the results, those that failed included. */
  synthesise: Doer<{ task: Json; results: SubtaskResult[] }, Output>
  /** Subtasks at a time. Default 4. */
  concurrency?: number
  /** Default 8. A longer plan is refused. */
  maxSubtasks?: number
  /** What a failed subtask does to the whole. Default `go-on`, unless all of them fail. */
  onFailure?: 'go-on' | 'fail'
}

/** What `fanOut` came to. */
export interface FannedOut<Output> {
  output: Output
  results: SubtaskResult[]
}

/**
 * Orchestrator and workers: a plan as forced JSON, its subtasks in parallel, one answer from their results.
 * @throws `bad-plan` `fan-out-failed`
 * @example
 * const { output } = await fanOut(ctx, 'research', {
 *   task: 'Compare three databases',
 *   workers: { writer: { does: 'writes about one', run: ({ task }) => ctx.agent(writer, task) } },
 *   plan: { route: 'planning' },
 *   synthesise: ({ results }) => ctx.agent(writer, JSON.stringify(results)),
 * })
 */
export async function fanOut<Output>(
  ctx: PatternContext,
  name: string,
  options: FanOutOptions<Output>,
): Promise<FannedOut<Output>> {
  const { task, workers, synthesise, concurrency = 4, maxSubtasks = 8, onFailure = 'go-on' } = options
  checkCounts(`fan-out "${name}"`, { maxSubtasks })
  const limit = concurrencyOf(concurrency, `fan-out "${name}"`)
  const bound = startBounds(ctx, options)
  const subtasks = await makePlan(ctx, name, options)
  note(ctx, 'fan-out-planned', {
    message: `fan-out "${name}" has ${subtasks.length} subtasks`,
    name,
    subtasks,
  })
  const doSubtask = async (subtask: Subtask): Promise<SubtaskResult> => {
    const reached = bound()
    if (reached) return { ...subtask, status: 'skipped', reason: reached.reason }
    try {
      return { ...subtask, status: 'done', output: await perform(ctx, workers[subtask.worker]!.run, subtask) }
    } catch (error) {
      if (onFailure === 'fail') throw error
      return { ...subtask, status: 'failed', reason: messageOf(error) }
    }
  }
  const results = await ctx.all(
    subtasks.map((subtask) => () => doSubtask(subtask)),
    { concurrency: limit },
  )
  const undone = results.filter((each) => each.status !== 'done')
  for (const each of undone)
    note(ctx, 'fan-out-missed', {
      message: `fan-out "${name}": ${each.id} ${each.status}`,
      name,
      result: each,
    })
  if (undone.length === results.length) throw nothingDone(name, undone)
  return { output: await perform(ctx, synthesise, { task, results }), results }
}

function nothingDone(name: string, undone: SubtaskResult[]): ReeveError {
  const reasons = undone.map((each) => `${each.id}: ${each.status === 'done' ? '' : each.reason}`)
  return new ReeveError('fan-out-failed', `No subtask of "${name}" was done. ${reasons.join('; ')}`, {
    details: { reasons },
  })
}

async function makePlan<Output>(
  ctx: PatternContext,
  name: string,
  { task, workers, plan, maxSubtasks = 8 }: FanOutOptions<Output>,
): Promise<Subtask[]> {
  const schema = planSchema(Object.keys(workers), maxSubtasks)
  const known = Object.fromEntries(Object.entries(workers).map(([worker, { does }]) => [worker, does]))
  if (isAsking(plan)) {
    const asked = await askFor(ctx, plan, {
      name: `${name} plan`,
      schema,
      from: { task, workers: known },
      instructions: `Cut the task into at most ${maxSubtasks} subtasks that do not depend on each other. Give each to the worker that fits and say all that it needs to know.`,
    })
    return asked.subtasks
  }
  const given = await perform(ctx, plan, { task, workers: known })
  try {
    return parse(schema, given, `The plan of fan-out "${name}"`).subtasks
  } catch (cause) {
    throw new ReeveError('bad-plan', messageOf(cause), { cause, retryable: isRetryable(cause) })
  }
}

function planSchema(workers: string[], most: number) {
  const [first = '', ...others] = workers
  const subtask = z.object({
    id: z.string().min(1),
    worker: z.enum([first, ...others]),
    task: z.string().min(1),
  })
  return z.object({
    subtasks: z
      .array(subtask)
      .min(1)
      .max(most)
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two subtasks have the same id'),
  })
}
