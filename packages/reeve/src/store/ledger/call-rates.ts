import type { Session } from '../database.ts'
import { storeNow } from '../dispatch/claims.ts'

/** How many calls of one kind may begin in any stretch of time of that length, over all workers. */
export interface CallRate {
  /** What is called. */
  name: string
  /** What it is counted by beside that; empty: together. */
  key: string
  count: number
  perMs: number
}

export interface TokenRequest {
  rate: CallRate
  /** For how long (ms) the token allows the call to begin. */
  slackMs: number
  /** Whether it came back at the time that it was given. */
  waited: boolean
  /**
   * The call has begun, and asks for tokens for what it does next: they are set aside for it before calls that have not begun get any,
   * where the last of them is free within this time (ms), otherwise none; of many, only as many as half of that time allows.
   */
  begun?: { tokens: number; withinMs: number }
}

/** When it may begin. */
export interface Turn {
  from: number
  until: number
}

/** May begin within these turns, or ask again then (ms by the store's clock). */
export type TokenAnswer = { turns: Turn[] } | { retryAt: number }

interface RateRow {
  count: number
  per_ms: number
  taken: number
  promised_at: number
  blocked_until: number
  learnt_count: number | null
  learnt_per_ms: number | null
}

/**
 * Gives tokens for calls of one rate. The token number n is given no sooner than `perMs` after the last moment at which
 * the call of token n - count may have begun: so no stretch of `perMs` sees more than `count` beginnings, wherever it
 * starts. Calls that have begun keep their turn: they get tokens of times to come, and nobody else begins before these are used. Those
 * that get none are told times that are spread as the rate will allow them, so that they do not all come
 * back at once.
 */
export async function takeTokens(session: Session, requests: TokenRequest[]): Promise<TokenAnswer[]> {
  const declared = requests[0]!.rate
  const { name, key } = declared
  const id = [name, key]
  await session.run(
    `insert into call_rates (name, key, count, per_ms, taken, promised_at, blocked_until, used_at)
     values (?, ?, ?, ?, 0, 0, 0, 0) on conflict (name, key) do nothing`,
    [...id, declared.count, declared.perMs],
  )
  const row = (await session.get<RateRow>('select * from call_rates where name = ? and key = ? {lock}', id))!
  const now = await storeNow(session)
  const rate = lowerOf(declared, row)
  const { count, perMs } = rate
  const state = { ...row, blocked_until: await blockedUntil(session, row, rate) }
  const answers: TokenAnswer[] = []
  let late = 0
  for (const { slackMs, waited, begun = { tokens: 1, withinMs: 0 } } of requests) {
    const turns: Turn[] = []
    // So many that they are used up within half of the time.
    const tokens = Math.min(begun.tokens, Math.max(1, Math.floor((begun.withinMs / perMs) * count * 0.5)))
    let freeAt = now
    while (turns.length < tokens) {
      freeAt = Math.max(state.blocked_until, await freeFrom(session, rate, state.taken + turns.length, turns))
      if (freeAt - now > begun.withinMs) break
      const from = Math.max(freeAt, now)
      turns.push({ from, until: from + slackMs })
    }
    if (turns.length === tokens) {
      for (const { until } of turns) {
        await session.run(
          `insert into call_tokens (name, key, slot, until) values (?, ?, ?, ?)
           on conflict (name, key, slot) do update set until = excluded.until`,
          [...id, state.taken++ % count, until],
        )
      }
      answers.push({ turns })
    } else if (waited) {
      answers.push({ retryAt: Math.ceil(freeAt + (late++ * perMs) / count) })
    } else {
      state.promised_at = Math.ceil(Math.max(freeAt, Math.max(state.promised_at, now) + perMs / count))
      answers.push({ retryAt: state.promised_at })
    }
  }
  await session.run(
    `update call_rates set count = ?, per_ms = ?, taken = ?, promised_at = ?, blocked_until = ?, used_at = ?
     where name = ? and key = ?`,
    [count, perMs, state.taken, state.promised_at, state.blocked_until, now, ...id],
  )
  return answers
}

/** From when a token is free, given those that are about to be given. */
async function freeFrom(
  session: Session,
  { name, key, count, perMs }: CallRate,
  token: number,
  turns: readonly Turn[],
): Promise<number> {
  const given = turns.at(-count)
  if (turns.length >= count && given) return given.until + perMs + 1
  const last = await session.get<{ until: number }>(
    'select until from call_tokens where name = ? and key = ? and slot = ?',
    [name, key, token % count],
  )
  return last ? last.until + perMs + 1 : 0
}

/** What was declared, or what the service said of itself where that is less. */
function lowerOf(declared: CallRate, { learnt_count: count, learnt_per_ms: perMs }: RateRow): CallRate {
  if (count === null || perMs === null || count / perMs >= declared.count / declared.perMs) return declared
  return { ...declared, count, perMs }
}

/** What a service said of its own rate. */
export interface RateNews {
  /** It takes nothing before this time (ms by the store's clock). */
  blockedUntil?: number | undefined
  /** It takes so much. */
  limit?: { count: number; perMs: number } | undefined
}

/** How a rate stands; undefined: nothing was counted by it yet. */
export function readRate(
  session: Session,
  name: string,
  key: string,
): Promise<Pick<RateRow, 'promised_at' | 'blocked_until' | 'learnt_count' | 'learnt_per_ms'> | undefined> {
  return session.get('select * from call_rates where name = ? and key = ?', [name, key])
}

/** All workers keep to it from their next call on. */
export async function learnRate(session: Session, rate: CallRate, news: RateNews): Promise<void> {
  const { name, key, count, perMs } = rate
  await session.run(
    `insert into call_rates (name, key, count, per_ms, taken, promised_at, blocked_until, used_at)
     values (?, ?, ?, ?, 0, 0, 0, reeve_now()) on conflict (name, key) do nothing`,
    [name, key, count, perMs],
  )
  if (news.blockedUntil !== undefined)
    await session.run(
      'update call_rates set blocked_until = ? where name = ? and key = ? and blocked_until < ?',
      [Math.ceil(news.blockedUntil), name, key, Math.ceil(news.blockedUntil)],
    )
  if (news.limit)
    await session.run(
      'update call_rates set learnt_count = ?, learnt_per_ms = ? where name = ? and key = ?',
      [news.limit.count, news.limit.perMs, name, key],
    )
}

/** Where the rate was declared otherwise before, its tokens tell nothing of the new one: a whole stretch must pass. */
async function blockedUntil(
  session: Session,
  row: RateRow,
  { name, key, count, perMs }: CallRate,
): Promise<number> {
  if (row.count === count && row.per_ms === perMs) return row.blocked_until
  const last = await session.get<{ until: number | null }>(
    'select max(until) as until from call_tokens where name = ? and key = ?',
    [name, key],
  )
  await session.run('delete from call_tokens where name = ? and key = ?', [name, key])
  return last?.until == null ? row.blocked_until : last.until + Math.max(perMs, row.per_ms) + 1
}

/** Forgets rates that nothing was counted by for so long that they allow everything, at most `slice`. Answers how many. */
export async function tidyCallRates(session: Session, slice: number): Promise<number> {
  const rates = await session.all<{ name: string; key: string }>(
    `select name, key from call_rates where used_at + 2 * per_ms + 60000 < reeve_now()
       and promised_at < reeve_now() and blocked_until < reeve_now() limit ? {lock}`,
    [slice],
  )
  for (const { name, key } of rates) {
    await session.run('delete from call_tokens where name = ? and key = ?', [name, key])
    await session.run('delete from call_rates where name = ? and key = ?', [name, key])
  }
  return rates.length
}
