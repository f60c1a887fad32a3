import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { termsOf } from '../../src/text/terms.ts'

describe('termsOf', () => {
  test('folds endings and leaves out words without meaning', () => {
    expect(termsOf('The refunds, refunded and REFUNDING a refund')).toEqual([
      'refund',
      'refund',
      'refund',
      'refund',
    ])
    expect(new Set(termsOf('deliveries delivery'))).toEqual(new Set(['deliveri']))
    expect(new Set(termsOf('charge charges charged charging'))).toEqual(new Set(['charg']))
    expect(termsOf("I haven't and I haven’t")).toEqual([])
  })

  test('reads a script without spaces as pairs of characters', () => {
    expect(termsOf('返金方法')).toEqual(['返金', '金方', '方法'])
  })

  test('reads an amount as one term, whatever its spelling, and a version by its parts', () => {
    expect(termsOf('$1,500.00 and 1500, or 1500.5 in 1.0.2')).toEqual(['1500', '1500', '1500.5', '1.0.2'])
    expect(termsOf('3d abc123')).toEqual(['3', 'abc123'])
  })

  test('reads plain words alike, whether or not a word of another script stands behind them', () => {
    const text = fc.string({ unit: fc.constantFrom(...`abyz059.,' -$ssingedionmentlyes`), maxLength: 40 })
    fc.assert(
      fc.property(text, (plain) => {
        expect(termsOf(`${plain} 漢`)).toEqual([...termsOf(plain), '漢'])
      }),
      { numRuns: 2000 },
    )
  })
})
