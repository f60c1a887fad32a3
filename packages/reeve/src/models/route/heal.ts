import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isEncodable, type Json } from '../../base/json/json.ts'
import { shortenMiddle } from '../../base/text/shorten.ts'
import { checkValue, type Reading, readAnswer, valueIn } from '../reading/structured.ts'
import type { Answer, Question, Solver, TurnValue, Usage } from '../solver.ts'
import { type AttemptFailure, type AttemptLimits, attempt } from './attempt.ts'

/** An answer that was not taken, and why; the problem is what the solver was told. */
export interface RejectedAnswer {
  answer: string
  problem: string
}

export interface HealingRecord {
  /** Times that the solver was asked to mend its answer. */
  heals: number
  retries: number
  rejected: RejectedAnswer[]
  usage: Usage
  /** The most that calls without a countable answer may still cost: hold it back until the bill is known. */
  unsettledUsd: number
}

export type HealingResult =
  | {
      outcome: 'answered'
      value: unknown
      confidence?: number
      repairs: string[]
      raw?: string
      /** As the solver gave it. */
      answer: Exclude<Answer, { kind: 'abstain' }>
    }
  | { outcome: 'abstained'; reason: string }
  | { outcome: 'invalid'; problem: string }
  | { outcome: 'failed'; failure: AttemptFailure }

/** The longest part of an answer that is kept in a record and shown to the model again. */
const keptAnswerLength = 16 * 1024

/**
 * Asks a solver, and when its answer cannot be read or does not fit, asks the same solver again with its answer and
 * the exact problem, at most `maxHeals` times. A solver that only repeats its answer is not asked further, and one
 * that was unsure of a wrong answer is not asked to mend it.
 */
export async function askUntilValid(
  solver: Solver,
  question: Question,
  schema: StandardSchemaV1 | undefined,
  limits: AttemptLimits & { maxHeals: number; minConfidence: number },
): Promise<{ result: HealingResult; record: HealingRecord }> {
  const record: HealingRecord = {
    heals: 0,
    retries: 0,
    rejected: [],
    usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    unsettledUsd: 0,
  }
  let asked = question
  for (;;) {
    const tried = await attempt(solver, asked, limits)
    const { retries, billsUnknown } = tried.failure ?? tried
    record.retries += retries
    if (billsUnknown > 0) record.unsettledUsd += billsUnknown * (solver.worstCaseUsd?.(asked, limits) ?? 0)
    if (tried.failure) return { result: { outcome: 'failed', failure: tried.failure }, record }

    const { answer } = tried
    if (answer.usage)
      addUsage(record.usage, soundUsage(answer.usage, solver.worstCaseUsd?.(asked, limits) ?? 0))
    if (answer.kind === 'abstain') {
      limits.texts?.discard(answer.reason)
      return { result: { outcome: 'abstained', reason: answer.reason }, record }
    }
    const reading = read(answer, question, schema)
    if (reading.ok) return { result: answered(answer, reading, record.heals), record }

    limits.texts?.discard(reading.problem)
    const shown = keptAnswer(textOf(answer))
    const repeated = record.rejected.at(-1)?.answer === shown
    record.rejected.push({ answer: shown, problem: reading.problem })
    if (repeated || record.heals >= limits.maxHeals || !(confidenceOf(answer) >= limits.minConfidence))
      return { result: { outcome: 'invalid', problem: reading.problem }, record }
    record.heals++
    asked = { ...question, feedback: { answer: shown, problem: reading.problem } }
  }
}

/** Reads an answer that was accepted before; undefined when it does not fit any more. */
export function readAccepted(
  answer: Exclude<Answer, { kind: 'abstain' }>,
  question: Question,
  schema: StandardSchemaV1 | undefined,
): Extract<HealingResult, { outcome: 'answered' }> | undefined {
  const reading = read(answer, question, schema)
  return reading.ok ? answered(answer, reading, 0) : undefined
}

/**
 * The JSON from which the value was made, when the value is none itself: what a schema made of it, such as a date, is
 * made again from this. Undefined: the value is JSON.
 */
export function givenFor(
  { value, answer }: Extract<HealingResult, { outcome: 'answered' }>,
  question: Question,
): Json | undefined {
  if (answer.kind === 'calls' || isEncodable(value)) return undefined
  const given = answer.kind === 'value' ? answer.value : valueIn(answer.text)
  return question.task === 'converse' ? { answer: given } : given
}

/** Takes or rejects an answer that came by another way than asking the solver now. */
export function judge(
  answer: Answer,
  question: Question,
  schema: StandardSchemaV1 | undefined,
): Extract<HealingResult, { outcome: 'answered' | 'abstained' }> | (RejectedAnswer & { outcome: 'invalid' }) {
  if (answer.kind === 'abstain') return { outcome: 'abstained', reason: answer.reason }
  const reading = read(answer, question, schema)
  if (reading.ok) return answered(answer, reading, 0)
  return { outcome: 'invalid', answer: keptAnswer(textOf(answer)), problem: reading.problem }
}

/** In a conversation the value is a `TurnValue`; elsewhere it is the answer itself. */
function read(
  answer: Exclude<Answer, { kind: 'abstain' }>,
  question: Question,
  schema: StandardSchemaV1 | undefined,
): Reading<unknown> {
  if (answer.kind === 'calls') return readCalls(answer, question)
  const reading = readValue(answer, schema)
  return reading.ok && question.task === 'converse'
    ? { ...reading, value: { answer: reading.value } }
    : reading
}

/** Which tool it is and whether the arguments fit is for the one who keeps the tools to say. */
function readCalls(
  { calls, text }: Extract<Answer, { kind: 'calls' }>,
  question: Question,
): Reading<TurnValue> {
  const problem = !question.tools?.length
    ? 'There is no tool to call here. Answer directly.'
    : 'Neither a call of a tool nor an answer came. Give one of them.'
  if (!question.tools?.length || calls.length === 0)
    return { ok: false, stage: 'schema', problem, repairs: [] }
  return { ok: true, value: text ? { calls, text } : { calls }, repairs: [] }
}

function textOf(answer: Exclude<Answer, { kind: 'abstain' }>): string {
  if (answer.kind === 'text') return answer.text
  return JSON.stringify(answer.kind === 'calls' ? answer.calls : answer.value) ?? 'undefined'
}

function readValue(
  answer: Exclude<Answer, { kind: 'abstain' | 'calls' }>,
  schema: StandardSchemaV1 | undefined,
): Reading<unknown> {
  if (answer.kind === 'text' && answer.cut) {
    const problem = `The answer was cut off after ${answer.text.length} characters because it reached the limit on its length. Answer again, whole and more briefly.`
    return { ok: false, stage: 'syntax', problem, repairs: [] }
  }
  if (schema)
    return answer.kind === 'text' ? readAnswer(answer.text, schema) : checkValue(answer.value, schema)
  const value = answer.kind === 'text' ? answer.text : answer.value
  if (typeof value === 'string' && value.trim() !== '') return { ok: true, value, repairs: [] }
  const problem = typeof value === 'string' ? 'The answer is empty.' : 'The answer must be text.'
  return { ok: false, stage: 'schema', problem, repairs: [] }
}

function answered(
  answer: Exclude<Answer, { kind: 'abstain' }>,
  reading: Extract<Reading<unknown>, { ok: true }>,
  heals: number,
): Extract<HealingResult, { outcome: 'answered' }> {
  const { value, repairs } = reading
  const result: ReturnType<typeof answered> = { outcome: 'answered', value, repairs, answer }
  if (answer.confidence !== undefined) result.confidence = answer.confidence
  if (answer.kind === 'text' && (repairs.length > 0 || heals > 0)) result.raw = keptAnswer(answer.text)
  return result
}

/** A confidence that is no number counts as none at all. */
export function confidenceOf(answer: { confidence?: number }): number {
  const confidence = answer.confidence ?? 1
  return Number.isNaN(confidence) ? 0 : confidence
}

/** What a solver says that it used, where it can be true; a cost that cannot counts as the most that it can have been. */
export function soundUsage(usage: Usage, mostUsd: number): Usage {
  const sound = (amount: number) => Number.isFinite(amount) && amount >= 0
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, costUsd } = usage
  if ([inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, costUsd].every(sound)) return usage
  return {
    inputTokens: sound(inputTokens) ? inputTokens : 0,
    outputTokens: sound(outputTokens) ? outputTokens : 0,
    costUsd: sound(costUsd) ? costUsd : mostUsd,
  }
}

export function addUsage(total: Usage, usage: Usage): void {
  total.inputTokens += usage.inputTokens
  total.outputTokens += usage.outputTokens
  total.costUsd += usage.costUsd
  for (const part of ['cachedInputTokens', 'cacheWriteTokens'] as const)
    if (usage[part]) total[part] = (total[part] ?? 0) + usage[part]
}

/** Beginning and end, where a cut or a stray remark shows. */
function keptAnswer(text: string): string {
  return shortenMiddle(text, keptAnswerLength, 0.5, (left) => `\n[… ${left} characters left out …]\n`)
}
