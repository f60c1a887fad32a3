import type { Session } from '../database.ts'

/**
 * What became of a paid call of a model: `under way` its cost is reserved · `answered` · `failed` refused, and billed as
 * it says · `unknown` cut off, or its worker died: it counts at the most that it may have cost.
 */
export type CallOutcome = 'under way' | 'answered' | 'failed' | 'unknown'

/** One call of a paid model: an entry of the ledger. It outlives its run. */
export interface ModelCall {
  /** That of its reservation. */
  id: string
  run: number
  run_id: string
  workflow: string
  /** The agent that asked; null: the workflow itself. */
  agent: string | null
  model: string
  at: number
  outcome: CallOutcome
  /** What it cost, in billionths of a US dollar; 0 while it is under way. */
  nanousd: number
  input_tokens: number
  output_tokens: number
  /** Of the input, what came from the provider's cache. */
  cached_tokens: number
  /** How its run ended, once that was deleted. */
  run_status: string | null
}

export type NewModelCall = Pick<ModelCall, 'id' | 'run' | 'run_id' | 'workflow' | 'agent' | 'model' | 'at'>

export interface CallBill {
  outcome: Exclude<CallOutcome, 'under way'>
  inputTokens: number
  outputTokens: number
  cachedTokens: number
}

export async function beginModelCall(session: Session, call: NewModelCall): Promise<void> {
  await session.run(
    `insert into model_calls (id, run, run_id, workflow, agent, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
       values (?, ?, ?, ?, ?, ?, ?, 'under way', 0, 0, 0, 0)`,
    [call.id, call.run, call.run_id, call.workflow, call.agent, call.model, call.at],
  )
}

export async function billModelCall(
  session: Session,
  id: string,
  nanousd: number,
  bill: CallBill,
): Promise<void> {
  await session.run(
    'update model_calls set outcome = ?, nanousd = ?, input_tokens = ?, output_tokens = ?, cached_tokens = ? where id = ?',
    [bill.outcome, nanousd, bill.inputTokens, bill.outputTokens, bill.cachedTokens, id],
  )
}

/** The paid calls of a run, the first first. */
export async function modelCallsOf(session: Session, run: number): Promise<ModelCall[]> {
  return session.all<ModelCall>('select * from model_calls where run = ? order by at, id', [run])
}

/** What each of these runs has spent, in billionths of a US dollar; runs that spent nothing are not there. */
export async function costsOfRuns(session: Session, runs: readonly number[]): Promise<Map<number, number>> {
  if (runs.length === 0) return new Map()
  const rows = await session.all<{ run: number; nanousd: number }>(
    `select run, cast(sum(nanousd) as bigint) as nanousd from model_calls
     where run in (${runs.map(() => '?').join(', ')}) group by run`,
    [...runs],
  )
  return new Map(rows.map(({ run, nanousd }) => [run, nanousd]))
}
