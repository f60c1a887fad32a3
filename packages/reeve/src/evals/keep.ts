import type { Json } from '../base/json/json.ts'
import { firstCharacters } from '../base/text/shorten.ts'
import type { CaseResult, EvalResult } from '../inspect/evals/eval-view.ts'
import type { Database } from '../store/database.ts'
import { keepResult } from '../store/evals/results.ts'

/** Longer outputs and arguments are kept as their beginning (characters of JSON). */
const longestValue = 4000

/** Keeps a result for later comparisons and for screens. */
export function keepEvalResult(database: Database, result: EvalResult): Promise<void> {
  const { id, name, at, by, dataHash, verdict, baseline, cases, ...summary } = result
  const row = {
    id,
    name,
    at: Date.parse(at),
    run_by: by,
    data_hash: dataHash,
    verdict,
    baseline: baseline?.id ?? null,
    summary: JSON.stringify({ ...summary, baseline }),
  }
  const kept = cases.map((each) => ({ case_id: each.id, result: JSON.stringify(bounded(each)) }))
  return keepResult(database, row, kept)
}

function bounded({ outcome, ...rest }: CaseResult): CaseResult {
  const { output, calls, ...others } = outcome
  return {
    ...rest,
    outcome: {
      ...others,
      ...(output !== undefined && { output: cut(output) }),
      calls: calls.map(({ tool, args }) => ({ tool, ...(args !== undefined && { args: cut(args) }) })),
    },
  }
}

function cut(value: Json): Json {
  const text = JSON.stringify(value)
  return text.length <= longestValue ? value : `${firstCharacters(text, longestValue)}…`
}
