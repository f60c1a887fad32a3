import { expect } from 'vitest'
import { prune } from '../../../src/store/keeping/retention.ts'
import {
  type AnswerRow,
  findAnswer,
  forgetAnswers,
  keepAnswer,
  pruneAnswers,
} from '../../../src/store/spending/answers.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

function answer(key: string, changes: Partial<AnswerRow> = {}): AnswerRow {
  return {
    key,
    run: 1,
    run_id: 'run1',
    answer: '{"kind":"text","text":"yes"}',
    cost_nanousd: 5_000_000_000,
    kept_at: 1_700_000_000_000,
    expires_at: 1_700_000_060_000,
    ...changes,
  }
}

export function answerCases(open: Open): void {
  storeCase(
    'an answer is found until it expires, and not by those who want a fresher one',
    open,
    async (db) => {
      const row = answer('a')
      await keepAnswer(db, row)
      const { kept_at, expires_at } = row
      expect(await findAnswer(db, 'a', { now: expires_at - 1, after: kept_at - 1 })).toEqual(row)
      expect(await findAnswer(db, 'a', { now: expires_at, after: kept_at - 1 })).toBeUndefined()
      expect(await findAnswer(db, 'a', { now: expires_at - 1, after: kept_at })).toBeUndefined()
      expect(await findAnswer(db, 'b', { now: kept_at, after: 0 })).toBeUndefined()
    },
  )

  storeCase('a later answer takes the place of an earlier one', open, async (db) => {
    await keepAnswer(db, answer('a'))
    const later = answer('a', { run: 2, run_id: 'run2', answer: '"no"', kept_at: 1_700_000_000_009 })
    await keepAnswer(db, later)
    expect(await findAnswer(db, 'a', { now: 0, after: 0 })).toEqual(later)
  })

  storeCase('what has expired goes, and of the rest the oldest beyond the bound', open, async (db) => {
    for (let count = 0; count < 6; count++)
      await keepAnswer(db, answer(`k${count}`, { kept_at: 100 + count, expires_at: count === 5 ? 200 : 900 }))
    expect(await pruneAnswers(db, 200, 3, 10)).toBe(3)
    const left = await db.all<{ key: string }>('select key from answers order by key')
    expect(left.map(({ key }) => key)).toEqual(['k2', 'k3', 'k4'])
    expect(await pruneAnswers(db, 200, 3, 10)).toBe(0)
  })

  storeCase('answers go with the run that paid for them, or when they are told to', open, async (db) => {
    await addRuns(db, newRun(1, { status: 'succeeded' }))
    await db.run('update runs set ended_at = 100 where no = 1')
    await keepAnswer(db, answer('a'))
    await keepAnswer(db, answer('b', { run: 2, run_id: 'run2' }))
    await keepAnswer(db, answer('c', { run: 3, run_id: 'run3' }))
    expect(await prune(db, { succeededMs: 10 }, 1000)).toMatchObject({ runs: 1 })
    expect((await db.all<{ key: string }>('select key from answers order by key')).length).toBe(2)
    expect(await forgetAnswers(db, 'run2')).toBe(1)
    expect(await forgetAnswers(db)).toBe(1)
  })
}
