import { expect, test } from 'vitest'
import { z } from 'zod'
import { readAnswer } from '../../src/models/reading/structured.ts'
import { askRoute } from '../../src/models/route/route.ts'
import type { Question, Solver } from '../../src/models/solver.ts'
import { type FaultRates, flakySolver, scriptedSolver } from '../../src/testing/scripted.ts'
import { FakeClock, settled } from './fake-clock.ts'

const Facts = z.object({ category: z.string(), urgency: z.number() })
const right = '{"category":"billing","urgency":2}'
const question: Question = { task: 'extract', name: 'facts', input: '', schema: { type: 'object' } }
const sound: Solver = { name: 'sound', kind: 'function', solve: () => ({ kind: 'text', text: right }) }
const signal = new AbortController().signal

async function outcomes(rates: FaultRates & { seed: number }, count: number): Promise<string[]> {
  const solver = flakySolver(sound, rates)
  const seen: string[] = []
  for (let index = 0; index < count; index++) {
    try {
      const answer = await solver.solve(question, { signal })
      seen.push(answer.kind === 'text' ? answer.text : answer.kind)
    } catch (error) {
      seen.push(error instanceof Error ? error.message : String(error))
    }
  }
  return seen
}

test('a script that is asked too often says so', async () => {
  const solver = scriptedSolver(['one'])
  expect(await solver.solve(question, { signal })).toEqual({ kind: 'text', text: 'one' })
  expect(() => solver.solve(question, { signal })).toThrow(
    'asked 2 times ("facts") but its script has 1 replies',
  )
})

test('the same seed strikes the same calls, at about the set rates', async () => {
  const rates = { seed: 7, wrongJson: 0.2, http429: 0.1 }
  const first = await outcomes(rates, 2000)
  expect(await outcomes(rates, 2000)).toEqual(first)
  expect(await outcomes({ ...rates, seed: 8 }, 2000)).not.toEqual(first)
  const spoilt = first.filter((text) => text !== right && !text.includes('429')).length
  const limited = first.filter((text) => text.includes('429')).length
  expect(spoilt / 2000).toBeCloseTo(0.2, 1)
  expect(limited / 2000).toBeCloseTo(0.1, 1)
})

test('each fault is what it is called', async () => {
  for (const text of new Set(await outcomes({ seed: 1, messyJson: 1 }, 50))) {
    expect(readAnswer(text, Facts)).toMatchObject({ ok: true, value: JSON.parse(right) })
    expect(text).not.toBe(right)
  }
  for (const text of new Set(await outcomes({ seed: 1, wrongJson: 1 }, 50)))
    expect(readAnswer(text, Facts)).toMatchObject({ ok: false, stage: 'syntax' })
  for (const text of new Set(await outcomes({ seed: 1, wrongValue: 1 }, 50)))
    expect(readAnswer(text, Facts)).toMatchObject({ ok: false, stage: 'schema' })
  expect(await flakySolver(sound, { seed: 1, cutAnswer: 1 }).solve(question, { signal })).toMatchObject({
    cut: true,
  })
  await expect(
    flakySolver(sound, { seed: 1, lostConnection: 1 }).solve(question, { signal }),
  ).rejects.toMatchObject({
    retryable: true,
    details: { billUnknown: true },
  })
})

test('a route of flaky solvers answers rightly or not at all', async () => {
  const rates = {
    wrongJson: 0.2,
    wrongValue: 0.1,
    messyJson: 0.2,
    cutAnswer: 0.1,
    http429: 0.05,
    http500: 0.05,
  }
  const small = flakySolver(sound, { seed: 3, ...rates })
  const large = flakySolver({ ...sound, name: 'large' }, { seed: 4, ...rates })
  const clock = new FakeClock()
  let answered = 0
  for (let index = 0; index < 300; index++) {
    let waiting = true
    const asking = askRoute({ solvers: [small, large] }, question, Facts, { signal, clock }).then(
      (answer) => {
        expect(answer.value).toEqual(JSON.parse(right))
        answered++
      },
      (error: unknown) => expect(error).toMatchObject({ code: 'route-exhausted' }),
    )
    const done = asking.finally(() => {
      waiting = false
    })
    while (waiting) {
      await settled()
      if (waiting) await clock.advance(250)
    }
    await done
  }
  expect(answered).toBeGreaterThan(295)
  for (const fault of Object.keys(rates) as Array<keyof typeof rates>)
    expect(small.struck[fault]).toBeGreaterThan(0)
})
