import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ScaleReport } from './contract.ts'

/** What was measured before, so that a bench which was cut short goes on from there. */
export interface Kept {
  of(curve: string, size: number): ScaleReport | undefined
  keep(curve: string, size: number, report: ScaleReport): void
}

interface Line {
  of: string
  curve: string
  size: number
  report: ScaleReport
}

/** `of`: the store, the kind of measurement and the commit. What the file has of others is left as it is. */
export function keptIn(file: string, of: string): Kept {
  mkdirSync(dirname(file), { recursive: true })
  const reports = new Map<string, ScaleReport>()
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const read = JSON.parse(line) as Line
    if (read.of === of) reports.set(`${read.curve} ${read.size}`, read.report)
  }
  return {
    of: (curve, size) => reports.get(`${curve} ${size}`),
    keep(curve, size, report) {
      if (reports.has(`${curve} ${size}`)) return
      appendFileSync(file, `${JSON.stringify({ of, curve, size, report } satisfies Line)}\n`)
    },
  }
}
