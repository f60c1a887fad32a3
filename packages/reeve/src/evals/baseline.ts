import { readFileSync, writeFileSync } from 'node:fs'
import { messageOf, ReeveError } from '../base/errors.ts'
import { isRecord } from '../base/json/record.ts'
import type { EvalResult } from '../inspect/evals/eval-view.ts'
import type { Baseline } from './result.ts'

/** A baseline in a file, the same on every machine. @throws `bad-eval` */
export function readBaseline(file: string): Baseline {
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new ReeveError('bad-eval', `The baseline ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
  const { id, dataHash, cases } = isRecord(read) ? read : {}
  if (typeof id === 'string' && typeof dataHash === 'string' && Array.isArray(cases))
    return { id, dataHash, cases: cases as Baseline['cases'] }
  throw new ReeveError(
    'bad-eval',
    `${file} is not a baseline. Write one with: reeve eval NAME --write-baseline`,
  )
}

/** Keeps the scores of a result: a line a case, so that a change can be read as one. */
export function writeBaseline(file: string, { id, dataHash, cases }: EvalResult): void {
  const lines = cases.map(({ id, scores }) => {
    const only = Object.entries(scores).map(([scorer, { score }]) => [scorer, { score }])
    return `    ${JSON.stringify({ id, scores: Object.fromEntries(only) })}`
  })
  const head = `{\n  "id": ${JSON.stringify(id)},\n  "dataHash": ${JSON.stringify(dataHash)},\n  "cases": [\n`
  writeFileSync(file, `${head}${lines.join(',\n')}\n  ]\n}\n`)
}
