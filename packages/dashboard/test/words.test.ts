import { expect, test } from 'vitest'
import { count, duration, many, money, percent } from '../src/ui/words.ts'

test('times, amounts and counts are told as people read them', () => {
  expect(
    [0.12, 41, 3200, 41_000, 12 * 60_000, 8_040_000, 7_200_000, 86_400_000, 3 * 86_400_000].map(duration),
  ).toEqual(['0.12 ms', '41 ms', '3.2 s', '41 s', '12 min', '2 h 14 min', '2 h', '1 day', '3 days'])
  expect([0, 0.0004, 0.09, 3.12, 1234.5].map(money)).toEqual(['$0', '$0.0004', '$0.09', '$3.12', '$1,234.50'])
  expect([0.986, 1, 0].map(percent)).toEqual(['98.6 %', '100 %', '0 %'])
  expect([many(1, 'thing'), many(7, 'thing'), many(0, 'thing'), many(1312, 'run')]).toEqual([
    'One thing',
    'Seven things',
    'No things',
    '1,312 runs',
  ])
  expect(count(1_000_000)).toBe('1,000,000')
})
