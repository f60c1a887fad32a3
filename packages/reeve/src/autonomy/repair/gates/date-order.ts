import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { jsonOf, type KnownCall, valuesOf } from './call-values.ts'

/** Fewer answers than this show no order. */
const fewest = 4

/**
 * Why an answer of a fix to a call that failed is to be looked at: in all that went well before, a date of the answer lies never before (or
 * never behind) a date of the input, and here it does. Undefined: no order is broken.
 */
export function disordersDates(asked: readonly KnownCall[], near: readonly KnownCall[]): string | undefined {
  const kept = [...asked, ...near].filter(({ was, is }) => was.isGood && is.isGood && was.text === is.text)
  const orders = new Map<string, number[]>()
  for (const known of kept)
    for (const { pair, order } of pairsOf(known)) orders.set(pair, [...(orders.get(pair) ?? []), order])
  for (const known of asked) {
    if (known.was.isGood || !known.is.isGood) continue
    for (const { pair, order, given, answered } of pairsOf(known)) {
      const seen = orders.get(pair) ?? []
      if (order === 0 || seen.length < fewest || seen.length < kept.length) continue
      if (seen.includes(order) || !seen.includes(-order)) continue
      const [here, before] = order < 0 ? ['before', 'behind'] : ['behind', 'before']
      return `what it answers to the input that failed, ${answered}, lies ${here} ${given}; of ${seen.length} others each lies ${before} its input, or is the same`
    }
  }
  return undefined
}

/** Without a date in what the script failed with there is no order to break. */
export function holdsDate(inputs: Readonly<Record<string, Json>>): boolean {
  return Object.values(inputs).some((value) => datesIn(value, '').length > 0)
}

interface Pair {
  /** The places of the two dates. */
  pair: string
  /** Of the answered date to the given one: -1 before, 0 the same, 1 behind. */
  order: number
  given: string
  answered: string
}

function pairsOf({ call, is }: KnownCall): Pair[] {
  const given = valuesOf(call).flatMap((value, index) => datesIn(value, `${index}`))
  const answered = datesIn(jsonOf(is.text.trim()), '')
  return given.flatMap((input) =>
    answered.map((output) => ({
      pair: `${input.place} ${output.place}`,
      order: Math.sign(Date.parse(output.text) - Date.parse(input.text)),
      given: input.text,
      answered: output.text,
    })),
  )
}

/** Of lists only what stands in the same place each time can be compared. */
function datesIn(value: Json, place: string): { place: string; text: string }[] {
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?$/.test(value) &&
      !Number.isNaN(Date.parse(value))
      ? [{ place, text: value }]
      : []
  if (Array.isArray(value)) return value.flatMap((each, index) => datesIn(each, `${place}/${index}`))
  return isRecord(value)
    ? Object.entries(value as { [key: string]: Json }).flatMap(([key, part]) =>
        datesIn(part, `${place}/${key}`),
      )
    : []
}
