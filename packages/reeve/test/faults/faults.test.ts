import { expect, test } from 'vitest'
import { simulate } from './simulation.ts'

/** The short forms of `npm run faults`. */
test('simulated lives keep every invariant', { timeout: 30_000 }, async () => {
  for (let seed = 1; seed <= 120; seed++)
    expect({ seed, violations: await simulate(seed) }).toEqual({ seed, violations: [] })
})
