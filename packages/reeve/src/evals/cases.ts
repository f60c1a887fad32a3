import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { parseExactJson } from '../base/json/exact-json.ts'
import { canonical, type Json } from '../base/json/json.ts'
import { isRecord } from '../base/json/record.ts'
import { type CorrectedOptions, isCorrected } from './corrected-cases.ts'
import type { Evaluation } from './evaluation.ts'
import type { EvalCase } from './scorers/scorer.ts'

/** A case as it is run. */
export interface NumberedCase extends EvalCase {
  id: string
}

/** Cases, fixed before the first of them is run. */
export interface EvalData {
  cases: NumberedCase[]
  /** SHA-256 over all of them, in their order. */
  hash: string
}

/**
 * Reads the cases of an evaluation. `folder`: where its file lies; `corrections`: what people corrected in this project. Default: nothing.
 * @throws `bad-eval` that names the line of a file, or the case
 */
export async function readCases(
  { name, data }: Evaluation,
  folder: string,
  corrections: (options: CorrectedOptions) => Promise<EvalCase[]> = async () => [],
): Promise<EvalData> {
  const given =
    typeof data === 'string'
      ? readLines(resolve(folder, data))
      : typeof data === 'function'
        ? await data()
        : isCorrected(data)
          ? await corrections(data.options)
          : data
  if (!Array.isArray(given) || given.length === 0) {
    const why = isCorrected(data) ? ': nobody corrected anything that it is about in that time' : ''
    throw new ReeveError('bad-eval', `The evaluation "${name}" has no cases${why}.`)
  }
  const seen = new Map<string, number>()
  const cases = given.map((each, index) => numbered(each, `Case ${index + 1} of evaluation "${name}"`, seen))
  return { cases, hash: sha256(canonical(cases as unknown as Json, 'the cases')) }
}

function numbered(given: unknown, what: string, seen: Map<string, number>): NumberedCase {
  if (!isRecord(given) || given.input === undefined)
    throw new ReeveError('bad-eval', `${what} has no \`input\`.`)
  const { id, calls, not } = given
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    throw new ReeveError('bad-eval', `The \`id\` of ${what} must be a text.`)
  for (const [name, list] of Object.entries({ calls, not })) {
    const areCalls =
      Array.isArray(list) && list.every((call) => isRecord(call) && typeof call.tool === 'string')
    if (list !== undefined && !areCalls)
      throw new ReeveError('bad-eval', `\`${name}\` of ${what} must be a list of { tool, args }.`)
  }
  let text: string
  try {
    text = canonical(given.input as Json, `the input of ${what}`)
  } catch (cause) {
    throw new ReeveError('bad-eval', `${what}: ${messageOf(cause)}`, { cause })
  }
  const own = id ?? sha256(text).slice(0, 12)
  const count = (seen.get(own) ?? 0) + 1
  seen.set(own, count)
  if (id !== undefined && count > 1)
    throw new ReeveError('bad-eval', `${what} has the id "${id}" of another.`)
  return { ...(given as unknown as EvalCase), id: count > 1 ? `${own}-${count}` : own }
}

function readLines(file: string): unknown[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ReeveError('bad-eval', `The cases in ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [parseExactJson(line, 'it')]
    } catch (cause) {
      throw new ReeveError('bad-eval', `${file}:${index + 1} is not JSON: ${messageOf(cause)}`, { cause })
    }
  })
}
