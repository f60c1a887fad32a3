import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { checkOption, checkOptions } from '../../../base/options.ts'
import { describeValue } from '../../../base/text/shorten.ts'
import type { Answer, Question, Solver } from '../../solver.ts'
import type { Classifier } from '../classify/classify.ts'
import { isLearner, type LearningClassifier } from '../classify/learner.ts'
import { textOf } from '../text/input-text.ts'
import { finderOf } from '../text/patterns.ts'

/** A value that was read, and how sure it is. */
export interface FieldValue {
  value: Json
  /** 0 to 1. */
  confidence: number
}

/** Reads one field from a text (all strings of the input) or from the input itself; undefined: it is not there. */
export type FieldRule = ((text: string, input: Json) => FieldValue | undefined) & {
  /** The classifier that it reads with, where that learns. */
  readonly learner?: LearningClassifier
}

/** For `localExtractor`. */
export interface ExtractorOptions {
  /** Default: `local/extractor`. */
  name?: string
  /** What reads each field of the answer. */
  fields: Record<string, FieldRule>
  /** What a field's confidence must reach. Default: 0.5. */
  minConfidence?: number
}

/**
 * Extracts an object, field by field, each by its own rule. Abstains when a field that the question's schema requires
 * has no rule, is not found, is too unsure or is not one of the values that the schema allows. Other fields are left
 * out in these cases; without a schema no field is required, but one must be found. The answer is as sure as its least
 * sure field.
 * @throws `bad-option`
 * @example
 * import { byPattern, defineConfig, localExtractor } from 'reeve'
 *
 * const reader = localExtractor({ fields: { orderId: byPattern(/\bA-\d{4,8}\b/) }, minConfidence: 0.6 })
 * export default defineConfig({ routes: { triage: { solvers: [reader] } } })
 */
export function localExtractor(options: ExtractorOptions): Solver {
  checkOptions(options, 'a local extractor', { name: 'text', fields: 'object!', minConfidence: 'number' })
  const { name = 'local/extractor', fields, minConfidence = 0.5 } = options
  const learners = Object.values(fields).flatMap(({ learner }) => learner ?? [])
  return {
    name,
    kind: 'local',
    ...(learners.length > 0 && { learners }),
    solve(question) {
      if (question.task === 'converse') return abstain('it reads facts and holds no conversation')
      const text = textOf(question.input)
      const required = requiredFields(question.schema)
      const unruled = required.find((field) => !Object.hasOwn(fields, field))
      if (unruled !== undefined) return abstain(`there is no local rule for the required field "${unruled}"`)
      const value: Record<string, Json> = {}
      let confidence = 1
      for (const [field, rule] of Object.entries(fields)) {
        const read = rule(text, question.input)
        const fault = faultOf(read, allowedValues(question.schema, field), minConfidence)
        if (read && !fault) {
          value[field] = read.value
          confidence = Math.min(confidence, read.confidence)
        } else if (required.includes(field)) return abstain(`the required field "${field}" ${fault}`)
      }
      if (Object.keys(value).length === 0) return abstain('none of the fields was found')
      return { kind: 'value', value, confidence }
    },
  }
}

function faultOf(
  read: FieldValue | undefined,
  allowed: unknown[] | undefined,
  minConfidence: number,
): string | undefined {
  if (!read) return 'was not found'
  // Asked this way round so that NaN is too unsure as well.
  if (!(read.confidence >= minConfidence)) {
    return `is only ${read.confidence.toFixed(2)} sure, below ${minConfidence}`
  }
  if (!allowed || allowed.includes(read.value)) return
  return `came out as ${JSON.stringify(read.value)}, which its schema does not allow`
}

function abstain(reason: string): Answer {
  return { kind: 'abstain', reason }
}

function requiredFields(schema: Question['schema']): string[] {
  const required = schema?.required
  return Array.isArray(required) ? required.filter((field) => typeof field === 'string') : []
}

function allowedValues(schema: Question['schema'], field: string): unknown[] | undefined {
  const properties = schema?.properties
  if (!isRecord(properties) || !Object.hasOwn(properties, field)) return
  const property = properties[field]
  if (!isRecord(property)) return
  if ('const' in property) return [property.const]
  return Array.isArray(property.enum) ? property.enum : undefined
}

/**
 * The classifier's label, or what `map` makes of it: labels that map to one value add up, and a label that the map
 * does not name counts for no value. Lines that are only an address or an id say nothing about the subject and are not
 * read.
 * @example
 * import { byClassifier, localExtractor, trainClassifier } from 'reeve'
 *
 * const category = trainClassifier([
 *   { text: 'I want my money back', label: 'billing' },
 *   { text: 'The app does not start', label: 'technical' },
 * ])
 * export const reader = localExtractor({ fields: { category: byClassifier(category) } })
 */
export function byClassifier(
  classifier: Classifier,
  options: { map?: Record<string, Json> } = {},
): FieldRule {
  checkOption(
    (classifier as { classify?: unknown } | undefined)?.classify,
    '`classify` of the classifier of byClassifier',
    'function!',
  )
  checkOptions(options, 'byClassifier', { map: 'object' })
  const { map } = options
  const rule = map ? mappedBy(classifier, map) : labelBy(classifier)
  return isLearner(classifier) ? Object.assign(rule, { learner: classifier }) : rule
}

function labelBy(classifier: Classifier): FieldRule {
  return (text) => {
    const { label, confidence } = classifier.classify(withoutIds(text))
    return { value: label, confidence }
  }
}

function mappedBy(classifier: Classifier, map: Record<string, Json>): FieldRule {
  return (text) => {
    const sums = new Map<string, FieldValue>()
    let best: FieldValue | undefined
    for (const { label, confidence } of classifier.classify(withoutIds(text)).ranked) {
      if (!Object.hasOwn(map, label)) continue
      const value = map[label]!
      const key = JSON.stringify(value)
      const sum = { value, confidence: Math.min(1, (sums.get(key)?.confidence ?? 0) + confidence) }
      sums.set(key, sum)
      if (!best || sum.confidence > best.confidence) best = sum
    }
    return best
  }
}

const idLine = /^(?=\S{0,100}[\d@])\S{1,100}$/gm

/** What of a question's input a classifier is trained with: what `byClassifier` reads. */
export function classifiedText(input: Json): string {
  return withoutIds(textOf(input))
}

function withoutIds(text: string): string {
  return text.includes('\n') ? text.replace(idLine, '') : text
}

const patternConfidence = 0.95
const ambiguousConfidence = 0.4

/**
 * What the pattern finds: its first group, or the whole match. When different texts match, the first one is taken, but
 * unsurely: nobody said which one is meant.
 * @throws `slow-pattern` at once, when the pattern could take too long on a hostile text
 * @example
 * import { byPattern, localExtractor } from 'reeve'
 *
 * export const reader = localExtractor({ fields: { orderId: byPattern(/\bA-\d{4,8}\b/) } })
 */
export function byPattern(pattern: RegExp): FieldRule {
  if (!(pattern instanceof RegExp))
    throw new ReeveError(
      'bad-option',
      `byPattern got ${describeValue(pattern)}; it must be a regular expression.`,
    )
  const find = finderOf(pattern)
  return (text) => {
    const found = find(text)
    const first = found[0]
    if (!first) return
    const ambiguous = found.some((other) => other.value !== first.value)
    return { value: first.value, confidence: ambiguous ? ambiguousConfidence : patternConfidence }
  }
}

/**
 * A rule in code; a bare value counts as sure.
 * @example
 * import { byRule, localExtractor } from 'reeve'
 *
 * export const reader = localExtractor({ fields: { isUrgent: byRule((text) => /urgent|at once/i.test(text)) } })
 */
export function byRule(
  read: (text: string, input: Json) => FieldValue | string | number | boolean | undefined,
): FieldRule {
  checkOption(read, 'What byRule reads with', 'function!')
  return (text, input) => {
    const result = read(text, input)
    return result === undefined || typeof result === 'object' ? result : { value: result, confidence: 1 }
  }
}
