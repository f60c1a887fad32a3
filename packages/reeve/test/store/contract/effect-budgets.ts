import { expect } from 'vitest'
import type { Database, Row } from '../../../src/store/database.ts'
import {
  type EffectReservation,
  isReserved,
  releaseSpending,
  releasingRow,
  reservingRows,
  spentSince,
  tidySpendings,
} from '../../../src/store/spending/effect-budgets.ts'
import { type Open, storeCase, storeNow } from './fixtures.ts'

const refunds = (amount: number, more: Partial<EffectReservation> = {}): EffectReservation => ({
  account: 'agent:desk/refunds',
  amount,
  ceiling: 500,
  since: 0,
  perMs: null,
  ...more,
})

/** As a group commit writes rows: each statement once, for the rows of all. */
async function write(database: Database, rows: Row[]): Promise<void> {
  await database.transaction(async (session) => {
    for (const [statement, group] of Map.groupBy(rows, (row) => row.statement))
      await session.bulk(
        statement,
        group.map(({ values }) => values),
      )
  })
}

const by = { run: 1, at: 1000 }

export function effectBudgetCases(open: Open): void {
  storeCase('what fits of an effect budget is reserved, and no more', open, async (database) => {
    await write(database, reservingRows('a', by, [refunds(300)]))
    await write(database, reservingRows('b', by, [refunds(250)]))
    await write(database, reservingRows('c', by, [refunds(200)]))
    expect(await Promise.all(['a', 'b', 'c'].map((id) => isReserved(database, id, 1)))).toEqual([
      true,
      false,
      true,
    ])
    const account = 'agent:desk/refunds'
    expect(await spentSince(database, { account, since: 0, but: '' })).toBe(500)
    expect(await spentSince(database, { account, since: 0, but: 'a' })).toBe(200)
    expect(await spentSince(database, { account, since: 1000, but: '' })).toBe(0)
    await write(database, [releasingRow('a')])
    await write(database, reservingRows('b', by, [refunds(250)]))
    expect(await isReserved(database, 'b', 1)).toBe(true)
  })

  storeCase('reserving again for the same effect takes nothing more', open, async (database) => {
    await write(database, reservingRows('a', by, [refunds(300)]))
    await write(database, reservingRows('a', by, [refunds(300)]))
    const account = 'agent:desk/refunds'
    expect(await spentSince(database, { account, since: 0, but: '' })).toBe(300)
  })

  storeCase('an effect with two accounts has both or is refused', open, async (database) => {
    await write(
      database,
      reservingRows('a', by, [refunds(100), refunds(1, { account: 'mails', ceiling: 1 })]),
    )
    await write(
      database,
      reservingRows('b', by, [refunds(100), refunds(1, { account: 'mails', ceiling: 1 })]),
    )
    expect(await isReserved(database, 'a', 2)).toBe(true)
    expect(await isReserved(database, 'b', 2)).toBe(false)
    await releaseSpending(database, 'b')
    expect(await spentSince(database, { account: 'agent:desk/refunds', since: 0, but: '' })).toBe(100)
  })

  storeCase('many commits at one moment never overshoot, and in the end use all', open, async (database) => {
    const mail = (index: number) => refunds(1, { account: `to:${index % 2}`, ceiling: 7 })
    const attempt = async (index: number): Promise<boolean> => {
      for (let tries = 0; tries < 20; tries++) {
        // Two effects in one commit, as of two runs.
        await write(database, [
          ...reservingRows(`x${index}`, by, [mail(index)]),
          ...reservingRows(`y${index}`, by, [mail(index + 1)]),
        ])
        if (await isReserved(database, `x${index}`, 1)) return true
        if ((await spentSince(database, { account: `to:${index % 2}`, since: 0, but: '' })) >= 7) return false
      }
      return false
    }
    await Promise.all(Array.from({ length: 24 }, (_, index) => attempt(index)))
    for (const account of ['to:0', 'to:1'])
      expect(await spentSince(database, { account, since: 0, but: '' })).toBe(7)
  })

  storeCase('rows go a month after they stopped counting, and those of ever stay', open, async (database) => {
    const now = await storeNow(database)
    const old = now - 40 * 24 * 3_600_000
    await write(database, reservingRows('old', { run: 1, at: old }, [refunds(1, { perMs: 1000 })]))
    await write(database, reservingRows('ever', { run: 1, at: old }, [refunds(1)]))
    await write(database, reservingRows('young', { run: 1, at: now }, [refunds(1, { perMs: 1000 })]))
    expect(await database.transaction((session) => tidySpendings(session, 10))).toBe(1)
    expect(await isReserved(database, 'old', 1)).toBe(false)
    expect(await isReserved(database, 'ever', 1)).toBe(true)
    expect(await isReserved(database, 'young', 1)).toBe(true)
  })
}
