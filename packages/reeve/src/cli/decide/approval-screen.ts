import type { Json } from '../../base/json/json.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { visibleText } from '../../base/text/visible-text.ts'
import type { ApprovalContext } from '../../inspect/approvals/approval-context.ts'
import { shownLines } from '../terminal/shown-value.ts'

/** What fits on a screen that shows more than one approval. */
const mostLines = 200
const widest = 1000

export interface ApprovalScreen {
  lines: string[]
  /** What of it is not in `lines`, in words; undefined when all of it is. */
  cut: string | undefined
}

/** All that is decided, one value a line; or, where that is more than fits, its beginning and what is missing. */
export function approvalScreen(shown: Json, extent: 'fitting' | 'whole'): ApprovalScreen {
  const all = valueLines(shown, '')
  if (extent === 'whole') return { lines: all.map(({ line }) => line), cut: undefined }
  const kept = all.slice(0, mostLines)
  const short = kept.filter(({ line }) => line.length > widest)
  const lines = kept.map(({ line }) =>
    line.length > widest ? `${line.slice(0, widest).toWellFormed()}…` : line,
  )
  const missing = all.slice(mostLines)
  if (missing.length + short.length === 0) return { lines, cut: undefined }
  const parts = [
    missing.length > 0
      ? `${missing.length} of ${all.length} lines (from ${pathOf(missing[0]!)} to ${pathOf(missing.at(-1)!)})`
      : '',
    short.length > 0
      ? `the ends of ${short.length} long lines (${short.slice(0, 3).map(pathOf).join(', ')})`
      : '',
  ]
  return { lines, cut: parts.filter((part) => part !== '').join(' and ') }
}

/** Whether an approval is more than a screen shows, so that a plain yes would be one to what nobody saw. */
export function isCut(shown: Json): boolean {
  return approvalScreen(shown, 'fitting').cut !== undefined
}

interface ShownLine {
  line: string
  path: string
}

function pathOf({ path }: ShownLine): string {
  return briefLine(path, 60)
}

/** What every schema of a question says of itself, which tells a person nothing. */
const dialect = 'https://json-schema.org/draft/2020-12/schema'

/** Of an agent's call: that no other agent handed it the task says nothing. */
function isNobodyAbove(value: object, key: string, path: string): boolean {
  if (path !== '' || key !== 'under' || !('tool' in value) || !('agent' in value)) return false
  const { under } = value as { under?: Json }
  return Array.isArray(under) && under.length === 0
}

function valueLines(value: Json | undefined, path: string): ShownLine[] {
  if (typeof value !== 'object' || value === null) return blockOf(value, path)
  const entries = Array.isArray(value)
    ? value.map((item, index): [string, string, Json | undefined] => [
        `${index + 1}.`,
        `${path}[${index}]`,
        item,
      ])
    : Object.entries(value)
        .filter(([key, item]) => (key !== '$schema' || item !== dialect) && !isNobodyAbove(value, key, path))
        .map(([key, item]): [string, string, Json | undefined] => [
          `${safeLine(key)}:`,
          path === '' ? key : `${path}.${key}`,
          item,
        ])
  return entries.flatMap(([label, inner, item]): ShownLine[] => {
    if (isScalar(item)) return [{ line: `${label} ${scalarText(item)}`, path: inner }]
    return [
      { line: label, path: inner },
      ...valueLines(item, inner).map(({ line, path: at }) => ({ line: `  ${line}`, path: at })),
    ]
  })
}

function isScalar(value: Json | undefined): boolean {
  if (typeof value === 'string') return !value.includes('\n') && value.length <= 100
  if (typeof value !== 'object' || value === null) return true
  return Object.keys(value).length === 0
}

/** An empty text, and one that could be taken for something else, stands in quotes. */
function scalarText(value: Json | undefined): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  const isPlain =
    value !== '' && value === value.trim() && !/^(true|false|null|-?\d[\d.eE+-]*|[[{"].*)$/.test(value)
  return isPlain ? safeLine(value) : safeLine(JSON.stringify(value))
}

function blockOf(value: Json | undefined, path: string): ShownLine[] {
  if (typeof value !== 'string') return [{ line: scalarText(value), path }]
  return visibleText(value)
    .split('\n')
    .map((line) => ({ line: `│ ${line}`, path }))
}

/** What it is about: for reading, no part of what is decided. */
export function contextLines(context: ApprovalContext, extent: 'fitting' | 'whole'): string[] {
  const limits = extent === 'whole' ? { lines: 1000, width: 4000 } : { lines: 12, width: 200 }
  const lines: string[] = []
  for (const [index, { runId: run, workflow, input }] of context.inputs.entries()) {
    lines.push(
      `${index === 0 ? 'asked by' : 'started by'} workflow ${safeLine(workflow)}, run ${run}, which was given:`,
    )
    const given = shownLines(input, limits)
    lines.push(...(given.length > 0 ? given : ['nothing']).map((line) => `  ${line}`))
  }
  if (context.forkedFromId !== null)
    lines.push(`its run is a fork of run ${context.forkedFromId}, where this may have been done already`)
  for (const { name, solver, score, problems } of context.reviews) {
    const said =
      Array.isArray(problems) && problems.length > 0
        ? `: ${briefLine(JSON.stringify(problems), limits.width)}`
        : ''
    lines.push(`${safeLine(name)}: score ${score} from ${safeLine(solver)}${said}`)
  }
  for (const note of context.notes) lines.push(`noted: ${briefLine(note, limits.width)}`)
  return lines
}
