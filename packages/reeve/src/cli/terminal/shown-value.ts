import { isRecord } from '../../base/json/record.ts'
import { briefLine, briefValue, safeLine } from '../../base/text/one-line.ts'
import { visibleText } from '../../base/text/visible-text.ts'

/** How much of a value is printed: lines of each text, and characters of each line. */
interface Extent {
  lines: number
  width: number
}

const summary: Extent = { lines: 12, width: 200 }

const shortProperty = 100

/** A value over as many lines as it needs: one for each property, blocks for texts. What is cut is said. */
export function shownLines(value: unknown, extent: Extent = summary): string[] {
  if (value === null || value === undefined) return ['(nothing)']
  if (typeof value === 'string') return blockLines(value, extent)
  if (!isRecord(value)) return [briefValue(value, extent.width)]
  return Object.entries(value).flatMap(([key, inner]) => propertyLines(safeLine(key), inner, extent))
}

function propertyLines(key: string, value: unknown, extent: Extent): string[] {
  const isBlock = typeof value === 'string' && (value.includes('\n') || value.length > shortProperty)
  if (isBlock || (isRecord(value) && JSON.stringify(value).length > shortProperty)) {
    return [`${key}:`, ...shownLines(value, extent).map((line) => `  ${line}`)]
  }
  return [`${key}: ${briefValue(value, extent.width)}`]
}

function blockLines(text: string, { lines: limit, width }: Extent): string[] {
  const lines = visibleText(text).split('\n')
  const kept = lines.slice(0, limit).map((line) => `│ ${briefLine(line, width)}`)
  if (lines.length > limit) kept.push(`│ … ${lines.length - limit} more lines (--json has all)`)
  return kept
}
