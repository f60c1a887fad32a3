import { isDeepStrictEqual } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { briefValue } from '../../base/text/one-line.ts'
import { cosine, embed } from '../../models/local/text/embed.ts'
import type { CaseOutcome, Score, Scorer } from './scorer.ts'

/** For scorers of the output. */
export interface OutputScorerOptions {
  /** Default: the scorer's own name, with `at` where that is given. */
  name?: string
  /** Where in the output, and in what is expected, to look: `facts.category`. Default: the whole. */
  at?: string
}

/**
 * 1 where the output is exactly what is expected: JSON compared by value, the order of keys aside.
 * @example
 * import { exact } from 'reeve/evals'
 *
 * const scorers = [exact({ at: 'facts.category' })]
 */
export function exact(options: OutputScorerOptions = {}): Scorer {
  return ofOutput('exact', options, (output, expected) => {
    if (isDeepStrictEqual(output, expected)) return { score: 1 }
    return { score: 0, why: `${briefValue(output, 80)} in place of ${briefValue(expected, 80)}` }
  })
}

/**
 * 1 where the output fits a schema.
 * @example
 * import { fits } from 'reeve/evals'
 * import { z } from 'zod'
 *
 * const scorers = [fits(z.object({ urgency: z.number().min(1).max(5) }))]
 */
export function fits(schema: StandardSchemaV1, options: OutputScorerOptions = {}): Scorer {
  return ofOutput('fits', options, (output) => {
    const checked = validate(schema, output)
    return checked.ok ? { score: 1 } : { score: 0, why: describeIssues(checked.issues) }
  })
}

/**
 * How near the text of the output is to what is expected, 0 to 1: by words and parts of words, on this machine. With `least`,
 * 1 or 0: whether it is as near as that.
 * @example
 * import { similarity } from 'reeve/evals'
 *
 * const scorers = [similarity({ at: 'answer', least: 0.6 })]
 */
export function similarity(options: OutputScorerOptions & { least?: number } = {}): Scorer {
  const { least } = options
  return ofOutput('similarity', options, (output, expected) => {
    const near = cosine(embed(textOf(output)), embed(textOf(expected)))
    const measured = Math.max(0, Math.min(1, near))
    if (least === undefined) return { score: measured }
    return { score: measured >= least ? 1 : 0, measured, why: `${measured.toFixed(2)} of ${least} wanted` }
  })
}

function ofOutput(
  kind: string,
  { name, at }: OutputScorerOptions,
  judge: (output: Json | undefined, expected: Json | undefined) => Score,
): Scorer {
  return {
    name: name ?? (at === undefined ? kind : `${kind} ${at}`),
    score: (outcome, { expected }) =>
      outcome.status === 'succeeded'
        ? judge(partOf(outcome.output, at), partOf(expected, at))
        : { score: 0, why: withoutOutput(outcome) },
  }
}

function withoutOutput({ status, error }: CaseOutcome): string {
  return error ? `${error.code}: ${error.message}` : status
}

/** `facts.category` of a value; undefined where there is none. */
function partOf(value: Json | undefined, at: string | undefined): Json | undefined {
  let part = value
  for (const key of at?.split('.') ?? []) {
    if (Array.isArray(part)) part = part[Number(key)]
    else if (isRecord(part)) part = Object.hasOwn(part, key) ? (part[key] as Json) : undefined
    else return undefined
  }
  return part
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}
