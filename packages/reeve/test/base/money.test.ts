import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUsd } from '../../src/base/money.ts'

test.each([
  [0, '$0'],
  [0.1, '$0.10'],
  [12.345, '$12.35'],
  [1_234_567.5, '$1234567.50'],
  [0.01, '$0.01'],
  [0.0099, '$0.0099'],
  [0.00996, '$0.01'],
  [0.0043, '$0.0043'],
  [0.001, '$0.0010'],
  [0.000_000_12, '$0.00000012'],
  [0.000_000_001, '$0.000000001'],
  [-0.5, '-$0.50'],
  [-0.0043, '-$0.0043'],
])('%d dollars are shown as %s', (usd, shown) => {
  expect(formatUsd(usd)).toBe(shown)
})

test('no amount that the ledger keeps is shown as nothing, by an exponent, or far off', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9e15 }), (nanousd) => {
      const shown = formatUsd(nanousd / 1e9)
      expect(shown).toMatch(/^\$\d+\.\d+$/)
      const told = Number(shown.slice(1)) * 1e9
      expect(told).toBeGreaterThan(0)
      expect(Math.abs(told - nanousd)).toBeLessThanOrEqual(nanousd < 1e7 ? nanousd * 0.06 + 1 : 5_000_001)
    }),
  )
})
