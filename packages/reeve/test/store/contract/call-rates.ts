import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { type CallRate, takeTokens, tidyCallRates } from '../../../src/store/ledger/call-rates.ts'
import { type Open, storeCase, storeNow } from './fixtures.ts'

const rate: CallRate = { name: 'tool:mail', key: '', count: 3, perMs: 60_000 }

function take(database: Database, count: number, options: { rate?: CallRate; waited?: boolean } = {}) {
  const request = { rate: options.rate ?? rate, slackMs: 10, waited: options.waited ?? false }
  return database.transaction((session) => takeTokens(session, Array(count).fill(request)))
}

async function granted(
  database: Database,
  count: number,
  options?: Parameters<typeof take>[2],
): Promise<number> {
  return (await take(database, count, options)).filter((answer) => 'turns' in answer).length
}

const pass = (database: Database, ms: number) =>
  database.run('update call_tokens set until = until - ?', [ms])

export function callRateCases(open: Open): void {
  storeCase(
    'a rate allows its count in any stretch of its length, over all workers',
    open,
    async (database) => {
      const workers = await Promise.all([granted(database, 2), granted(database, 2), granted(database, 2)])
      expect(workers.reduce((sum, one) => sum + one, 0)).toBe(3)
      await pass(database, 59_000)
      expect(await granted(database, 3)).toBe(0)
      await pass(database, 1_011)
      expect(await granted(database, 4)).toBe(3)
    },
  )

  storeCase('a token that was used later frees its place later', open, async (database) => {
    await granted(database, 1)
    await pass(database, 40_000)
    expect(await granted(database, 5)).toBe(2)
    await pass(database, 20_011)
    expect(await granted(database, 5)).toBe(1)
    await pass(database, 40_000)
    expect(await granted(database, 5)).toBe(2)
  })

  storeCase('those that wait are told times as the rate will allow them', open, async (database) => {
    const now = await storeNow(database)
    const answers = await take(database, 7)
    const times = answers.flatMap((answer) => ('retryAt' in answer ? [answer.retryAt] : []))
    expect(times).toHaveLength(4)
    expect(times[0]).toBeGreaterThan(now + 60_000)
    expect(times.every((at, index) => index === 0 || at - times[index - 1]! >= 20_000)).toBe(true)
    const [again] = await take(database, 1, { waited: true })
    expect(again).toMatchObject({ retryAt: expect.any(Number) })
    expect((again as { retryAt: number }).retryAt).toBeLessThanOrEqual(times[0]!)
  })

  storeCase(
    'other keys are counted apart; a rate declared anew waits a whole stretch',
    open,
    async (database) => {
      expect(await granted(database, 3)).toBe(3)
      expect(await granted(database, 3, { rate: { ...rate, key: 'ann' } })).toBe(3)
      const more = { ...rate, count: 30 }
      expect(await granted(database, 1, { rate: more })).toBe(0)
      await database.run('update call_rates set blocked_until = blocked_until - 60011')
      expect(await granted(database, 40, { rate: more })).toBe(30)
    },
  )

  storeCase('a rate that allows everything again is forgotten, and no other', open, async (database) => {
    await granted(database, 5)
    await database.transaction((session) => tidyCallRates(session, 10))
    expect(await database.all('select slot from call_tokens')).toHaveLength(3)
    await database.run('update call_rates set used_at = 0, promised_at = 0')
    await database.transaction((session) => tidyCallRates(session, 10))
    expect(await database.all('select slot from call_tokens')).toEqual([])
    expect(await database.all('select name from call_rates')).toEqual([])
  })
}
