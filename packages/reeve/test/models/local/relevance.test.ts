import { expect, test } from 'vitest'
import { readPassages, weighTerms } from '../../../src/models/local/relevance.ts'
import { passages } from './passages.ts'

test('a term is the rarer the fewer statements hold it, however often they repeat it', () => {
  const text =
    'Refund after refund is a refund. Refunds take days. Parcels take days. Parcels travel by truck.'
  const evidence = readPassages([{ ...passages[0]!, text }])
  expect(evidence.holders('refund')).toBe(2)
  expect(evidence.holders('parcel')).toBe(2)
  expect(evidence.rarity('truck')).toBeGreaterThan(evidence.rarity('refund'))
  expect(evidence.rarity('unheard')).toBe(evidence.rarity('truck'))
})

test('what is asked twice weighs more, but not twice as much', () => {
  const evidence = readPassages(passages)
  const once = weighTerms('refund parcel', evidence).get('refund')!
  const twice = weighTerms('refund refund parcel', evidence).get('refund')!
  expect(twice).toBeGreaterThan(once)
  expect(twice).toBeLessThan(2 * once)
})
