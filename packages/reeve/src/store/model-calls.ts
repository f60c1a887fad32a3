import type { Session, Value } from './database.ts'

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

/** What a group of calls came to. */
export interface CostRow {
  /** Null: calls that no agent made. */
  name: string | null
  calls: number
  input_tokens: number
  output_tokens: number
  cached_tokens: number
  nanousd: number
  /** Of it, what may have been billed for calls whose outcome nobody knows. */
  unknown_nanousd: number
  /** Runs that made the calls, and how many of them succeeded. */
  runs: number
  succeeded: number
}

const groups = {
  run: 'c.run_id',
  agent: 'c.agent',
  model: 'c.model',
  workflow: 'c.workflow',
  // Days of UTC, by number since 1970.
  day: 'cast(c.at / 86400000 as bigint)',
} as const

export type CostGroup = keyof typeof groups
export const costGroups = Object.keys(groups) as CostGroup[]

/**
 * Adds the ledger up, by group, the dearest first; days in their order. `name` of a day is its number since 1970-01-01.
 * A run counts as succeeded in each group that it has calls in.
 */
export async function sumCosts(
  session: Session,
  options: { by?: CostGroup; since: number },
): Promise<CostRow[]> {
  const group = options.by && groups[options.by]
  const status = 'coalesce(r.status, c.run_status)'
  const values: Value[] = [options.since]
  return session.all<CostRow>(
    `select ${group ?? 'null'} as name,
       count(*) as calls,
       cast(coalesce(sum(c.input_tokens), 0) as bigint) as input_tokens,
       cast(coalesce(sum(c.output_tokens), 0) as bigint) as output_tokens,
       cast(coalesce(sum(c.cached_tokens), 0) as bigint) as cached_tokens,
       cast(coalesce(sum(c.nanousd), 0) as bigint) as nanousd,
       cast(coalesce(sum(case when c.outcome = 'unknown' then c.nanousd else 0 end), 0) as bigint) as unknown_nanousd,
       count(distinct c.run_id) as runs,
       count(distinct case when ${status} = 'succeeded' then c.run_id end) as succeeded
     from model_calls c left join runs r on r.no = c.run
     where c.at >= ?
     ${group ? `group by ${group} order by ${options.by === 'day' ? group : `sum(c.nanousd) desc, ${group}`}` : ''}`,
    values,
  )
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
