import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../../base/json/json.ts'
import type { OutputOf } from '../../../base/schema/schema.ts'
import type { CoreContext } from '../../../engine/context.ts'
import { type Agent, type AnyAgent, isAgent } from '../../agent.ts'
import type { AgentOptions } from '../../loop/options.ts'

/** What a pattern needs of the run that it is part of; a workflow's `ctx` has it. */
export interface PatternContext extends CoreContext {
  /** As `ctx.spentUsd`. */
  readonly spentUsd: number
  /** As `ctx.extract`. */
  extract<S extends StandardSchemaV1>(
    name: string,
    options: { schema: S; from: Json; route: string; instructions?: string },
  ): Promise<OutputOf<S>>
  /** As `ctx.agent`. */
  agent<Input, Output>(agent: Agent<Input, Output>, input: Input, options?: AgentOptions): Promise<Output>
}

/** Who does a part of a pattern: an agent, or a function that acts through `ctx` alone. */
export type Doer<Input, Output> = Agent<Input, Output> | ((input: Input) => Promise<Output> | Output)

/** A question to a route in place of an agent; the pattern asks for the form that it needs. */
export interface Asking {
  route: string
  instructions?: string
}

/** `under`: the agents on whose behalf it acts. */
export async function perform<Input, Output>(
  ctx: PatternContext,
  doer: Doer<Input, Output>,
  input: Input,
  under: readonly AnyAgent[] = [],
): Promise<Output> {
  if (!isAgent(doer)) return doer(input)
  return ctx.agent(doer as Agent<Input, Output>, input, under.length > 0 ? { under } : undefined)
}

export function isAsking(value: object): value is Asking {
  return !isAgent(value) && 'route' in value
}

/** Asks a route on the pattern's behalf: the pattern's own instructions first, then the user's. */
export function askFor<S extends StandardSchemaV1>(
  ctx: PatternContext,
  asking: Asking,
  question: { name: string; schema: S; from: Json; instructions: string },
): Promise<OutputOf<S>> {
  const { name, schema, from } = question
  const instructions = asking.instructions
    ? `${question.instructions}\n\n${asking.instructions}`
    : question.instructions
  return ctx.extract(name, { schema, from, route: asking.route, instructions })
}
