import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { errorIfSound } from '../../store/journal/events.ts'
import { type ToolEnd, toolEnds } from '../../store/runs/figures/tool-figures.ts'

/** How the calls of a tool ended lately. */
export interface ToolOutcomes {
  ended: number
  failed: number
  last: {
    runId: string
    /** ISO 8601. */
    at: string
    failed: boolean
    /** What it failed with; null: it did not. Foreign text. */
    detail: string | null
  }
}

/** Of the newest 1,000 runs that ended since then (ms); tools that were not called are left out. */
export async function toolOutcomes(
  session: Session,
  names: readonly string[],
  since: number,
): Promise<ReadonlyMap<string, ToolOutcomes>> {
  if (names.length === 0) return new Map()
  const ends = await toolEnds(session, names, since)
  return new Map([...Map.groupBy(ends, ({ name }) => name)].map(([name, own]) => [name, outcomesOf(own)]))
}

function outcomesOf(ends: readonly ToolEnd[]): ToolOutcomes {
  const { run, at, failed, payload } = ends.at(-1)!
  return {
    ended: ends.length,
    failed: ends.filter((end) => end.failed === 1).length,
    last: {
      runId: run,
      at: isoText(at),
      failed: failed === 1,
      detail: failed === 1 ? detailIn(payload) : null,
    },
  }
}

function detailIn(payload: string | null): string {
  const error = errorIfSound({ type: 'effect-failed', payload })
  return error ? `${error.code}: ${error.message}` : 'its run says why'
}
