import { parse } from 'csv-parse/sync'
import { readLines } from './lines.ts'
import type { Fault } from './ticket.ts'

export interface CsvRow {
  /** The first line of the row in its file, from 1; the header is line 1. */
  line: number
  values: Record<string, string>
}

/** A row that spans more is taken for a quote that was never closed. */
const longestRow = { lines: 2000, characters: 512 * 1024 }

/**
 * Streams a CSV file with a header line. Lines are gathered until their quotes balance, and each row is parsed alone:
 * so a broken row costs only itself, and the lines that its open quote swallowed are read again as rows.
 */
export async function* readCsvRows(path: string): AsyncGenerator<({ ok: true } & CsvRow) | Fault> {
  let columns: string[] | undefined
  for await (const { line, record, problem } of rawRows(path)) {
    if (record === undefined) {
      yield { ok: false, where: `${path}:${line}`, problem: `not a row of CSV: ${problem}` }
    } else if (columns === undefined) {
      columns = record.map((name) => name.trim().toLowerCase())
    } else if (record.length !== columns.length) {
      const expected = `the header has ${columns.length}`
      yield {
        ok: false,
        where: `${path}:${line}`,
        problem: `this row has ${record.length} columns, ${expected}`,
      }
    } else {
      const values: Record<string, string> = {}
      for (let at = 0; at < columns.length; at++) values[columns[at]!] = record[at]!
      yield { ok: true, line, values }
    }
  }
}

type RawRow = { line: number } & (
  | { record: string[]; problem?: undefined }
  | { record?: undefined; problem: string }
)

async function* rawRows(path: string): AsyncGenerator<RawRow> {
  const pending: string[] = []
  let first = 1
  let scanned = 0
  let characters = 0
  let open = false

  for await (const text of readLines(path)) {
    pending.push(text)
    characters += text.length
    yield* drain(false)
  }
  yield* drain(true)

  function* drain(atEnd: boolean): Generator<RawRow> {
    while (pending.length > 0) {
      while (scanned < pending.length && (scanned === 0 || open)) {
        if (hasOddQuotes(pending[scanned++]!)) open = !open
      }
      const canGrow = pending.length < longestRow.lines && characters < longestRow.characters
      if (open && canGrow && !atEnd) return
      const height = scanned
      const row = open ? { problem: 'its quote is never closed' } : parseRow(pending.slice(0, height))
      if (row.problem !== undefined || row.record.length > 0) yield { line: first, ...row }
      take(row.problem === undefined ? height : 1)
    }
  }

  function take(lines: number): void {
    for (const text of pending.splice(0, lines)) characters -= text.length
    first += lines
    scanned = 0
    open = false
  }
}

/** An empty record stands for a blank line. */
function parseRow(
  lines: string[],
): { record: string[]; problem?: undefined } | { record?: undefined; problem: string } {
  const text = lines.join('\n')
  if (text.trim() === '') return { record: [] }
  if (!text.includes('"')) return { record: text.split(',') }
  try {
    const [record, ...more] = parse(text, { relax_column_count: true, bom: true })
    return record !== undefined && more.length === 0 ? { record } : { problem: 'it holds more than one row' }
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replace(/ (at|on) line.*$/, '') : String(error) }
  }
}

function hasOddQuotes(text: string): boolean {
  let odd = false
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd
  return odd
}
