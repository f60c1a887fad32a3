import { extname } from 'node:path'
import { readCsvRows } from './csv-rows.ts'
import { readJsonLines } from './json-lines.ts'
import type { Fault } from './ticket.ts'

export interface LabelledText {
  text: string
  label: string
  /** 1 to 5, where the data has it. */
  urgency?: number
}

/** Reads the examples of a `.csv` or `.jsonl`: `text` with `category` (or `label`), and `urgency` where it is given. */
export async function* readLabelled(path: string): AsyncGenerator<{ ok: true; row: LabelledText } | Fault> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.csv' && kind !== '.jsonl') {
    throw new Error(
      `"${path}" holds no examples: give a .csv or a .jsonl with the columns text and category.`,
    )
  }
  for await (const entry of kind === '.csv' ? readCsvRows(path) : readJsonLines(path)) {
    if (!entry.ok) {
      yield entry
      continue
    }
    const { text, urgency } = entry.values
    const label = entry.values.category ?? entry.values.label
    const where = `${path}:${entry.line}`
    if (typeof text !== 'string' || text.trim() === '') {
      yield { ok: false, where, problem: '"text" is missing or blank' }
    } else if (typeof label !== 'string' || label.trim() === '') {
      yield { ok: false, where, problem: '"category" is missing or blank' }
    } else if (urgency === undefined || urgency === '') {
      yield { ok: true, row: { text, label: label.trim() } }
    } else if (isUrgency(Number(urgency))) {
      yield { ok: true, row: { text, label: label.trim(), urgency: Number(urgency) } }
    } else {
      yield {
        ok: false,
        where,
        problem: `"urgency" is ${JSON.stringify(urgency)}; give a whole number from 1 to 5`,
      }
    }
  }
}

function isUrgency(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 5
}
