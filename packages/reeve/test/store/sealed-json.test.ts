import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSalted, RunMarks } from '../../src/store/marks/run-marks.ts'

function marksOf(...texts: string[]): RunMarks {
  const marks = new RunMarks()
  marks.add(texts.map((text) => ({ mark: 'personal', text })))
  return marks
}

test('a marked text that is written as the journal writes its own fields replaces none of them', () => {
  const text = 'operator","channel":"mail'
  const kept = JSON.stringify({ input: { name: text }, principal: 'operator', channel: 'mail' })
  const sealed = marksOf(text).seal(kept)
  expect(JSON.parse(sealed)).toMatchObject({ principal: 'operator', channel: 'mail' })
  expect(sealed).not.toContain('operator\\"')
})

test('a marked text that looks like a number, a name or null leaves numbers, names and null alone', () => {
  const marks = marksOf('null', '1988', 'true', 'expiresAt', 'ab')
  const value = {
    expiresAt: 1_719_880_000,
    a: null,
    b: true,
    c: ['null', 'born 1988', 'true', 'expiresAt', 'ab', 'abc'],
  }
  const sealed = marks.seal(JSON.stringify(value))
  const { c, ...rest } = JSON.parse(sealed) as typeof value
  expect(rest).toEqual({ expiresAt: 1_719_880_000, a: null, b: true })
  expect(c.map((each) => each.includes('[marked:'))).toEqual([true, true, true, true, true, false])
  expect(JSON.parse(marks.open(sealed))).toEqual(value)
})

test('whatever is marked, what is kept is JSON, opens to what it was, and holds no marked text', () => {
  const text = fc.oneof(
    fc.string({ minLength: 4, maxLength: 12 }),
    fc.constantFrom(
      'null',
      '12345',
      '":"x',
      '\\',
      '\\\\"',
      '[marked:',
      '[marked:~',
      'a":"b',
      '{"a":1}',
      '","',
    ),
  )
  const json = fc.jsonValue({ maxDepth: 3 })
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), json, (texts, value) => {
      const marks = marksOf(...texts.filter((each) => each !== ''))
      const whole = JSON.stringify({ texts, value, nested: [`x${texts[0]}y`], [texts[0]!]: 1 })
      const sealed = marks.seal(whole)
      const parsed = JSON.parse(sealed) as { texts: string[] }
      expect(JSON.parse(marks.open(sealed))).toEqual(JSON.parse(whole))
      for (const each of texts.filter((one) => one !== ''))
        expect(parsed.texts.some((kept) => kept === each)).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test('a text that is not JSON opens to what it was', () => {
  const marks = marksOf('Ada "the" Byron', 'back\\slash')
  for (const text of ['Ask Ada "the" Byron', '\\[marked:abc]', 'a back\\slash, [marked:~x]', 'Ada']) {
    const sealed = marks.sealText(text)
    expect(marks.openText(sealed)).toBe(text)
    expect(sealed).not.toContain('Byron')
  }
})

test('only what Reeve itself wrote counts as salted', () => {
  const parsed = (value: object) =>
    ({ type: 'value-parsed', args: null, payload: JSON.stringify(value) }) as const
  expect(isSalted(parsed({ no: 1, given: 'salted.abc', value: 1 }))).toBe(true)
  expect(isSalted(parsed({ no: 1, given: 'abc', value: 'salted.abc' }))).toBe(false)
  expect(isSalted(parsed({ no: 1, given: 'abc', value: { no: 1, given: 'salted.abc' } }))).toBe(false)
  expect(isSalted({ type: 'step-completed', args: 'salted.abc', payload: null })).toBe(true)
  expect(isSalted({ type: 'step-completed', args: null, payload: '"salted.abc"' })).toBe(false)
})
