import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import { checkRoute } from '../../src/models/route/check-route.ts'
import { askRoute, type RouteDefinition } from '../../src/models/route/route.ts'
import type { AskOptions, SolverAttempt } from '../../src/models/route/route-answer.ts'
import type { Question } from '../../src/models/solver.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { FakeClock, settled } from './fake-clock.ts'

const Facts = z.object({ urgency: z.number().int().min(1).max(5) })
const question: Question = { task: 'extract', name: 'read the ticket', input: 'It burns.' }
const usage = { inputTokens: 10, outputTokens: 2, costUsd: 0.001 }

function askOptions(extra: Partial<AskOptions> = {}): AskOptions & { clock: FakeClock } {
  const clock = new FakeClock()
  return { signal: new AbortController().signal, ...extra, clock }
}

async function exhaustion(
  asking: Promise<unknown>,
): Promise<ReeveError & { details: { hops: SolverAttempt[] } }> {
  const error = await asking.then(
    (answer) => {
      throw new Error(`answered: ${JSON.stringify(answer)}`)
    },
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ReeveError)) throw error
  return error as ReeveError & { details: { hops: SolverAttempt[] } }
}

function outage(details: Record<string, unknown> = {}): ReeveError {
  return new ReeveError('provider-unavailable', 'down', { retryable: true, details })
}

const never = () => new Promise<never>(() => {})

describe('healing', () => {
  test('feeds the exact problem and the answer back to the same solver', async () => {
    const solver = scriptedSolver([
      { kind: 'text', text: '{"urgency": 9}', usage },
      { kind: 'text', text: 'Sorry: {"urgency": 5}', usage },
    ])
    const answer = await askRoute({ solvers: [solver] }, question, Facts, askOptions())
    const problem =
      'The JSON does not fit the schema. urgency: Too big: expected number to be <=5; expected {"type":"integer","minimum":1,"maximum":5}; received 9.'
    expect(solver.questions[0]?.feedback).toBeUndefined()
    expect(solver.questions[1]?.feedback).toEqual({ answer: '{"urgency": 9}', problem })
    expect(answer).toMatchObject({
      value: { urgency: 5 },
      solver: 'scripted',
      kind: 'function',
      repairs: ['left out the text around the JSON'],
      raw: 'Sorry: {"urgency": 5}',
      usage: { inputTokens: 20, outputTokens: 4, costUsd: 0.002 },
      hops: [{ outcome: 'answered', heals: 1, rejected: [{ answer: '{"urgency": 9}', problem }] }],
    })
  })

  test('is bounded by maxHeals, then the next solver is asked from the start', async () => {
    const first = scriptedSolver(['one', 'two', 'three', 'four'], { name: 'first' })
    const second = scriptedSolver(['{"urgency":1}'], { name: 'second' })
    const answer = await askRoute({ solvers: [first, second], maxHeals: 2 }, question, Facts, askOptions())
    expect(first.questions).toHaveLength(3)
    expect(second.questions[0]?.feedback).toBeUndefined()
    expect(answer.hops.map((attempt) => [attempt.solver, attempt.outcome, attempt.heals])).toEqual([
      ['first', 'invalid', 2],
      ['second', 'answered', 0],
    ])
    expect(answer.hops[0]?.rejected.map((rejected) => rejected.answer)).toEqual(['one', 'two', 'three'])
  })

  test('ends early for a solver that repeats itself, and does not begin with maxHeals 0', async () => {
    const stubborn = scriptedSolver(['no', 'no', 'no'])
    await exhaustion(askRoute({ solvers: [stubborn], maxHeals: 5 }, question, Facts, askOptions()))
    expect(stubborn.questions).toHaveLength(2)
    const single = scriptedSolver(['no', '{"urgency":1}'])
    await exhaustion(askRoute({ solvers: [single], maxHeals: 0 }, question, Facts, askOptions()))
    expect(single.questions).toHaveLength(1)
  })

  test('an answer that ends at a length limit is never taken, even as plain text', async () => {
    const solver = scriptedSolver([{ kind: 'text', text: 'Dear customer, we', cut: true }, 'Dear customer.'])
    const answer = await askRoute(
      { solvers: [solver] },
      { ...question, task: 'generate' },
      undefined,
      askOptions(),
    )
    expect(answer.value).toBe('Dear customer.')
    expect(solver.questions[1]?.feedback?.problem).toContain('cut off after 17 characters')
  })

  test('keeps a bounded part of a huge answer', async () => {
    const solver = scriptedSolver([`a${'x'.repeat(100_000)}z`, '{"urgency":1}'])
    const { hops } = await askRoute({ solvers: [solver] }, question, Facts, askOptions())
    const kept = hops[0]!.rejected[0]!.answer
    expect(kept.length).toBeLessThan(17_000)
    expect(kept).toMatch(/^ax+\n\[… 83618 characters left out …\]\nx+z$/)
    expect(solver.questions[1]?.feedback?.answer).toBe(kept)
  })
})

describe('cascade', () => {
  test('goes on when a solver abstains or is unsure, and says why', async () => {
    const hops: SolverAttempt[] = []
    const solvers = [
      scriptedSolver([{ kind: 'abstain', reason: 'not a ticket' }], { name: 'rule', kind: 'local' }),
      scriptedSolver([{ kind: 'value', value: { urgency: 1 }, confidence: 0.6 }], { name: 'small' }),
      scriptedSolver([{ kind: 'value', value: { urgency: 2 }, confidence: 0.9 }], { name: 'large' }),
      scriptedSolver([], { name: 'unasked' }),
    ]
    const answer = await askRoute(
      { solvers, minConfidence: 0.8 },
      question,
      Facts,
      askOptions({ onAttempt: (attempt) => hops.push(attempt) }),
    )
    expect(answer).toMatchObject({ value: { urgency: 2 }, solver: 'large', confidence: 0.9, repairs: [] })
    expect(answer.hops).toEqual(hops)
    expect(hops.map(({ solver, outcome, reason }) => [solver, outcome, reason])).toEqual([
      ['rule', 'abstained', 'not a ticket'],
      ['small', 'unsure', 'its confidence 0.6 is below 0.8'],
      ['large', 'answered', 'answered'],
    ])
  })

  test('exhausted: names every reason and hands over the surest of the unsure answers', async () => {
    const solvers = [0.3, 0.5, 0.4].map((confidence, index) =>
      scriptedSolver([{ kind: 'value', value: { urgency: index + 1 }, confidence, usage }], {
        name: `s${index}`,
      }),
    )
    const error = await exhaustion(askRoute({ solvers, minConfidence: 0.8 }, question, Facts, askOptions()))
    expect(error).toMatchObject({ code: 'route-exhausted', retryable: false })
    expect(error.details).toMatchObject({
      best: { value: { urgency: 2 }, solver: 's1', kind: 'function', confidence: 0.5 },
      hops: [{ outcome: 'unsure' }, { outcome: 'unsure' }, { outcome: 'unsure' }],
      usage: { inputTokens: 30 },
    })
    expect(error.message).toContain('s2 unsure: its confidence 0.4 is below 0.8')
  })

  test('an unsure answer that is wrong too is not healed; a confidence that is no number counts as none', async () => {
    const wrong = scriptedSolver([{ kind: 'text', text: '{}', confidence: 0.1 }], { name: 'wrong' })
    const odd = scriptedSolver([{ kind: 'value', value: { urgency: 1 }, confidence: Number.NaN }], {
      name: 'odd',
    })
    const error = await exhaustion(
      askRoute({ solvers: [wrong, odd], minConfidence: 0.5 }, question, Facts, askOptions()),
    )
    expect(error.details.hops.map((attempt) => [attempt.outcome, attempt.heals])).toEqual([
      ['invalid', 0],
      ['unsure', 0],
    ])
  })

  test('a question without a schema is asked with the one that checks the answer', async () => {
    const solver = scriptedSolver(['{"urgency":1}'])
    await askRoute({ solvers: [solver] }, question, Facts, askOptions())
    expect(solver.questions[0]?.schema).toMatchObject({ type: 'object', required: ['urgency'] })
  })

  test('a missing key skips a solver; when nobody could be asked it is the error', async () => {
    const keyless = () =>
      scriptedSolver([new ReeveError('missing-key', 'X_KEY is not set')], { name: 'hosted' })
    const local = scriptedSolver(['{"urgency":1}'], { name: 'local' })
    const answer = await askRoute({ solvers: [keyless(), local] }, question, Facts, askOptions())
    expect(answer.hops.map((attempt) => [attempt.outcome, attempt.reason])).toEqual([
      ['skipped', 'X_KEY is not set'],
      ['answered', 'answered'],
    ])
    expect(await exhaustion(askRoute({ solvers: [keyless()] }, question, Facts, askOptions()))).toMatchObject(
      {
        code: 'missing-key',
        message: 'X_KEY is not set',
        details: { hops: [{ outcome: 'skipped' }] },
      },
    )
    expect((await exhaustion(askRoute({ solvers: [] }, question, Facts, askOptions()))).message).toContain(
      'has no solver',
    )
  })

  test('checkRoute refuses what cannot work', () => {
    const solver = scriptedSolver([])
    const refusal = (route: RouteDefinition) => () => checkRoute('triage', route)
    expect(refusal({ solvers: [] })).toThrow('The route "triage" has no solver')
    expect(refusal({ solvers: [solver, solver] })).toThrow('"scripted" twice')
    expect(refusal({ solvers: [solver], minConfidence: 80 })).toThrow('minConfidence of 80')
    expect(refusal({ solvers: [solver], timeoutMs: -1 })).toThrow('timeoutMs of -1')
    expect(refusal({ solvers: [solver], minConfidence: 1 })).not.toThrow()
  })
})

describe('outages', () => {
  test('a retryable failure is tried again after Retry-After, else after a growing wait', async () => {
    const options = askOptions()
    const solver = scriptedSolver([outage({ retryAfterMs: 1200 }), outage(), '{"urgency":1}'])
    const asking = askRoute({ solvers: [solver] }, question, Facts, options)
    await settled()
    expect(options.clock.waiting).toEqual([1200])
    await options.clock.advance(1199)
    expect(solver.questions).toHaveLength(1)
    await options.clock.advance(1)
    expect(solver.questions).toHaveLength(2)
    expect(options.clock.waiting).toEqual([500])
    await options.clock.advance(500)
    expect((await asking).hops).toMatchObject([{ outcome: 'answered', retries: 2 }])
    expect(options.clock.waiting).toEqual([])
  })

  test('a Retry-After beyond the bound is not waited for; exhausted, the route says when to come back', async () => {
    const options = askOptions()
    const solver = scriptedSolver([outage({ retryAfterMs: 30_000 })])
    const error = await exhaustion(askRoute({ solvers: [solver] }, question, Facts, options))
    expect(error).toMatchObject({
      code: 'route-exhausted',
      retryable: true,
      details: { retryAfterMs: 30_000 },
    })
    expect(error.details.hops[0]).toMatchObject({
      outcome: 'failed',
      reason: 'down; it asks to wait 30000 ms',
      retries: 0,
    })
  })

  test('an error that repetition cannot mend goes to the next solver at once', async () => {
    const solvers = [
      scriptedSolver([new TypeError('x is not a function')], { name: 'broken' }),
      scriptedSolver(['{"urgency":1}'], { name: 'sound' }),
    ]
    const { hops } = await askRoute({ solvers }, question, Facts, askOptions())
    expect(hops[0]).toMatchObject({ outcome: 'failed', reason: 'x is not a function', retries: 0 })
  })

  test('no answer in time: the call is aborted, its cost is held back, the next solver answers', async () => {
    const options = askOptions()
    let signal: AbortSignal | undefined
    const slow = scriptedSolver(
      [
        (_question, call) => {
          signal = call.signal
          return never()
        },
      ],
      { name: 'slow', worstCaseUsd: 0.25 },
    )
    const fast = scriptedSolver(['{"urgency":1}'], { name: 'fast' })
    const asking = askRoute({ solvers: [slow, fast], timeoutMs: 3000 }, question, Facts, options)
    await options.clock.advance(2999)
    expect(signal?.aborted).toBe(false)
    await options.clock.advance(1)
    expect(signal?.aborted).toBe(true)
    const answer = await asking
    expect(answer.hops).toMatchObject([
      {
        solver: 'slow',
        outcome: 'failed',
        reason: 'no answer within 3000 ms',
        retries: 0,
        unsettledUsd: 0.25,
      },
      { solver: 'fast', outcome: 'answered', unsettledUsd: 0 },
    ])
    expect(answer.unsettledUsd).toBe(0.25)
    expect(options.clock.waiting).toEqual([])
  })

  test('the signal asked for only after the timeout is aborted already', async () => {
    const options = askOptions()
    let call: { signal: AbortSignal } | undefined
    const late = scriptedSolver([
      (_question, given) => {
        call = given
        return never()
      },
    ])
    const asking = exhaustion(askRoute({ solvers: [late], timeoutMs: 10 }, question, Facts, options))
    await options.clock.advance(10)
    await asking
    expect(call?.signal.aborted).toBe(true)
  })

  test("the caller's abort ends the question with its own reason, during a call and during a wait", async () => {
    const reason = new Error('run cancelled')
    for (const reply of [never, outage()]) {
      const controller = new AbortController()
      const options = askOptions({ signal: controller.signal })
      const solver = scriptedSolver([reply])
      const asking = askRoute({ solvers: [solver] }, question, Facts, options)
      await settled()
      expect(options.clock.waiting).toHaveLength(1)
      controller.abort(reason)
      await expect(asking).rejects.toBe(reason)
      expect(options.clock.waiting).toEqual([])
    }
  })

  test('a solver that answers at once sets no timer', async () => {
    const options = askOptions()
    let timers = 0
    const counted = {
      ...options,
      clock: {
        now: () => 0,
        after: () => {
          timers++
          return () => {}
        },
      },
    }
    await askRoute({ solvers: [scriptedSolver(['{"urgency":1}'])] }, question, Facts, counted)
    expect(timers).toBe(0)
    await askRoute({ solvers: [scriptedSolver([async () => '{"urgency":1}'])] }, question, Facts, counted)
    expect(timers).toBe(1)
  })
})

describe('breakers', () => {
  test('an open breaker skips the solver until a probe succeeds', async () => {
    const options = askOptions()
    const breakers = new CircuitBreakers({ clock: options.clock, failures: 2, coolDownMs: 1000 })
    const flaky = scriptedSolver([outage(), outage(), '{"urgency":1}'], { name: 'flaky' })
    const ask = () => {
      const fallback = scriptedSolver(['{"urgency":5}'], { name: 'fallback' })
      const route = { solvers: [flaky, fallback], maxRetries: 0 }
      return askRoute(route, question, Facts, { ...options, breakers })
    }
    expect((await ask()).hops[0]).toMatchObject({ outcome: 'failed' })
    expect((await ask()).hops[0]).toMatchObject({ outcome: 'failed' })
    await options.clock.advance(400)
    expect((await ask()).hops[0]).toMatchObject({
      outcome: 'skipped',
      reason: 'its breaker is open; the next try is in 600 ms',
    })
    expect(flaky.questions).toHaveLength(2)
    await options.clock.advance(600)
    expect(await ask()).toMatchObject({ solver: 'flaky', value: { urgency: 1 } })
    expect(breakers.state('flaky')).toBe('closed')
  })

  test('wrong answers and refusals of one request leave it closed; being denied does not', async () => {
    const options = askOptions()
    const breakers = new CircuitBreakers({ clock: options.clock, failures: 1 })
    const replies = {
      wrong: 'no JSON',
      rejected: new ReeveError('provider-rejected', 'too long'),
      denied: new ReeveError('provider-denied', 'wrong key'),
    }
    for (const [name, reply] of Object.entries(replies)) {
      const solver = scriptedSolver([reply], { name })
      await exhaustion(
        askRoute({ solvers: [solver], maxHeals: 0 }, question, Facts, { ...options, breakers }),
      )
    }
    expect(Object.keys(replies).map((name) => breakers.state(name))).toEqual(['closed', 'closed', 'open'])
  })

  test('closed, open, half-open with one probe, open again; a withdrawn probe leaves its place', async () => {
    const clock = new FakeClock()
    const breakers = new CircuitBreakers({ clock, failures: 3, coolDownMs: 100 })
    for (const report of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) {
      expect(breakers.enter('s')).toBe(true)
      breakers[report]('s')
    }
    expect(breakers.state('s')).toBe('closed')
    breakers.failed('s')
    expect(breakers.state('s')).toBe('open')
    expect(breakers.enter('s')).toBe(false)
    expect(breakers.enter('other')).toBe(true)
    await clock.advance(100)
    expect(breakers.state('s')).toBe('half-open')
    expect([breakers.enter('s'), breakers.enter('s')]).toEqual([true, false])
    breakers.withdrawn('s')
    expect([breakers.enter('s'), breakers.enter('s')]).toEqual([true, false])
    breakers.failed('s')
    expect(breakers.probeInMs('s')).toBe(100)
    await clock.advance(100)
    expect(breakers.enter('s')).toBe(true)
    breakers.succeeded('s')
    expect(breakers.state('s')).toBe('closed')
  })
})
