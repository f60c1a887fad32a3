import { expect, onTestFinished, test, vi } from 'vitest'
import { hearTime, serverNow } from '../src/api/server-time.ts'
import { questionOf } from '../src/features/inbox/wording.ts'
import { clock, count, duration, firstLine, many, moment, money, percent } from '../src/ui/words.ts'

test('times, amounts and counts are told as people read them', () => {
  expect(
    [0, 0.12, 41, 3200, 41_000, 12 * 60_000, 8_040_000, 7_200_000, 86_400_000, 3 * 86_400_000].map(duration),
  ).toEqual(['< 1 ms', '0.12 ms', '41 ms', '3.2 s', '41 s', '12 min', '2 h 14 min', '2 h', '1 day', '3 days'])
  expect([0, 0.0004, 0.09, 3.12, 1234.5].map(money)).toEqual([
    '$0',
    '$0.00040',
    '$0.09',
    '$3.12',
    '$1,234.50',
  ])
  expect([0.986, 1, 0].map(percent)).toEqual(['98.6\u00a0%', '100\u00a0%', '0\u00a0%'])
  expect([many(1, 'thing'), many(7, 'thing'), many(0, 'thing'), many(1312, 'run')]).toEqual([
    'One thing',
    'Seven things',
    'No things',
    '1,312 runs',
  ])
  expect(count(1_000_000)).toBe('1,000,000')
})

test('the first line of a text says what it announces', () => {
  expect([
    firstLine('it broke\nat line 3'),
    firstLine('1 of its 2 criteria is not met:\n- {open} is 0\n  found: 2'),
    firstLine('nothing follows:'),
    firstLine('x'.repeat(12), 10),
  ]).toEqual([
    'it broke',
    '1 of its 2 criteria is not met: {open} is 0',
    'nothing follows:',
    `${'x'.repeat(9)}…`,
  ])
})

test('a moment is told with as much of its date as is not today’s', () => {
  const now = new Date(2026, 10, 28, 16, 30).getTime()
  const told = (...date: [number, number, number, number, number]) =>
    clock(new Date(...date).toISOString(), now)
  expect([
    told(2026, 10, 28, 16, 8),
    told(2026, 10, 12, 16, 8),
    told(2027, 10, 12, 16, 8),
    told(2025, 11, 31, 9, 0),
  ]).toEqual(['16:08', '12 Nov, 16:08', '12 Nov 2027', '31 Dec 2025'])
})

test('the time is that of the server, as its last answer told it', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  onTestFinished(() => {
    hear('1000000')
    vi.useRealTimers()
  })
  const hear = (time?: string) =>
    hearTime({ headers: new Headers(time === undefined ? {} : { 'reeve-time': time }) })
  hear('4600000')
  expect(serverNow()).toBe(4_600_000)
  vi.advanceTimersByTime(2000)
  expect(serverNow()).toBe(4_602_000)
  // Late by the way that it took, and answers that say nothing or nonsense.
  for (const told of ['4601400', undefined, 'soon', '']) hear(told)
  expect(serverNow()).toBe(4_602_000)
  hear('900000')
  expect(serverNow()).toBe(900_000)
})

test('figures, days and months are those of the languages that they are told in', () => {
  const places = { style: 'currency', currency: 'USD' } as const
  for (const value of [0, 7, 999, 1000, 65_536, 1_234_567.5, 0.1234, 12.5, -4200])
    expect(count(value)).toBe(value.toLocaleString('en-US'))
  for (const usd of [0.01, 1, 12.345, 999.999, 1_234_567.891, -3.5])
    expect(money(usd)).toBe(usd.toLocaleString('en-US', places))
  const long = { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' } as const
  for (let at = Date.UTC(2026, 0, 3, 4, 5); at < Date.UTC(2027, 0, 1); at += 9 * 86_400_000) {
    const told = new Intl.DateTimeFormat('en-GB', long).format(at).replace(' at ', ', ')
    expect(moment(at)).toBe(told)
    expect(clock(new Date(at).toISOString(), at + 40 * 86_400_000)).toContain(told.split(' ')[2]!.slice(0, 3))
  }
})

test('of an ended run it is asked whether it was right, and of all else whether it may happen', () => {
  const asked = { kind: 'approval', subject: 'review close', shown: { run: 'R-1' } } as const
  expect(questionOf({ ...asked, workflow: 'reeve.review' })).toBe(
    'This run ended and asked nobody: was it right?',
  )
  expect(questionOf({ ...asked, workflow: 'close' })).toBe('Is “review close” all right?')
})
