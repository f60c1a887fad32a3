import { expect, test } from 'vitest'
import type { CostGroup, Route } from '../src/api/types.ts'
import { savedWords } from '../src/features/costs/savings.ts'

const solver = (name: string, usdPerMillion: number | null) =>
  ({
    name,
    price:
      usdPerMillion === null
        ? null
        : { inputUsdPerMillion: usdPerMillion, outputUsdPerMillion: usdPerMillion },
  }) as Route['solvers'][number]

const route = (name: string, ...solvers: Route['solvers']) => ({ name, solvers }) as Route

const spent = (name: string | null, tokens: number, costUsd: number) =>
  ({ name, inputTokens: tokens, outputTokens: 0, costUsd }) as CostGroup

const writing = route('writing', solver('local', null), solver('small', 1), solver('large', 10))
const reading = route('reading', solver('small', 1), solver('middle', 3))
const huge = route('huge', solver('dear', 100))

test('what was saved is told against the dearest model of the same route, and never too much', () => {
  // A million tokens of `small`: 10 − 1 in one route, 3 − 1 in the other; nothing says which asked.
  expect(savedWords([spent('small', 1e6, 1)], [writing, huge])).toMatch(/saved \$9\.00 /)
  expect(savedWords([spent('small', 1e6, 1)], [writing, reading, huge])).toMatch(/saved \$2\.00 /)
  // The dearest saves by the provider's cache alone; what no route names any more, and what is no model's, says nothing.
  expect(
    savedWords([spent('large', 1e6, 7.5), spent('gone', 1e9, 1), spent(null, 1e9, 0)], [writing]),
  ).toMatch(/saved \$2\.50 /)
})

test('where nothing was saved nothing is said', () => {
  expect(savedWords([spent('large', 1e6, 10)], [writing])).toBe('')
  expect(savedWords([spent('dear', 1e6, 140)], [huge])).toBe('')
  expect(savedWords([spent('local', 1e6, 0)], [route('local', solver('local', null))])).toBe('')
  expect(savedWords([], [])).toBe('')
})
