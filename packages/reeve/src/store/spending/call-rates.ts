import type { Session } from '../database.ts'
import { storeNow } from '../dispatch/claims.ts'

/** How many calls of one kind there may be in any stretch of time of that length, over all workers. */
export interface CallRate {
  /** What is called. */
  name: string
  /** What it is counted by beside that; empty: together. */
  key: string
  count: number
  perMs: number
  /**
   * It is kept where calls arrive, and not where they begin: each takes no longer on its way than this (ms). Whoever knows that one has
   * arrived says so (`tokensArrived`). Default 0: calls are counted as they begin.
   */
  onWayMs?: number
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
  /** A token that was set aside is to be used now. Answers with it, or with another time of it; lapsed: with another one. */
  aside?: number
}

/** When it may begin. */
export interface Turn {
  from: number
  until: number
  /** What tells it apart from others of its rate. */
  token: number
  /** It may begin now. Otherwise it is set aside, and asked for by `aside` once its time has come. */
  isNow: boolean
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

/** `until`: what it allowed has arrived by then. `began_at` null: it is set aside, and may begin until then. */
interface TokenRow {
  token: number
  until: number
  began_at: number | null
}

/**
 * Gives tokens for calls of one rate. Each has a time by which what it allows has arrived: at first the latest that is possible, later
 * the time at which that was heard of. A token is given when less than `count` others may have arrived in the last `perMs`: so no
 * stretch of `perMs` sees more than `count` of them arrive, wherever it starts. Of a process that died nothing is heard, and the latest
 * possible time holds.
 *
 *   set aside (for a time to come) → under way → arrived → forgotten, `perMs` later
 *           ↘ lapsed: nobody asked for it in its time
 *
 * Calls that have begun keep their turn: tokens of times to come are set aside for them, and nobody else begins before these are used.
 * Those that get none are told times that are spread as the rate will allow them, so that they do not all come back at once.
 */
export async function takeTokens(session: Session, requests: TokenRequest[]): Promise<TokenAnswer[]> {
  const declared = requests[0]!.rate
  const { name, key, onWayMs = 0 } = declared
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
  const state = { ...row, blocked_until: blockedUntil(row, rate, now) }
  await session.run('delete from call_tokens where name = ? and key = ? and until < ?', [...id, now - perMs])
  const wanted = requests.reduce((sum, { begun }) => sum + (begun?.tokens ?? 1), 0)
  const places = await placesOf(session, rate, now, Math.min(count, wanted))
  const answers: TokenAnswer[] = []
  let late = 0
  for (const { slackMs, waited, aside, begun = { tokens: 1, withinMs: 0 } } of requests) {
    const known =
      aside === undefined ? undefined : await useAside(session, rate, state, { aside, slackMs, now })
    if (known) {
      answers.push({ turns: [known] })
      continue
    }
    // So many that they are used up within half of the time.
    const tokens = Math.min(begun.tokens, Math.max(1, Math.floor((begun.withinMs / perMs) * count * 0.5)))
    const turns: Turn[] = []
    const free = [...places]
    let freeAt = now
    while (turns.length < tokens) {
      freeAt = Math.max(state.blocked_until, free.shift()! + perMs + 1)
      if (freeAt - now > begun.withinMs) break
      const from = Math.max(freeAt, now)
      // The first is used at once; whoever has the others asks for them when their time has come.
      const isNow = from === now && turns.length === 0
      const until = from + slackMs
      turns.push({ from, until, token: state.taken + turns.length, isNow })
      free.push(until)
    }
    if (turns.length === tokens) {
      for (const { token, until, isNow } of turns)
        await session.run(
          'insert into call_tokens (name, key, token, until, began_at) values (?, ?, ?, ?, ?)',
          [...id, token, isNow ? until + onWayMs : until, isNow ? now : null],
        )
      state.taken += tokens
      places.splice(0, places.length, ...free)
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

/**
 * When the next tokens become free, less `perMs`, the soonest first: of `count` places, those that are taken up by what may have arrived
 * lately. What is under way has not arrived before now; for how long it still is nobody knows, and as long again as it was is a guess.
 */
async function placesOf(
  session: Session,
  { name, key, count }: CallRate,
  now: number,
  wanted: number,
): Promise<number[]> {
  const taken = await session.all<TokenRow>(
    `select token, until, began_at from call_tokens where name = ? and key = ?
     order by until desc limit ? offset ?`,
    [name, key, wanted, count - wanted],
  )
  const free = new Array<number>(wanted - taken.length).fill(0)
  return [...free, ...taken.map((row) => expectedOf(row, now)).sort((one, other) => one - other)]
}

function expectedOf({ until, began_at }: TokenRow, now: number): number {
  if (began_at === null || until <= now) return until
  return Math.min(until, now + Math.max(now - began_at, leastGuessMs))
}

const leastGuessMs = 10

/** One that was set aside begins when less than `count` that began may have arrived lately; undefined: it lapsed. */
async function useAside(
  session: Session,
  { name, key, count, perMs, onWayMs = 0 }: CallRate,
  { blocked_until }: RateRow,
  { aside, slackMs, now }: { aside: number; slackMs: number; now: number },
): Promise<Turn | undefined> {
  const its = [name, key, aside]
  const row = await session.get<TokenRow>(
    'select token, until, began_at from call_tokens where name = ? and key = ? and token = ?',
    its,
  )
  if (!row || row.began_at !== null || row.until < now) return undefined
  const before = await session.get<TokenRow>(
    `select token, until, began_at from call_tokens where name = ? and key = ? and began_at is not null
     order by until desc limit 1 offset ?`,
    [name, key, count - 1],
  )
  const freeAt = Math.max(blocked_until, before ? expectedOf(before, now) + perMs + 1 : 0)
  const isNow = freeAt <= now
  const from = Math.max(freeAt, now)
  const until = from + slackMs
  await session.run(
    'update call_tokens set until = ?, began_at = ? where name = ? and key = ? and token = ?',
    [isNow ? until + onWayMs : until, isNow ? now : null, ...its],
  )
  return { from, until, token: aside, isNow }
}

/** What these tokens allowed has arrived by now; `isUsed` false: it was not even sent. */
export async function tokensArrived(
  session: Session,
  { name, key }: CallRate,
  tokens: readonly { token: number; isUsed: boolean }[],
): Promise<void> {
  for (const { token, isUsed } of tokens) {
    const its = [name, key, token]
    // Later than was thought possible, its place may have been given away: from now on it counts all the same.
    if (isUsed)
      await session.run(
        `insert into call_tokens (name, key, token, until, began_at) values (?, ?, ?, reeve_now(), reeve_now())
         on conflict (name, key, token) do update set until = excluded.until`,
        its,
      )
    else await session.run('delete from call_tokens where name = ? and key = ? and token = ?', its)
  }
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

/** How a rate stands. One that is not listed was never counted by. */
export type RateStanding = Pick<
  RateRow,
  'promised_at' | 'blocked_until' | 'learnt_count' | 'learnt_per_ms'
> & {
  name: string
  key: string
}

/** Rates of everything whose name begins so. */
export function listRates(session: Session, begins: string): Promise<RateStanding[]> {
  return session.all(
    `select name, key, promised_at, blocked_until, learnt_count, learnt_per_ms from call_rates
     where substr(name, 1, ${begins.length}) = ?`,
    [begins],
  )
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

/** Where a rate is declared for a longer stretch than before, its tokens do not reach so far back: a whole stretch must pass. */
function blockedUntil(row: RateRow, { perMs }: CallRate, now: number): number {
  return perMs <= row.per_ms ? row.blocked_until : Math.max(row.blocked_until, now + perMs + 1)
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
