import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { type Corrected, correctedSince } from '../../inspect/failures/corrected.ts'
import type { Session } from '../../store/database.ts'
import { type RunFactRow, runFactRows } from '../../store/learning/run-facts.ts'
import { cyclePrefix } from '../work.ts'
import { featuresOf } from './features.ts'

/** A run that ended, as far as something can be learnt from it. */
export interface RunFact {
  run: string
  no: number
  workflow: string
  /** It succeeded, met its criteria, and nobody corrected it. */
  isGood: boolean
  isFailure: boolean
  /** Of its error; `unmet`: its criteria were not met. Empty: it did not fail. */
  code: string
  /** The workflow of the daemon that decided to start it; null: something else did. */
  decidedBy: string | null
  /** The cycle that decided it. */
  cycle: string | null
  features: ReadonlyMap<string, string>
  costUsd: number
  createdAt: number
  endedAt: number
  corrected: readonly Corrected[]
}

const mostRuns = 3000
const mostCorrections = 3000

/** The newest runs since then, and what people corrected in them. */
export async function runFacts(
  session: Session,
  since: number,
): Promise<{ facts: RunFact[]; corrected: Corrected[] }> {
  const rows = await runFactRows(session, { since, limit: mostRuns })
  const corrected = await correctedSince(session, { since, limit: mostCorrections })
  const byRun = Map.groupBy(corrected, ({ run }) => run)
  return { facts: rows.map((row) => factOf(row, byRun.get(row.id) ?? [])), corrected }
}

function factOf(row: RunFactRow, corrected: readonly Corrected[]): RunFact {
  const code = codeOf(row)
  const isFailure = code !== ''
  const isDecided = row.parent_workflow?.startsWith(cyclePrefix) === true
  return {
    run: row.id,
    no: row.no,
    workflow: row.workflow,
    isGood: !isFailure && corrected.length === 0,
    isFailure,
    code,
    decidedBy: isDecided ? row.parent_workflow : null,
    cycle: isDecided ? row.parent_id : null,
    features: featuresOf({
      input: fieldOf(row.started, 'input'),
      gathered: gatheredIn(fieldOf(row.looked, 'state')),
      at: row.created_at,
    }),
    costUsd: fromNanoUsd(Number(row.nanousd)),
    createdAt: row.created_at,
    endedAt: row.ended_at,
    corrected,
  }
}

function codeOf({ status, ended }: RunFactRow): string {
  const said = jsonIn(ended)
  if (status === 'failed') return isRecord(said) && typeof said.code === 'string' ? said.code : 'failed'
  return isRecord(said) && said.status === 'unmet' ? 'criteria-unmet' : ''
}

function gatheredIn(state: Json | undefined): Json | undefined {
  return isRecord(state) ? (state.gathered as Json | undefined) : undefined
}

function fieldOf(text: string | null, field: string): Json | undefined {
  const said = jsonIn(text)
  return isRecord(said) ? (said[field] as Json | undefined) : undefined
}

function jsonIn(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}
