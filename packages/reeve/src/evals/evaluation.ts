import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AnyAgent } from '../agents/agent.ts'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { toUsd, type Usd } from '../base/money.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import type { Workflow } from '../engine/workflow.ts'
import type { CorrectedCases } from './corrected-cases.ts'
import type { EvalCase, Scorer } from './scorers/scorer.ts'

/** A route that is judged by itself, each case being one question to it. */
export interface RouteTask {
  route: string
  /** What its answers must be. Absent: a text. */
  schema?: StandardSchemaV1
  /** What it is asked to do. */
  instructions?: string
}

/**
 * What is judged: a workflow or its name, an agent, a route, or a function. A function is the author's own and runs as it is;
 * whatever it reaches, it reaches.
 */
export type EvalTask =
  | string
  // biome-ignore lint/suspicious/noExplicitAny: workflows of whatever input and output
  | Workflow<any, any>
  | AnyAgent
  | RouteTask
  | ((input: never) => unknown)

/** What stands in for the outside while cases run. Nothing that is not named here is sent, read or run. */
export interface Mocks {
  /** By the tool's name: what it gives. What it throws is a failure by which nothing was changed. */
  tools?: Record<string, (args: never) => unknown>
  /** Tools that really act, reads among them. Default: none. */
  live?: readonly string[]
  /** `run`: the bodies of steps are run. Else by the step's name: what it gives. Default: none is run. */
  steps?: 'run' | Record<string, () => unknown>
  /** What a person says to whatever asks for approval. Default `approve`. */
  approvals?: 'approve' | 'reject'
  /** By the question's name: what a person answers where no solver did. Default: nothing, and the case ends as `waits`. */
  answers?: Record<string, () => Json>
}

/** What `evaluation` is told. */
export interface EvaluationDefinition {
  /** Default: the file's name without `.eval.ts`. */
  name?: string
  /**
   * The cases, or a file of them as JSON, one a line: a path from the file of the evaluation; or what people corrected:
   * `corrected({ workflow })`. Their hash is fixed before the first runs.
   */
  data:
    | string
    | CorrectedCases
    | readonly EvalCase[]
    | (() => readonly EvalCase[] | Promise<readonly EvalCase[]>)
  /** What each case is given to. */
  task: EvalTask
  /** What judges each outcome: `exact()`, `toolCalls()`, …, or scorers of your own. */
  scorers: readonly Scorer[]
  /** What stands in for the outside. Default: nothing, and nothing is within reach. */
  mocks?: Mocks
  /**
   * What it is compared with: the id of a result, or `last`, the last one of this evaluation. A file of JSON (a path from the
   * file of the evaluation, written by `--write-baseline`) makes it the same on every machine. Default `last`.
   */
  baseline?: string
  /** By the scorer's name: the mean that it must reach, else the evaluation fails. Default: none. */
  least?: Record<string, number>
  /** The most that all cases together may cost, beside the project's budgets. Default: no ceiling of its own. */
  budget?: Usd
  /** How many cases run at once: 1 to 64. Default 4. */
  concurrency?: number
  /** How long one case may take. Default `60s`. */
  timeout?: Duration
}

/** An evaluation, as its file exports it. */
export interface Evaluation extends EvaluationDefinition {
  readonly kind: 'reeve-evaluation'
  name: string
}

/**
 * Declares an evaluation: a file `evals/NAME.eval.ts` exports it as its default. Each case is a real run on a database of its
 * own, journaled and paid from the project's budgets, with nothing outside within reach but what `mocks` lets.
 * @throws `bad-eval` `bad-number` `bad-duration` `bad-amount`
 * @example
 * import { evaluation, exact, toolCalls } from 'reeve/evals'
 *
 * export default evaluation({
 *   data: [{ input: { order: 'A-1' }, expected: { refunded: true }, calls: [{ tool: 'shop.refund' }] }],
 *   task: 'refund',
 *   mocks: { tools: { 'shop.refund': () => ({ id: 'R-1' }) } },
 *   scorers: [exact({ at: 'refunded' }), toolCalls()],
 * })
 */
export function evaluation(definition: EvaluationDefinition): Evaluation {
  const { name = '', data, task, scorers, concurrency, timeout, budget } = definition ?? {}
  const what = name === '' ? 'an evaluation' : `evaluation ${describeValue(name)}`
  checkOptions(definition, what, { scorers: 'list!', mocks: 'object', least: 'object' }, 'bad-eval')
  if (data === undefined || task === undefined) {
    const lacks = data === undefined ? '`data`: cases, or a file of them' : '`task`: what is judged'
    throw new ReeveError('bad-eval', `${what} needs ${lacks}.`)
  }
  const names = scorers.map((scorer) => scorer?.name)
  if (names.length === 0 || names.some((each) => typeof each !== 'string'))
    throw new ReeveError('bad-eval', `\`scorers\` of ${what} must have one at least: exact(), toolCalls(), …`)
  const twice = names.find((each, index) => names.indexOf(each) !== index)
  if (twice !== undefined)
    throw new ReeveError('bad-eval', `${what} has two scorers named "${twice}". Give one another \`name\`.`)
  for (const each of Object.keys(definition.least ?? {}))
    if (!names.includes(each))
      throw new ReeveError(
        'bad-eval',
        `\`least\` of ${what} names "${each}", which is not one of its scorers.`,
      )
  if (concurrency !== undefined) wholeNumber(concurrency, `\`concurrency\` of ${what}`, { most: 64 })
  if (timeout !== undefined) toMs(timeout, `\`timeout\` of ${what}`)
  if (budget !== undefined) toUsd(budget, `\`budget\` of ${what}`)
  return { ...definition, kind: 'reeve-evaluation', name }
}

export function isEvaluation(value: unknown): value is Evaluation {
  return (
    typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-evaluation'
  )
}
