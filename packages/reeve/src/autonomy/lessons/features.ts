import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { isLabelLike } from './words.ts'

/** One thing that holds of a run: `input.region` is `EU`, `gathered.unmatched` is `positive`. */
export interface Condition {
  at: string
  is: string
}

const mostFeatures = 60
const deepest = 3
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/**
 * What of a run conditions go by: texts that look like labels, truth values, whether a number is zero, whether a list is empty, and
 * the day of the week. `gathered`: what a daemon had found as it decided to start it.
 */
export function featuresOf({
  input,
  gathered,
  at,
}: {
  input: Json | undefined
  gathered: Json | undefined
  at: number
}): Map<string, string> {
  const features = new Map<string, string>()
  addFeatures(features, 'input', input, 0)
  addFeatures(features, 'gathered', gathered, 0)
  features.set('weekday', days[new Date(at).getUTCDay()]!)
  return features
}

function addFeatures(
  features: Map<string, string>,
  at: string,
  value: Json | undefined,
  depth: number,
): void {
  if (features.size >= mostFeatures) return
  if (value === null) features.set(at, 'null')
  else if (typeof value === 'boolean') features.set(at, String(value))
  else if (typeof value === 'number')
    features.set(at, value === 0 ? 'zero' : value > 0 ? 'positive' : 'negative')
  else if (typeof value === 'string') {
    if (isLabelLike(value)) features.set(at, `"${value}"`)
  } else if (Array.isArray(value)) features.set(at, value.length === 0 ? 'empty' : 'not empty')
  else if (isRecord(value) && depth < deepest)
    for (const [name, inner] of Object.entries(value))
      if (isLabelLike(name)) addFeatures(features, `${at}.${name}`, inner as Json, depth + 1)
}

export function holds({ at, is }: Condition, features: ReadonlyMap<string, string>): boolean {
  return features.get(at) === is
}

/** `input.region is "EU"` */
export function describeCondition({ at, is }: Condition): string {
  return `${at} is ${is}`
}
