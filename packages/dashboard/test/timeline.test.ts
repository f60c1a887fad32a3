import { expect, test } from 'vitest'
import { events as vocabulary } from '../../reeve/src/store/journal/events.ts'
import type { EventItem } from '../src/api/types.ts'
import { layersOf } from '../src/features/run/graph/layers.ts'
import { barsOf, isSettlement, scaleOf } from '../src/features/run/timeline.ts'

const event = (
  seq: number,
  ms: number,
  type: string,
  call: number | null,
  name: string | null = null,
): EventItem => ({
  seq,
  at: new Date(ms).toISOString(),
  type,
  call,
  name,
  tone: 'plain',
  words: type,
  payload: null,
  isCut: false,
  size: 0,
})

const events = [
  event(1, 0, 'run-started', null),
  event(2, 4, 'step-completed', 1, 'read the ticket'),
  event(3, 6, 'approval-requested', 2, 'helpdesk.reply'),
  event(4, 7_200_000, 'approval-decided', 2, 'helpdesk.reply'),
  event(5, 7_200_001, 'effect-intended', 3, 'helpdesk.reply'),
  event(6, 7_200_040, 'effect-retrying', 3, 'helpdesk.reply'),
  event(7, 7_200_050, 'effect-intended', 3, 'helpdesk.reply'),
]

test('a call is a bar from its beginning to its end, waiting or at work', () => {
  expect(barsOf(events)).toMatchObject([
    { call: 1, name: 'read the ticket', from: 0, to: 4, isWait: false, attempts: 1 },
    { call: 2, from: 6, to: 7_200_000, isWait: true },
    { call: 3, from: 7_200_001, to: undefined, isWait: false, attempts: 2 },
  ])
})

test('every event with which a call is over in the journal ends its bar, and no other does', () => {
  for (const [type, { role }] of Object.entries(vocabulary))
    if (role !== 'note') expect([type, isSettlement(type)]).toEqual([type, role === 'settlement'])
})

test('in a run that has ended nothing goes on', () => {
  const ended = [...events, event(8, 7_200_060, 'run-cancelled', null)]
  expect(barsOf(ended).map(({ to }) => to)).toEqual([4, 7_200_000, 7_200_060])
  expect(barsOf([event(1, 0, 'run-started', null), event(2, 5, 'effect-asked', 1)])).toMatchObject([
    { from: 0, to: 5 },
  ])
})

test('a call of which it was only found that a person must be asked first is not drawn as an effect', () => {
  const asked = [
    event(1, 0, 'run-started', null),
    event(2, 5, 'effect-asked', 1, 'helpdesk.reply'),
    event(3, 5, 'approval-requested', 2, 'helpdesk.reply'),
    event(4, 9, 'approval-decided', 2, 'helpdesk.reply'),
    event(5, 9, 'effect-intended', 3, 'helpdesk.reply'),
    event(6, 11, 'effect-completed', 3, 'helpdesk.reply'),
  ]
  const drawn = (all: EventItem[]) =>
    barsOf(all).flatMap(({ isOnlyAsked, call }) => (isOnlyAsked ? [] : [call]))
  expect(drawn(asked)).toEqual([2, 3])
  // Also where its intent was written before.
  expect(
    drawn([event(1, 0, 'effect-intended', 1), event(2, 5, 'effect-asked', 1), ...asked.slice(2)]),
  ).toEqual([2, 3])
})

test('what went on side by side stands side by side, by the order of the journal alone', () => {
  const fanOut = [
    event(1, 0, 'run-started', null),
    event(2, 0, 'step-completed', 1, 'split'),
    event(3, 0, 'effect-intended', 2, 'left'),
    event(4, 0, 'effect-intended', 3, 'right'),
    event(5, 0, 'effect-completed', 3, 'right'),
    event(6, 0, 'effect-completed', 2, 'left'),
    event(7, 0, 'step-completed', 4, 'join'),
  ]
  const { places, links } = layersOf(barsOf(fanOut))
  expect(places.map(({ down }) => down)).toEqual([0, 1, 1, 2])
  expect(new Set(places.map(({ across }) => across)).size).toBe(3)
  expect(links).toEqual([
    [1, 2],
    [1, 3],
    [2, 4],
    [3, 4],
  ])
})

test('a journal of 20,000 events becomes bars in less than a blink', () => {
  const long = Array.from({ length: 20_000 }, (_, index) =>
    event(index + 1, index * 3, 'step-completed', index + 1, 'part'),
  )
  const before = performance.now()
  expect(barsOf(long)).toHaveLength(20_000)
  // A bar that looks through all events before it takes many seconds.
  expect(performance.now() - before).toBeLessThan(1500)
})

test('on the scale a long wait leaves a short step to be seen', () => {
  const bars = barsOf(events)
  const place = scaleOf(bars, 7_200_060)
  const moments = [0, 4, 6, 7_200_000, 7_200_001, 7_200_060].map(place)
  expect(moments[0]).toBe(0)
  expect(moments.at(-1)).toBe(1)
  expect(moments).toEqual(moments.toSorted((a, b) => a - b))
  expect(place(4) - place(0)).toBeGreaterThan(0.02)
})
