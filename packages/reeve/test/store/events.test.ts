import { expect, expectTypeOf, test } from 'vitest'
import { ReeveError } from '../../src/base/errors.ts'
import {
  checkedEvent,
  definitionOf,
  type EventPayloads,
  type EventType,
  events,
  newEvent,
  payloadIfSound,
  payloadOf,
  quoted,
  textEvent,
  typesOf,
} from '../../src/store/journal/events.ts'

const types = Object.keys(events) as EventType[]

test('what was written is read, by its type', () => {
  const set = newEvent('timer-set', { dueAt: 7 })
  expect(set).toEqual({ type: 'timer-set', payload: '{"dueAt":7}' })
  const payload = payloadOf(set, 'timer-set')
  expectTypeOf(payload).toEqualTypeOf<{ dueAt: number }>()
  expect(payload).toEqual({ dueAt: 7 })
  expectTypeOf<EventPayloads['effect-intended']['class']>().toEqualTypeOf<
    'read' | 'idempotent' | 'verifiable' | 'once' | undefined
  >()
  expect(payloadOf(newEvent('timer-fired', undefined), 'timer-fired')).toBeUndefined()
  expect(payloadOf(checkedEvent('step-completed', [1], 'the result'), 'step-completed')).toEqual([1])
  expect(payloadOf(textEvent('step-completed', null), 'step-completed')).toBeUndefined()
  const either = payloadOf(newEvent('run-cancelled', { by: 'ada' }), 'run-stuck', 'run-cancelled')
  expectTypeOf(either).toEqualTypeOf<{ by: string } | { reason: string }>()
})

test('a payload that is not what its type has does not compile', () => {
  // @ts-expect-error
  newEvent('timer-set', {})
  // @ts-expect-error
  newEvent('timer-set', { dueAt: 'soon' })
  // @ts-expect-error
  newEvent('timer-sett', { dueAt: 1 })
  // @ts-expect-error Written always, though journals of before have it not.
  newEvent('effect-intended', { attempt: 1 })
  // @ts-expect-error
  textEvent('timer-set', '{}')
})

test.each([
  [{ type: 'timer-set', payload: null }, 'its payload has no "dueAt"'],
  [{ type: 'timer-set', payload: '{"dueAt":"soon"}' }, '"dueAt" of its payload is not of kind time'],
  [{ type: 'timer-set', payload: '[7]' }, 'its payload is not an object'],
  [{ type: 'timer-set', payload: '{"dueAt":' }, 'its payload is not JSON'],
  [{ type: 'timer-fired', payload: null }, 'its type is not timer-set'],
])('%j is damaged: %s', (event, problem) => {
  expect(() => payloadOf({ ...event, run: 3, seq: 9 }, 'timer-set')).toThrow(
    expect.objectContaining({
      code: 'journal-damaged',
      message: expect.stringMatching(
        new RegExp(`^Event 9 \\(${event.type}\\) of run number 3 cannot be read: ${problem}\\.`),
      ),
    }),
  )
  expect(() => payloadOf(event, 'timer-set')).toThrow(ReeveError)
  expect(payloadIfSound(event, 'timer-set')).toBeUndefined()
})

test('events of before may lack what is written now, and no payload is an empty one', () => {
  expect(payloadOf({ type: 'run-retried', payload: null }, 'run-retried')).toEqual({})
  expect(payloadOf({ type: 'effect-intended', payload: '{"attempt":1}' }, 'effect-intended')).toEqual({
    attempt: 1,
  })
  expect(payloadOf({ type: 'signal-awaited', payload: '{"dueAt":null}' }, 'signal-awaited').dueAt).toBeNull()
})

test('a type of a later version has no definition', () => {
  expect(definitionOf('run-teleported')).toBeUndefined()
  expect(definitionOf('toString')).toBeUndefined()
  expect(definitionOf('timer-set')?.due).toBe('dueAt')
})

test('SQL gets types as its texts', () => {
  expect(quoted('run-started', 'run-continued')).toBe(`'run-started', 'run-continued'`)
  expect(types.every((type) => /^[a-z]+(-[a-z]+)+$/.test(type))).toBe(true)
})

test.each(types)('%s: its entry holds together', (type) => {
  const { role, call, meaning, by, due, shown = [], fields, shape } = definitionOf(type)!
  expect(typesOf(role)).toContain(type)
  for (const sentence of [meaning, ...Object.values(fields).map((field) => field.meaning)])
    expect(sentence).toMatch(/^[^a-z].*[.)]$|^`.*\.$/)
  expect(by).not.toBe('')
  if (due !== undefined) expect(fields[due]).toMatchObject({ kind: 'time', presence: 'always' })
  for (const name of shown) expect(fields).toHaveProperty(name)
  if (role === 'call' || role === 'wait' || role === 'settlement') expect(call).toBeDefined()
  else if (shape === 'error') expect(role).toBe('run')
})
