import { setTimeout as delay } from 'node:timers/promises'
import type { Bulk, Database, Session } from '../database.ts'
import type { CostRow } from './costs.ts'
import type { ModelCall } from './model-calls.ts'

/** Runs whose calls one transaction folds. */
const batch = 50
const pauseMs = 10
const dayMs = 86_400_000

/**
 * What calls of deleted runs came to, by day, workflow, agent and model. Runs are counted so that each grouping can be
 * added up: a run counts in one row for all, in one for each agent, each model and each day that it had calls of.
 */
export interface FoldedCosts extends Omit<CostRow, 'name'> {
  /** Days of UTC since 1970. */
  day: number
  workflow: string
  /** Empty: no agent made the calls. */
  agent: string
  model: string
  agent_runs: number
  agent_succeeded: number
  model_runs: number
  model_succeeded: number
  day_runs: number
  day_succeeded: number
}

const keys = ['day', 'workflow', 'agent', 'model'] as const
const sums = [
  'calls',
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'nanousd',
  'unknown_nanousd',
  'runs',
  'succeeded',
  'agent_runs',
  'agent_succeeded',
  'model_runs',
  'model_succeeded',
  'day_runs',
  'day_succeeded',
] as const
const columns = [...keys, ...sums]

const addCosts: Bulk = {
  columns: Object.fromEntries(
    columns.map((name) => [name, ['workflow', 'agent', 'model'].includes(name) ? 'text' : 'int']),
  ),
  sql: `insert into model_costs (${columns.join(', ')}) select ${columns.map((name) => `:${name}`).join(', ')} {from} where true
    on conflict (${keys.join(', ')}) do update set
      ${sums.map((name) => `${name} = model_costs.${name} + excluded.${name}`).join(', ')}`,
}

/**
 * Adds the calls of deleted runs up, those of before `before` (ms), and deletes them one by one: what was spent stays known,
 * but not by which run. In small transactions; an aborted `signal` ends it after the one under way. Answers how many calls.
 */
export async function foldModelCalls(
  database: Database,
  before: number,
  signal?: AbortSignal,
): Promise<number> {
  for (let total = 0; ; ) {
    const folded = signal?.aborted ? 0 : await database.transaction((session) => foldBatch(session, before))
    if (folded === 0) return total
    total += folded
    await delay(pauseMs)
  }
}

async function foldBatch(session: Session, before: number): Promise<number> {
  // What a batch at a provider still holds is billed on the calls themselves.
  const found = await session.all<{ run: number }>(
    `select distinct run from (select run from model_calls where run_status is not null and at < ?
       and not exists (select 1 from reservations v where v.run = model_calls.run) order by at limit ?) as oldest`,
    [before, batch],
  )
  if (found.length === 0) return 0
  // Whoever deletes a row is the one who counts it.
  const calls = await session.all<ModelCall>(
    `delete from model_calls where run in (${found.map(() => '?').join(', ')}) and run_status is not null returning *`,
    found.map(({ run }) => run),
  )
  const rows = [...foldCalls(calls)]
  if (rows.length > 0)
    await session.bulk(
      addCosts,
      rows.map((row) => columns.map((name) => row[name])),
    )
  return calls.length
}

function foldCalls(calls: ModelCall[]): Iterable<FoldedCosts> {
  const rows = new Map<string, FoldedCosts>()
  const seen = new Set<string>()
  const isFirst = (...of: (string | number)[]) => {
    const before = seen.size
    return seen.add(JSON.stringify(of)).size > before ? 1 : 0
  }
  for (const { run, workflow, model, at, outcome, run_status, ...call } of calls) {
    const agent = call.agent ?? ''
    const day = Math.floor(at / dayMs)
    const key = JSON.stringify([day, workflow, agent, model])
    const row = rows.get(key) ?? emptyRow({ day, workflow, agent, model })
    rows.set(key, row)
    const has = run_status === 'succeeded' ? 1 : 0
    const first = { all: isFirst(run), agent: isFirst(run, 'agent', agent) }
    const own = { model: isFirst(run, 'model', model), day: isFirst(run, 'day', day) }
    row.calls++
    row.input_tokens += call.input_tokens
    row.output_tokens += call.output_tokens
    row.cached_tokens += call.cached_tokens
    row.nanousd += call.nanousd
    row.unknown_nanousd += outcome === 'unknown' ? call.nanousd : 0
    row.runs += first.all
    row.succeeded += first.all * has
    row.agent_runs += first.agent
    row.agent_succeeded += first.agent * has
    row.model_runs += own.model
    row.model_succeeded += own.model * has
    row.day_runs += own.day
    row.day_succeeded += own.day * has
  }
  return rows.values()
}

function emptyRow(of: Pick<FoldedCosts, (typeof keys)[number]>): FoldedCosts {
  return {
    ...of,
    ...(Object.fromEntries(sums.map((name) => [name, 0])) as Omit<FoldedCosts, keyof typeof of>),
  }
}
