import { expect, test } from 'vitest'
import { PassageReader } from '../../../src/models/local/compose/passage-reader.ts'
import { readPassages, weighTerms } from '../../../src/models/local/compose/relevance.ts'
import { passages } from './passages.ts'

test('a term is the rarer the fewer statements hold it, however often they repeat it', () => {
  const text =
    'Refund after refund is a refund. Refunds take days. Parcels take days. Parcels travel by truck.'
  const evidence = readPassages([{ ...passages[0]!, text }], new PassageReader())
  expect(evidence.holders('refund')).toBe(2)
  expect(evidence.holders('parcel')).toBe(2)
  expect(evidence.rarity('truck')).toBeGreaterThan(evidence.rarity('refund'))
  expect(evidence.rarity('unheard')).toBe(evidence.rarity('truck'))
})

test('what is asked twice weighs more, but not twice as much', () => {
  const evidence = readPassages(passages, new PassageReader())
  const once = weighTerms('refund parcel', evidence).get('refund')!
  const twice = weighTerms('refund refund parcel', evidence).get('refund')!
  expect(twice).toBeGreaterThan(once)
  expect(twice).toBeLessThan(2 * once)
})

test('a statement that two passages share counts once', () => {
  const [first, second] = passages
  const shared = 'Couriers deliver on weekdays.'
  const evidence = readPassages(
    [
      { ...first!, text: `${shared} Parcels are insured.` },
      { ...second!, text: `${shared} Couriers wear green.` },
    ],
    new PassageReader(),
  )
  expect(evidence.statements.map(({ text, passage, position }) => [text, passage, position])).toEqual([
    [shared, 0, 0],
    ['Parcels are insured.', 0, 1],
    ['Couriers wear green.', 1, 0],
  ])
  expect(evidence.holders('courier')).toBe(2)
})

test('a passage is read again only when its title or text changed', () => {
  const reader = new PassageReader()
  const passage = { title: 'Delivery', text: 'Parcels travel by truck.' }
  const read = reader.read(passage)
  expect(reader.read({ ...passage })).toBe(read)
  expect(reader.read({ ...passage, title: 'Transport' }).title).toBe('Transport')
  expect(reader.read({ ...passage, text: 'Parcels travel by ship.' }).text).toBe('Parcels travel by ship.')
})

test('what was read long ago is forgotten', () => {
  const reader = new PassageReader()
  const oldest = { title: 'Delivery', text: 'Parcels travel by truck.' }
  const read = reader.read(oldest)
  for (let index = 0; index < 3; index++)
    reader.read({ title: '', text: `${index}${'x'.repeat(1024 * 1024)}` })
  expect(reader.read(oldest)).not.toBe(read)
  expect(reader.read(oldest)).toEqual(read)
})
