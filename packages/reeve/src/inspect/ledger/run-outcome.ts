import { isRecord } from '../../base/json/record.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { shorten } from '../../base/text/shorten.ts'
import { familyNanoUsd } from '../../store/autonomy/family-costs.ts'
import type { Session } from '../../store/database.ts'
import type { DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'
import { type RunRow, readRun } from '../../store/runs/runs.ts'
import { endingOf } from '../run/ending.ts'

/** How the run that executes a decision stands. */
export interface RunOutcome {
  result: Extract<DecisionResult, 'success' | 'unmet' | 'failed' | 'cancelled' | 'pending'>
  /** What failed or was not met; empty: nothing to say. Foreign text. */
  detail: string
  costUsd: number
  /** ms since 1970; null: it has not ended. */
  endedAt: number | null
}

/** Reads it from the run's row and the last event of its journal. One that is gone counts as cancelled. */
export async function outcomeOf(session: Session, runId: string): Promise<RunOutcome> {
  const run = await readRun(session, runId)
  if (!run) return { result: 'cancelled', detail: 'its run was deleted', costUsd: 0, endedAt: null }
  const costUsd = fromNanoUsd(await familyNanoUsd(session, run.no))
  const { result, detail } = await resultOf(session, run)
  return { result, detail: shorten(detail, 1000), costUsd, endedAt: run.ended_at }
}

async function resultOf(session: Session, run: RunRow): Promise<Pick<RunOutcome, 'result' | 'detail'>> {
  const { output, error } = await endingOf(session, run)
  if (run.status === 'cancelled') return { result: 'cancelled', detail: run.reason ?? '' }
  if (run.status === 'failed') {
    const unmet = error?.code === criteriaUnmet
    return { result: unmet ? 'unmet' : 'failed', detail: `${error?.code}: ${error?.message ?? ''}` }
  }
  if (run.status !== 'succeeded') return { result: 'pending', detail: run.reason ?? '' }
  if (!isRecord(output) || output.status !== 'unmet') return { result: 'success', detail: '' }
  return { result: 'unmet', detail: unmetIn(output.criteria) }
}

/** With this code runs of directives fail whose work was done and whose criteria were not met. */
const criteriaUnmet = 'criteria-unmet'

function unmetIn(criteria: unknown): string {
  const list = Array.isArray(criteria) ? criteria : []
  const unmet = list.filter((each) => isRecord(each) && each.met === false)
  return unmet.map((each) => `not met: ${String((each as { text?: unknown }).text)}`).join('; ')
}
