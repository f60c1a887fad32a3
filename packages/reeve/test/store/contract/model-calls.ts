import { expect } from 'vitest'
import type { Session } from '../../../src/store/database.ts'
import { beginModelCall, billModelCall, costsOfRuns, sumCosts } from '../../../src/store/model-calls.ts'
import { prune } from '../../../src/store/retention.ts'
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
      expect(await sumCosts(db, { since: 1 })).toEqual([
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
      const by = async (group: NonNullable<Parameters<typeof sumCosts>[1]['by']>) =>
        (await sumCosts(db, { by: group, since: 0 })).map(
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
    expect(await sumCosts(db, { since: 0 })).toMatchObject([{ nanousd: 10, runs: 1, succeeded: 1 }])
  })
}
