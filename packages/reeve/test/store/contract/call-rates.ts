import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import {
  type CallRate,
  type TokenRequest,
  type Turn,
  takeTokens,
  tidyCallRates,
  tokensArrived,
} from '../../../src/store/spending/call-rates.ts'
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
  database.run('update call_tokens set until = until - ?, began_at = began_at - ?', [ms, ms])

/** Of a service: its rate is kept where calls arrive. */
const service: CallRate = { ...rate, name: 'service:mail', onWayMs: 10_000 }

async function askOne(database: Database, more: Partial<TokenRequest> = {}) {
  const request: TokenRequest = { rate: service, slackMs: 10, waited: false, ...more }
  const [answer] = await database.transaction((session) => takeTokens(session, [request]))
  return answer!
}

async function turnOf(database: Database, more?: Partial<TokenRequest>): Promise<Turn> {
  const answer = await askOne(database, more)
  if ('turns' in answer) return answer.turns[0]!
  throw new Error('it got none')
}

const arrived = (database: Database, token: number, isUsed = true) =>
  database.transaction((session) => tokensArrived(session, service, [{ token, isUsed }]))

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
    'other keys are counted apart; a rate declared anew for a longer stretch waits for a whole one',
    open,
    async (database) => {
      expect(await granted(database, 3)).toBe(3)
      expect(await granted(database, 3, { rate: { ...rate, key: 'ann' } })).toBe(3)
      expect(await granted(database, 40, { rate: { ...rate, count: 30 } })).toBe(27)
      const longer = { ...rate, count: 60, perMs: 120_000 }
      expect(await granted(database, 1, { rate: longer })).toBe(0)
      await pass(database, 120_011)
      await database.run('update call_rates set blocked_until = blocked_until - 120011')
      expect(await granted(database, 70, { rate: longer })).toBe(60)
    },
  )

  storeCase('what is under way has its place until a stretch after it arrived', open, async (database) => {
    const tokens = [await turnOf(database), await turnOf(database), await turnOf(database)]
    await pass(database, 9_000)
    // Two are heard of late; the third of a process that died is not heard of at all.
    for (const { token } of tokens.slice(0, 2)) await arrived(database, token)
    await pass(database, 59_900)
    expect(await askOne(database)).toHaveProperty('retryAt')
    await pass(database, 102)
    const next = [await turnOf(database), await turnOf(database)]
    expect(next.every(({ isNow }) => isNow)).toBe(true)
    // Nine seconds and a minute ago the third began, and may have arrived one second later at the latest.
    expect(await askOne(database)).toHaveProperty('retryAt')
    await pass(database, 1_010)
    expect(await turnOf(database)).toMatchObject({ isNow: true })
    // Nothing was sent with one of them.
    expect(await askOne(database)).toHaveProperty('retryAt')
    await arrived(database, next[0]!.token, false)
    expect(await turnOf(database)).toMatchObject({ isNow: true })
  })

  storeCase(
    'a token that is set aside waits for what is still under way before it',
    open,
    async (database) => {
      const tokens = [await turnOf(database), await turnOf(database), await turnOf(database)]
      const begun = { tokens: 1, withinMs: 100_000 }
      const ahead = await turnOf(database, { begun })
      expect(ahead).toMatchObject({ isNow: false })
      await pass(database, 5_000)
      const [first, ...others] = tokens
      for (const { token } of others) await arrived(database, token)
      await pass(database, 60_002)
      expect(await turnOf(database)).toMatchObject({ isNow: true })
      // Its time has come, and the first is on its way for more than a minute; it counts as arrived after ten seconds.
      await database.run('update call_tokens set until = until + 60000, began_at = 0 where token = ?', [
        first!.token,
      ])
      await database.run('update call_tokens set until = until + 60000 where token = ?', [ahead.token])
      expect(await turnOf(database, { begun, aside: ahead.token })).toMatchObject({
        token: ahead.token,
        isNow: true,
      })
      expect(await turnOf(database, { begun, aside: ahead.token })).not.toMatchObject({ token: ahead.token })
    },
  )

  storeCase('a rate that allows everything again is forgotten, and no other', open, async (database) => {
    await granted(database, 5)
    await database.transaction((session) => tidyCallRates(session, 10))
    expect(await database.all('select token from call_tokens')).toHaveLength(3)
    await database.run('update call_rates set used_at = 0, promised_at = 0')
    await database.transaction((session) => tidyCallRates(session, 10))
    expect(await database.all('select token from call_tokens')).toEqual([])
    expect(await database.all('select name from call_rates')).toEqual([])
  })
}
