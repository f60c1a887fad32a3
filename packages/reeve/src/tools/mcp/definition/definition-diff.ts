import { canonical, type Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'

const mostLines = 12
const shownAround = 120

/** What differs between two definitions, a line for each place: `description: "…old" became "…new"`. */
export function differences(before: Json, after: Json): string[] {
  const lines: string[] = []
  compare(before, after, '', lines)
  return lines.length > mostLines
    ? [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more places`]
    : lines
}

function compare(before: Json | undefined, after: Json | undefined, path: string, lines: string[]): void {
  if (canonical(before) === canonical(after)) return
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const inner = path ? `${path}.${visibleBrief(key, 60)}` : visibleBrief(key, 60)
      compare(own(before, key), own(after, key), inner, lines)
    }
    return
  }
  const place = path || 'all of it'
  if (before === undefined) lines.push(`${place}: new, ${brief(after, 0)}`)
  else if (after === undefined) lines.push(`${place}: gone, it was ${brief(before, 0)}`)
  else {
    const from = firstDifference(textOf(before), textOf(after))
    lines.push(`${place}: ${brief(before, from)} became ${brief(after, from)}`)
  }
}

/** The part around the first difference: what is slipped in often stands at the end of a long text. */
function brief(value: Json | undefined, from: number): string {
  const text = textOf(value)
  const start = from > shownAround ? from - 40 : 0
  return `"${start > 0 ? '…' : ''}${visibleBrief(text.slice(start), shownAround)}"`
}

function firstDifference(left: string, right: string): number {
  let index = 0
  while (index < left.length && left[index] === right[index]) index++
  return index
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : canonical(value ?? null)
}

function own(object: { [key: string]: Json | undefined }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
