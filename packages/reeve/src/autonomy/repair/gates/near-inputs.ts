import { canonical, type Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import type { Inputs } from '../quarantine/candidate.ts'

/**
 * Inputs like those that were recorded, each with one value changed: what was never seen and is likely to come. Always the same for the
 * same inputs. `isFit`: whether the script takes it.
 */
export function nearInputs(
  recorded: readonly Inputs[],
  most: number,
  isFit: (input: Inputs) => boolean,
): Inputs[] {
  const seen = new Set(recorded.map((input) => canonical(input as Json)))
  const found: Inputs[] = []
  const lists = recorded.map((input) => changesOf(input as Json))
  // One of each recorded input after the other, so that all kinds of change come before the number is used up.
  for (let round = 0; found.length < most && lists.some((list) => round < list.length); round++)
    for (const list of lists) {
      const changed = list[round]
      if (changed === undefined || !isRecord(changed) || found.length >= most) continue
      const key = canonical(changed as Json)
      if (seen.has(key) || !isFit(changed as Inputs)) continue
      seen.add(key)
      found.push(changed as Inputs)
    }
  return found
}

/** The value with one part of it changed to another of its kind: nothing becomes empty, none, zero or negative. */
export function interiorChanges(value: Json): Json[] {
  if (typeof value === 'number') {
    const less = value > 2 && Number.isInteger(value) ? [value - 1] : []
    return value === 0 ? [1, 10] : [value + 1, ...less, value * 10, value + 7]
  }
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'string')
    return value === ''
      ? []
      : [...linesLike(value), ...textsLike(value)].filter((each) => each !== '' && each !== '0')
  if (Array.isArray(value)) {
    if (value.length === 0) return []
    const inside = value.map((each, index) => interiorChanges(each).map((other) => value.with(index, other)))
    const parts = value.length > 1 ? value.slice(0, 2).map((each) => [each]) : []
    return interleave([[...value, ...value], ...parts, value.toReversed()], ...inside)
  }
  if (isRecord(value))
    return interleave(
      ...Object.entries(value as { [key: string]: Json }).map(([key, part]) =>
        interiorChanges(part).map((other): Json => ({ ...value, [key]: other }) as Json),
      ),
    )
  return []
}

/** The value with one part of it changed, in each way. */
export function changesOf(value: Json): Json[] {
  if (typeof value === 'number')
    return [value + 1, 0, -value, value * 10, value - 1, Math.round(value / 3)].filter(
      (each) => each !== value,
    )
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'string') return textsLike(value)
  if (Array.isArray(value)) {
    const inside = value.flatMap((each, index) =>
      changesOf(each)
        .slice(0, 2)
        .map((other) => value.with(index, other)),
    )
    const whole: Json[] = [value.slice(0, 1), [], value.toReversed(), [...value, ...value], value.slice(1)]
    return interleave(whole, inside)
  }
  if (isRecord(value)) {
    const entries = Object.entries(value as { [key: string]: Json })
    const inside = entries.map(([key, part]) =>
      changesOf(part).map((other): Json => ({ ...value, [key]: other }) as Json),
    )
    const gone =
      entries.length > 1
        ? entries.map(([key]) => Object.fromEntries(entries.filter(([other]) => other !== key)) as Json)
        : []
    return interleave(...inside, gone)
  }
  return []
}

function linesLike(text: string): Json[] {
  const lines = text.replace(/\n$/, '').split('\n')
  if (lines.length < 2) return []
  // One more of its last line, with larger numbers.
  const more = lines.at(-1)!.replaceAll(/\d+/g, (digits) => `${Number(digits) * 10 + 7}`)
  return [[...lines, more], [...lines, ...lines], lines.toReversed(), lines.slice(1)].map(
    (each) => `${each.join('\n')}\n`,
  )
}

function textsLike(text: string): Json[] {
  const time = Date.parse(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time)) {
    const moved = (days: number) => new Date(time + days * 86_400_000).toISOString().slice(0, text.length)
    return [moved(1), moved(31), moved(182), moved(-1)]
  }
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return [String(Number(text) + 1), '0', `${text}0`]
  return [`${text} b`, text.slice(0, -1), `${text}ë`, text.toUpperCase(), `${text}'s`, ''].filter(
    (each) => each !== text,
  )
}

function interleave<T>(...lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, index) =>
    lists.flatMap((list) => (index < list.length ? [list[index]!] : [])),
  ).flat()
}
