import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../base/json/json.ts'
import { shownSchema } from '../models/reading/shown-schema.ts'
import type { Passage, Question } from '../models/solver.ts'
import type { ExtractOptions, GenerateOptions } from './options.ts'

/** The question that `ctx.extract` asks. */
export function extraction<S extends StandardSchemaV1>(
  name: string,
  from: Json,
  { schema, instructions, passages }: Pick<ExtractOptions<S>, 'schema' | 'instructions' | 'passages'>,
): Question {
  const question: Question = { task: 'extract', name, input: from, schema: shownSchema(schema) }
  if (instructions !== undefined) question.instructions = instructions
  if (passages !== undefined) question.passages = passages
  return question
}

/** The question that `ctx.generate` asks: passages among what it is given become its sources. */
export function generation(
  name: string,
  options: Pick<GenerateOptions, 'with' | 'instructions' | 'feedback'>,
): Question {
  const input: { [key: string]: Json } = {}
  const passages: Passage[] = []
  for (const [key, value] of Object.entries(options.with)) {
    if (value === undefined) continue
    if (arePassages(value)) passages.push(...value)
    else input[key] = value as Json
  }
  const question: Question = { task: 'generate', name, input, passages }
  if (options.instructions !== undefined) question.instructions = options.instructions
  if (options.feedback !== undefined) question.feedback = options.feedback
  return question
}

function arePassages(value: Json | Passage[]): value is Passage[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (item) =>
        typeof item === 'object' && item !== null && 'source' in item && 'text' in item && 'score' in item,
    )
  )
}
