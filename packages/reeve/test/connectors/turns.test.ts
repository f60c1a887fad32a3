import { expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { DoorServices } from '../../src/connectors/door/door-services.ts'
import { RequestTurns } from '../../src/connectors/door/request-turns.ts'
import type { CallPlace } from '../../src/connectors/shape/host.ts'
import { PutOff } from '../../src/engine/calls/effect/definition.ts'
import { CallRates } from '../../src/engine/calls/effect/rate/call-rates.ts'
import type { Database } from '../../src/store/database.ts'
import type { CallRate } from '../../src/store/spending/call-rates.ts'
import { learnRate } from '../../src/store/spending/call-rates.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import { testEngine } from '../engine/harness.ts'

const rate: CallRate = { name: 'service:mail', key: '', count: 5, perMs: 1000, onWayMs: 10_000 }
const place = { connection: { definition: { title: 'Mail' } }, class: 'default' } as unknown as CallPlace

/** One worker's calls, as the engine begins them: each takes a token, and then makes its requests; put off, it begins anew. */
function worker(database: Database, clock: FakeClock, sent: number[], way = () => ({ wayMs: 0, backMs: 0 })) {
  const rates = new CallRates(database, clock, silentLog)
  const take: DoorServices['take'] = (_place, { begun, aside }) =>
    rates.take({
      rate,
      slackMs: 50,
      waited: false,
      ...(begun && { begun }),
      ...(aside !== undefined && { aside }),
    })
  const arrivedOf = (token: number, isUsed: boolean) => rates.arrived({ rate, token, isUsed })
  const services = {
    clock,
    take,
    arrived: (_place: CallPlace, { token, isUsed }: { token: number; isUsed: boolean }) =>
      arrivedOf(token, isUsed),
  }
  const signal = new AbortController().signal
  const sleepUntil = (at: number) =>
    new Promise<void>((resolve) => void clock.after(Math.max(1, at - clock.now()), resolve))
  return async (requests: number, isKnown = false): Promise<number> => {
    for (let waited = false, begun = 0; ; waited = true) {
      const answer = await rates.take({ rate, slackMs: 50, waited })
      if ('retryAt' in answer) {
        await sleepUntil(answer.retryAt)
        continue
      }
      begun++
      const { token } = answer.turns[0]!
      const turns = new RequestTurns(services, place, {
        signal,
        arrived: Object.assign((isUsed = true) => arrivedOf(token, isUsed), { isStale: () => false }),
      })
      try {
        for (let request = 0; request < requests; request++) {
          const arrived = await turns.next(undefined, false)
          const { wayMs, backMs } = way()
          await sleepUntil(clock.now() + wayMs)
          sent.push(clock.now())
          await sleepUntil(clock.now() + backMs)
          arrived()
          if (request === 0 && isKnown) turns.expects(requests - 1)
        }
        return begun
      } catch (error) {
        if (!(error instanceof PutOff)) throw error
        await sleepUntil(error.at)
      }
    }
  }
}

function densest(times: number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length))
}

async function started() {
  const { database, clock } = await testEngine([])
  return { database, clock }
}

test.each([1, 2])('25 calls of two requests each end under a low rate, with %i workers', async (workers) => {
  const { database, clock } = await started()
  const sent: number[] = []
  const calls = Array.from({ length: workers }, () => worker(database, clock, sent))
  const begun: number[] = []
  for (let index = 0; index < 25; index++) void calls[index % workers]!(2).then((times) => begun.push(times))
  await clock.advance(15_000)
  expect(begun).toEqual(Array(25).fill(1))
  expect(sent).toHaveLength(50)
  expect(densest(sent, rate.perMs)).toBeLessThanOrEqual(5)
})

test.each([1, 2])('calls of many requests end one after the other, with %i workers', async (workers) => {
  const { database, clock } = await started()
  const sent: number[] = []
  const calls = Array.from({ length: workers }, () => worker(database, clock, sent))
  const begun: number[] = []
  for (let index = 0; index < 6; index++)
    void calls[index % workers]!(20, true).then((times) => begun.push(times))
  await clock.advance(60_000)
  expect(begun).toHaveLength(6)
  expect(densest(sent, rate.perMs)).toBeLessThanOrEqual(5)
})

test('a service sees no more than its rate, however long requests and answers are on their way', async () => {
  const { database, clock } = await started()
  const sent: number[] = []
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  // Most are quick; some take longer than the stretch of the rate.
  const way = () => ({
    wayMs: Math.ceil(random() < 0.2 ? 2_500 * random() : 80 * random()),
    backMs: Math.ceil(200 * random()),
  })
  const calls = [1, 2, 3].map(() => worker(database, clock, sent, way))
  let ended = 0
  for (let index = 0; index < 40; index++)
    void calls[index % 3]!(1 + (index % 3), index % 2 === 0).then(() => ended++)
  await clock.advance(90_000)
  expect(ended).toBe(40)
  expect(sent).toHaveLength(79)
  expect(densest(sent, rate.perMs)).toBeLessThanOrEqual(5)
})

test('after the service said that it takes no more calls come back one after the other', async () => {
  const { database, clock } = await started()
  const rates = new CallRates(database, clock, silentLog)
  const take: DoorServices['take'] = () => rates.take({ rate, slackMs: 50, waited: false })
  const at = clock.now() + 5000
  await database.transaction((session) => learnRate(session, rate, { blockedUntil: at }))
  const signal = new AbortController().signal
  const back = await Promise.all(
    Array.from({ length: 10 }, () =>
      new RequestTurns({ clock, take, arrived: () => {} }, place, { signal }).back(place, at),
    ),
  )
  expect(back.map((each) => each - at)).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800])
})

test('a process that stood still with its turn takes another one before it sends', async () => {
  const { database, clock } = await started()
  const rates = new CallRates(database, clock, silentLog)
  const take: DoorServices['take'] = (_place, { begun }) =>
    rates.take({ rate, slackMs: 50, waited: false, ...(begun && { begun }) })
  const given: boolean[] = []
  let isStale = false
  const turnsOf = () =>
    new RequestTurns({ clock, take, arrived: () => {} }, place, {
      signal: new AbortController().signal,
      arrived: Object.assign((isUsed = true) => void given.push(isUsed), { isStale: () => isStale }),
    })
  const quick = await turnsOf().next(undefined, false)
  quick()
  isStale = true
  const late = await turnsOf().next(undefined, false)
  expect(given).toEqual([true, false])
  late()
  // What the late one sends goes by the token that it took.
  expect(given).toEqual([true, false])
})
