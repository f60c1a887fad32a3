import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../../src/base/json/json.ts'
import type { EffectAttempt } from '../../../src/engine/calls/effect/definition.ts'
import { effect } from '../../../src/engine/calls/effect/effect.ts'
import type { RetryPolicy } from '../../../src/engine/calls/retry.ts'
import type { StepAttempt } from '../../../src/engine/calls/step.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { StartOptions } from '../../../src/engine/starting/prepared-start.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import type { ApprovalRow } from '../../../src/store/approvals/approvals.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { RunRow, RunStatus } from '../../../src/store/runs/runs.ts'
import type { Facts } from '../facts.ts'
import type { Manner } from '../oracle-protocol.ts'
import type { Outside } from '../outside.ts'

/** A start that a client makes in every life of the victim, with the same key. */
export interface Start {
  workflow: string
  key: string
  input: Json
  options?: Omit<StartOptions, 'idempotencyKey'>
}

/** What a client or a person does to runs from outside. Every method may be called again in each round. */
export interface Operator {
  readonly engine: Engine
  run(key: string): RunRow | undefined
  runs(): RunRow[]
  start(start: Start): Promise<void>
  /** Sends once in each life; the id makes the sendings one signal. */
  signal(key: string, name: string, id: string, payload: Json): Promise<void>
  decide(
    approval: ApprovalRow,
    decision: { verdict: 'approve' | 'reject' | 'answer'; answer?: Json },
  ): Promise<void>
  pending(): ApprovalRow[]
  cancel(key: string): Promise<void>
  /** Does it once in each life. */
  once(name: string, act: () => Promise<void>): Promise<void>
  /** Asks the outside system what it has for an effect's key. */
  ask(tool: string, key: string): Promise<Json | undefined>
}

/** A kind of workflow that is killed at every boundary. */
export interface Shape {
  name: string
  /** The starts that every life makes; a shape may make others in `operate`. */
  starts: Start[]
  workflows(outside: Outside): Workflow<never, unknown>[]
  /** Counts the boundaries of opening a new database too. */
  countsOpening?: boolean
  /** Called before the engine starts, in every life. */
  prepare?(engine: Engine): Promise<void>
  /** Called again and again until all is done. */
  operate?(operator: Operator): Promise<void>
  /** Whether there is nothing more to come, once every run rests. */
  isDone?(runs: RunRow[]): boolean
  /** How its runs may end. Default: succeeded. `waiting` is allowed only with a pending approval. */
  ends?: RunStatus[]
  /** What must be true of this shape beyond the invariants; answers what is not. */
  verify?(facts: Facts): string[]
}

export const anything: StandardSchemaV1<Json, Json> = {
  '~standard': { version: 1, vendor: 'crash-suite', validate: (value) => ({ value: value as Json }) },
}

/** A workflow's tools for telling the oracle what it does and sees. */
export interface Witness {
  step(
    ctx: CoreContext,
    name: string,
    body: (attempt: StepAttempt) => Json | Promise<Json>,
    retry?: RetryPolicy,
  ): Promise<Json>
  call(
    ctx: CoreContext,
    tool: string,
    args: Json,
    options: { effect: EffectClass; manner?: Manner; retry?: RetryPolicy; timeoutMs?: number },
  ): Promise<Json>
  saw<T>(ctx: CoreContext, name: string, value: T): T
}

export function witness(outside: Outside): Witness {
  const saw = <T>(ctx: CoreContext, name: string, value: T): T => {
    outside.tell({ kind: 'saw', run: ctx.runId, name, value: (value ?? null) as Json })
    return value
  }
  return {
    saw,
    async step(ctx, name, body, retry) {
      const run = ctx.runId
      const told = (attempt: StepAttempt) => {
        outside.tell({ kind: 'body', run, name, key: attempt.key, attempt: attempt.attempt })
        return body(attempt)
      }
      return saw(ctx, name, await ctx.step(name, told, retry && { retry }))
    },
    async call(ctx, tool, args, { effect: kind, manner = 'honest', retry, timeoutMs }) {
      const definition = {
        name: tool,
        effect: kind,
        ...(retry && { retry }),
        ...(timeoutMs && { timeoutMs }),
        run: (given: Json, attempt: EffectAttempt) =>
          outside.apply({ name: tool, effect: kind, manner }, given, attempt),
        verify: async (_given: Json, { key }: { key: string }) => {
          const result = await outside.ask(tool, key)
          return result === undefined
            ? { outcome: 'not-applied' as const }
            : { outcome: 'applied' as const, result }
        },
      }
      return saw(ctx, tool, (await effect(CoreContext.callSiteOf(ctx), definition, args)) as Json)
    },
  }
}

export function crashWorkflow(
  name: string,
  run: (ctx: CoreContext, input: Json) => Promise<unknown>,
  options: { queue?: string; key?: (input: Json) => string } = {},
): Workflow<never, unknown> {
  return defineWorkflow({ name, input: anything, ...options, run }) as Workflow<never, unknown>
}

/** `count` starts of one workflow, with the inputs 1, 2, …; the key of the first is `NAME-1`. */
export function starts(workflow: string, count: number): Start[] {
  return Array.from({ length: count }, (_, index) => ({
    workflow,
    key: `${workflow}-${index + 1}`,
    input: index + 1,
  }))
}

/** Says of every run started by the shape whose output is not what its input asks for. */
export function outputsAre(expected: (input: number, run: string) => Json): Shape['verify'] {
  return (facts) =>
    facts.runs.flatMap((run) => {
      if (run.status !== 'succeeded' || run.parent !== null) return []
      const input = facts.inputOf(run) as number
      const output = facts.outputOf(run)
      const wanted = expected(input, run.id)
      return facts.same(output, wanted)
        ? []
        : [`run ${run.id} of ${run.workflow} gave ${JSON.stringify(output)}, not ${JSON.stringify(wanted)}`]
    })
}
