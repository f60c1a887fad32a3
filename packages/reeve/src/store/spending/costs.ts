import type { Database, Session, Value } from '../database.ts'

/** What a group of calls came to. */
export interface CostRow {
  /** Null: calls that no agent made; by run, those of deleted runs that are no longer kept one by one. */
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

/** By group: what a call belongs to, what folded costs belong to, and which of their counts of runs is meant. */
const groups = {
  run: { call: 'c.run_id', folded: 'cast(null as text)', counts: '' },
  agent: { call: 'c.agent', folded: `nullif(m.agent, '')`, counts: 'agent_' },
  model: { call: 'c.model', folded: 'm.model', counts: 'model_' },
  workflow: { call: 'c.workflow', folded: 'm.workflow', counts: '' },
  // Days of UTC, by number since 1970.
  day: { call: 'cast(c.at / 86400000 as bigint)', folded: 'm.day', counts: 'day_' },
} as const

export type CostGroup = keyof typeof groups
export const costGroups = Object.keys(groups) as CostGroup[]

const dayMs = 86_400_000
/** Calls that one statement adds up: no statement holds the log of a database at work for long. */
const sliceCalls = 20_000

export interface Costs {
  /** The dearest first; days in their order, the newest where `limit` cuts. `name` of a day is its number since 1970-01-01. */
  groups: CostRow[]
  /** How many groups there are in all. */
  total: number
}

/**
 * Adds the ledger up, by group. A run counts as succeeded in each group that it has calls in. What was folded of deleted
 * runs counts by whole days. `limit`: the most groups that are answered.
 */
export async function sumCosts(
  database: Pick<Database, 'all' | 'get'>,
  options: { by?: CostGroup; since: number; limit?: number },
): Promise<Costs> {
  const { by, since, limit = Number.POSITIVE_INFINITY } = options
  const sums = new Map<string | number | null, CostRow>()
  let cut = 0
  const add = (row: CostRow) => {
    const known = sums.get(row.name)
    if (!known) sums.set(row.name, row)
    else
      for (const [key, value] of Object.entries(row))
        if (key !== 'name') (known as unknown as Record<string, number>)[key]! += value as number
  }
  for (const row of await foldedSums(database, by, since)) add(row)
  for await (const where of slices(database, since)) {
    for (const row of await callSums(database, by, where)) add(row)
    // A run lies in one slice as a whole, so what is too cheap now stays too cheap.
    if (by === 'run' && sums.size > 2 * limit + 1000) {
      for (const { name } of inOrder(by, [...sums.values()]).slice(limit)) {
        sums.delete(name)
        cut++
      }
    }
  }
  const rows = inOrder(by, [...sums.values()])
  const chosen = by === 'day' ? rows.slice(Math.max(0, rows.length - limit)) : rows.slice(0, limit)
  return { groups: chosen, total: rows.length + cut }
}

function inOrder(by: CostGroup | undefined, rows: CostRow[]): CostRow[] {
  if (by === 'day') return rows.sort((left, right) => Number(left.name) - Number(right.name))
  const name = (row: CostRow) => row.name ?? ''
  return rows.sort((left, right) => right.nanousd - left.nanousd || (name(left) < name(right) ? -1 : 1))
}

/** Conditions on `c` that part the calls since then, runs whole. */
async function* slices(
  session: Pick<Session, 'get'>,
  since: number,
): AsyncGenerator<{ sql: string; values: Value[] }> {
  const recent = await session.get<{ count: number }>(
    'select count(*) as count from (select 1 as one from model_calls where at >= ? limit ?) as recent',
    [since, sliceCalls + 1],
  )
  if (recent!.count <= sliceCalls) return yield { sql: 'c.at >= ?', values: [since] }
  for (let after = -1; ; ) {
    const row = await session.get<{ run: number }>(
      'select run from model_calls where run > ? order by run limit 1 offset ?',
      [after, sliceCalls],
    )
    if (!row) return yield { sql: 'c.run > ? and c.at >= ?', values: [after, since] }
    yield { sql: 'c.run > ? and c.run <= ? and c.at >= ?', values: [after, row.run, since] }
    after = row.run
  }
}

function callSums(
  session: Pick<Session, 'all'>,
  by: CostGroup | undefined,
  { sql, values }: { sql: string; values: Value[] },
): Promise<CostRow[]> {
  const group = by && groups[by].call
  const status = 'coalesce(r.status, c.run_status)'
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
     where ${sql} ${group ? `group by ${group}` : ''}`,
    values,
  )
}

async function foldedSums(
  session: Pick<Session, 'all'>,
  by: CostGroup | undefined,
  since: number,
): Promise<CostRow[]> {
  const { folded, counts } = by ? groups[by] : { folded: 'null', counts: '' }
  const sum = (column: string) => `cast(sum(m.${column}) as bigint)`
  const rows = await session.all<CostRow>(
    `select ${folded} as name, ${sum('calls')} as calls, ${sum('input_tokens')} as input_tokens,
       ${sum('output_tokens')} as output_tokens, ${sum('cached_tokens')} as cached_tokens,
       ${sum('nanousd')} as nanousd, ${sum('unknown_nanousd')} as unknown_nanousd,
       ${sum(`${counts}runs`)} as runs, ${sum(`${counts}succeeded`)} as succeeded
     from model_costs m where m.day >= ? ${by && by !== 'run' ? `group by ${folded}` : ''}`,
    [Math.floor(since / dayMs)],
  )
  return rows.filter(({ calls }) => calls !== null)
}
