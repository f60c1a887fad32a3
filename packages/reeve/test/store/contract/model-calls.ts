import { expect } from 'vitest'
import type { Session } from '../../../src/store/database.ts'
import { prune } from '../../../src/store/keeping/retention.ts'
import { type CostGroup, sumCosts } from '../../../src/store/spending/costs.ts'
import { foldModelCalls } from '../../../src/store/spending/folded-calls.ts'
import { beginModelCall, billModelCall, costsOfRuns } from '../../../src/store/spending/model-calls.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

const day = 86_400_000

async function paid(
  session: Session,
  id: string,
  call: { run: number; agent?: string; model?: string; at?: number; nanousd?: number; outcome?: 'unknown' },
): Promise<void> {
  const { run, agent = null, model = 'small', at = day, nanousd = 10, outcome = 'answered' } = call
  await beginModelCall(session, {
    id,
    run,
    run_id: `run${run}`,
    workflow: `flow${run % 2}`,
    agent,
    model,
    at,
  })
  await billModelCall(session, id, nanousd, { outcome, inputTokens: 100, outputTokens: 20, cachedTokens: 60 })
}

export function modelCallCases(open: Open): void {
  storeCase(
    'the ledger adds up by group, with failed runs counted in what a success costs',
    open,
    async (db) => {
      await addRuns(db, newRun(1), newRun(2), newRun(3))
      await db.run(`update runs set status = 'succeeded' where no = 1`)
      await db.run(`update runs set status = 'failed' where no = 2`)
      await paid(db, 'a', { run: 1, agent: 'clerk' })
      await paid(db, 'b', { run: 1, model: 'large', at: 2 * day + 5, nanousd: 50 })
      await paid(db, 'c', { run: 2, nanousd: 7, outcome: 'unknown' })
      const underWay = {
        id: 'd',
        run: 3,
        run_id: 'run3',
        workflow: 'flow1',
        agent: null,
        model: 'small',
        at: 0,
      }
      await beginModelCall(db, underWay)
      expect((await sumCosts(db, { since: 1 })).groups).toEqual([
        {
          name: null,
          calls: 3,
          input_tokens: 300,
          output_tokens: 60,
          cached_tokens: 180,
          nanousd: 67,
          unknown_nanousd: 7,
          runs: 2,
          succeeded: 1,
        },
      ])
      const by = async (group: CostGroup) =>
        (await sumCosts(db, { by: group, since: 0 })).groups.map(
          ({ name, calls, nanousd, succeeded }) => `${name}: ${calls} ${nanousd} ${succeeded}`,
        )
      expect(await by('model')).toEqual(['large: 1 50 1', 'small: 3 17 1'])
      expect(await by('agent')).toEqual(['null: 3 57 1', 'clerk: 1 10 1'])
      expect(await by('workflow')).toEqual(['flow1: 3 60 1', 'flow0: 1 7 0'])
      expect(await by('run')).toEqual(['run1: 2 60 1', 'run2: 1 7 0', 'run3: 1 0 0'])
      expect(await by('day')).toEqual(['0: 1 0 0', '1: 2 17 1', '2: 1 50 1'])
      expect(await costsOfRuns(db, [1, 2, 9])).toEqual(
        new Map([
          [1, 60],
          [2, 7],
        ]),
      )
    },
  )

  storeCase('the ledger outlives the runs, and how they ended with it', open, async (db) => {
    await addRuns(db, newRun(1))
    await db.run(`update runs set status = 'succeeded', ended_at = 5 where no = 1`)
    await paid(db, 'a', { run: 1 })
    expect(await prune(db, { succeededMs: 1 }, 1000)).toMatchObject({ runs: 1 })
    expect((await sumCosts(db, { since: 0 })).groups).toMatchObject([{ nanousd: 10, runs: 1, succeeded: 1 }])
  })

  storeCase(
    'old calls of deleted runs are folded, and every sum of the ledger stays as it was',
    open,
    async (db) => {
      await addRuns(db, newRun(1), newRun(2), newRun(3))
      await db.run(`update runs set status = 'succeeded', ended_at = 5 where no in (1, 3)`)
      await db.run(`update runs set status = 'failed', ended_at = 5 where no = 2`)
      await paid(db, 'a', { run: 1, agent: 'clerk' })
      await paid(db, 'b', { run: 1, model: 'large', at: 2 * day + 5, nanousd: 50 })
      await paid(db, 'c', { run: 1, at: 3 * day, agent: 'clerk' })
      await paid(db, 'd', { run: 2, nanousd: 7, outcome: 'unknown' })
      await paid(db, 'e', { run: 3, at: 9 * day })
      const sums = () =>
        Promise.all(
          ([undefined, 'agent', 'model', 'workflow', 'day'] as const).map((by) =>
            sumCosts(db, by ? { by, since: 0 } : { since: 0 }),
          ),
        )
      const before = await sums()
      // Runs that are there keep their calls, whatever their age.
      expect(await foldModelCalls(db, 5 * day)).toBe(0)
      await prune(db, { succeededMs: 1, failedMs: 1 }, 1000)
      expect(await sums()).toEqual(before)
      expect(await foldModelCalls(db, 5 * day)).toBe(4)
      expect(await foldModelCalls(db, 5 * day)).toBe(0)
      expect(await sums()).toEqual(before)
      expect(await db.all('select id from model_calls')).toEqual([{ id: 'e' }])
      const byRun = (await sumCosts(db, { by: 'run', since: 0 })).groups
      expect(byRun.map(({ name, calls, runs }) => [name, calls, runs])).toEqual([
        [null, 4, 2],
        ['run3', 1, 1],
      ])
      expect((await sumCosts(db, { since: 3 * day })).groups[0]).toMatchObject({ calls: 2, nanousd: 20 })
      // What comes to the same day later is added.
      await addRuns(db, newRun(4))
      await db.run(`update runs set status = 'succeeded', ended_at = 5 where no = 4`)
      await paid(db, 'f', { run: 4, agent: 'clerk' })
      await prune(db, { succeededMs: 1 }, 1000)
      expect(await foldModelCalls(db, 5 * day)).toBe(1)
      expect((await sumCosts(db, { by: 'agent', since: 0 })).groups[1]).toMatchObject({
        name: 'clerk',
        runs: 2,
        succeeded: 2,
      })
    },
  )

  storeCase('the dearest groups are answered up to a limit, and how many there are', open, async (db) => {
    for (let no = 1; no <= 9; no++) await paid(db, `call${no}`, { run: no, nanousd: no, at: no * day })
    const { groups, total } = await sumCosts(db, { by: 'run', since: 0, limit: 2 })
    expect([groups.map(({ name }) => name), total]).toEqual([['run9', 'run8'], 9])
    const days = await sumCosts(db, { by: 'day', since: 0, limit: 3 })
    expect([days.groups.map(({ name }) => Number(name)), days.total]).toEqual([[7, 8, 9], 9])
  })

  storeCase('a ledger beyond one slice adds up to the same', open, async (db) => {
    const many = 20_300
    await db.bulk(
      {
        columns: { id: 'text', run: 'int', run_id: 'text' },
        sql: `insert into model_calls (id, run, run_id, workflow, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
          select :id, :run, :run_id, 'flow', 'small', 5, 'answered', 7, 1, 1, 1 {from}`,
      },
      Array.from({ length: many }, (_, no) => [`call${no}`, no >> 1, `run${no >> 1}`]),
    )
    const statements: string[] = []
    const watched = {
      all: <Row>(sql: string, values: Parameters<typeof db.all>[1]) => {
        statements.push(sql)
        return db.all<Row>(sql, values)
      },
      get: <Row>(sql: string, values: Parameters<typeof db.get>[1]) => db.get<Row>(sql, values),
    }
    const [sum] = (await sumCosts(watched, { since: 0 })).groups
    expect(sum).toMatchObject({ calls: many, nanousd: many * 7, runs: many / 2 })
    expect(statements.filter((sql) => sql.includes('c.run > '))).toHaveLength(2)
    const { groups, total } = await sumCosts(db, { by: 'run', since: 0, limit: 5 })
    expect(total).toBe(many / 2)
    expect(groups[0]).toMatchObject({ name: 'run0', calls: 2 })
    expect(groups).toHaveLength(5)
  })
}
