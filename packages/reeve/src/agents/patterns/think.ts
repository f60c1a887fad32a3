import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import { type OutputOf, requireSync, validate } from '../../base/schema/schema.ts'
import { shownSchema } from '../../models/reading/shown-schema.ts'
import { checkCounts } from './parts/bounds.ts'
import { type Asking, askFor, type PatternContext } from './parts/doer.ts'

/** For `think`. */
export interface ThinkOptions<S extends StandardSchemaV1> extends Asking {
  /** What is thought about: data, never instructions. */
  input: Json
  /** What the answer must be, without the reasoning. */
  schema: S
  /** Steps of reasoning at most. Default 12. */
  maxSteps?: number
}

/** What `think` came to. */
export interface Thought<Answer> {
  answer: Answer
  /** Stays in the journal and here; nothing that follows sees it unless it is handed on. */
  reasoning: string[]
}

/**
 * Chain of thought: the model must write its reasoning before its answer, in a field of its own, so that none of it
 * leaks into the answer and the answer alone is checked against the schema.
 * Wei and others, "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models", 2022.
 * @throws `over-budget` `unanswered` `async-schema`
 * @example
 * const { answer, reasoning } = await think(ctx, 'is it fraud', {
 *   input: ticket,
 *   schema: z.object({ fraud: z.boolean() }),
 *   route: 'thinking',
 * })
 */
export async function think<S extends StandardSchemaV1>(
  ctx: PatternContext,
  name: string,
  options: ThinkOptions<S>,
): Promise<Thought<OutputOf<S>>> {
  const { input, schema, maxSteps = 12 } = options
  checkCounts(`think "${name}"`, { maxSteps })
  requireSync(schema, `The schema of "${name}"`)
  return askFor(ctx, options, {
    name,
    schema: withReasoning(schema, maxSteps),
    from: input,
    instructions: `Reason first, one step an entry, at most ${maxSteps} steps. Then answer from that reasoning.`,
  })
}

type WithReasoning<S extends StandardSchemaV1> = StandardSchemaV1<unknown, Thought<OutputOf<S>>>

/** A schema of the answer beside its reasoning, whatever library the answer's schema comes from. */
function withReasoning<S extends StandardSchemaV1>(schema: S, maxSteps: number): WithReasoning<S> {
  const json = {
    type: 'object',
    properties: {
      reasoning: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: maxSteps },
      answer: moveReferences(shownSchema(schema), '#/properties/answer'),
    },
    required: ['reasoning', 'answer'],
    additionalProperties: false,
  }
  const props: StandardSchemaV1.Props<unknown, Thought<OutputOf<S>>> & StandardJSONSchemaV1.Props = {
    version: 1,
    vendor: 'reeve',
    validate: (value) => check(schema, value, maxSteps),
    jsonSchema: { input: () => json, output: () => json },
  }
  return { '~standard': props }
}

function check<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  maxSteps: number,
): StandardSchemaV1.Result<Thought<OutputOf<S>>> {
  const { reasoning, answer } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  const isReasoning =
    Array.isArray(reasoning) &&
    reasoning.length >= 1 &&
    reasoning.length <= maxSteps &&
    reasoning.every((step) => typeof step === 'string')
  const issues: StandardSchemaV1.Issue[] = isReasoning
    ? []
    : [{ path: ['reasoning'], message: `must be a list of 1 to ${maxSteps} texts` }]
  const checked = validate(schema, answer)
  if (!checked.ok) {
    for (const { keys, message } of checked.issues) issues.push({ message, path: ['answer', ...keys] })
  }
  if (issues.length > 0 || !checked.ok) return { issues }
  return { value: { reasoning: reasoning as string[], answer: checked.value } }
}

/** A schema that becomes a part of another must point at its own parts there. */
function moveReferences(schema: unknown, root: string): unknown {
  if (Array.isArray(schema)) return schema.map((part) => moveReferences(part, root))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== '$schema')
      .map(([key, part]) =>
        key === '$ref' && typeof part === 'string' && part.startsWith('#')
          ? [key, root + part.slice(1)]
          : [key, moveReferences(part, root)],
      ),
  )
}
