import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { doEverything, largeTables, wanted } from './plans.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

/** The statements that are asked over any connection, as Postgres gets them. */
function recorded(): Set<string> {
  const statements = new Set<string>()
  const query = pg.Client.prototype.query
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [first] = given
    const text = typeof first === 'string' ? first : (first as { text?: string }).text
    if (text !== undefined) statements.add(text)
    return (query as (...all: unknown[]) => unknown).apply(this, given)
  } as typeof query
  onTestFinished(() => {
    pg.Client.prototype.query = query
  })
  return statements
}

/** Much that ended, and some that waits. */
const seeds = [
  `insert into runs (no, id, workflow, version, status, queue, key, priority, available_at, fresh, principal, epoch, created_at,
     ended_at, head_seq) select i, 'seed' || i, 'old', '1', case when i % 20 = 0 then 'waiting' else 'succeeded' end, 'default',
     'key' || i % 100, 0, 0, 0, 'operator', 1, 0, case when i % 20 = 0 then null else i end, 4
   from generate_series(1000000, 1020000) i`,
  `insert into events (run, seq, type, step, at, hash) select no, seq, 'step-completed', seq, 0, '' from runs,
     generate_series(1, 4) seq where no >= 1000000`,
  `insert into inbox (run, name, payload, at, consumed_step) select no, 'signal:x', '1', 0, 1 from runs where no >= 1000000`,
  `insert into approvals (id, run, step, kind, subject, shown, args_hash, status, requested_at) select 'a' || no, no, 1,
     'approval', 's', '1', '', 'approved', 0 from runs where no >= 1000000`,
  `insert into model_calls (id, run, run_id, workflow, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
     select 'call' || no, no, id, 'old', 'm', no, 'answered', 1, 1, 1, 0 from runs where no >= 1000000`,
  `insert into blobs (hash, content) select 'blob' || i, 'x' from generate_series(1, 20000) i`,
]

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  Plans?: Plan[]
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

test('no statement of the engine walks through a large table on Postgres', async () => {
  const statements = recorded()
  const url = await server.createSchema()
  const clock = new FakeClock()
  const database = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  statements.clear()
  await doEverything(database, clock)
  const asked = [...statements].filter((sql) => /^\s*(select|insert|update|delete|with)\b/i.test(sql))
  expect(asked.length).toBeGreaterThan(60)
  for (const seed of seeds) await server.query(seed, url)
  await server.query('analyze', url)
  const found: string[] = []
  const client = new pg.Client(url)
  await client.connect()
  for (const sql of asked) {
    if (wanted.some((pattern) => pattern.test(sql.replace(/\s+/g, ' ').trim()))) continue
    const { rows } = await client.query(`explain (generic_plan, format json) ${sql}`)
    for (const node of nodesOf(rows[0]['QUERY PLAN'][0].Plan)) {
      const table = node['Relation Name']
      if (node['Node Type'] === 'Seq Scan' && largeTables.includes(table!)) found.push(`${table}: ${sql}`)
    }
  }
  await client.end()
  expect(found).toEqual([])
})
