import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { maxAnswerBytes, readAnswer } from '../../src/models/reading/structured.ts'

const Facts = z.object({
  category: z.enum(['billing', 'technical']),
  urgency: z.number().int().min(1).max(5),
  orderId: z.string().optional(),
})
const facts = { category: 'billing', urgency: 2 }
const json = JSON.stringify(facts)

function problemOf(text: string, schema: z.ZodType = Facts): string {
  const reading = readAnswer(text, schema)
  if (reading.ok) throw new Error(`read as ${JSON.stringify(reading.value)}`)
  return reading.problem
}

describe('reads without loss', () => {
  test.each([
    ['plain JSON', json, []],
    ['blanks and a byte order mark around it', `\uFEFF\n ${json}\n`, []],
    ['a code fence', `\`\`\`json\n${json}\n\`\`\``, ['removed a code fence']],
    ['prose around it', `Sure [1]: ${json} Anything else?`, ['left out the text around the JSON']],
    ['a trailing comma', '{"category":"billing","urgency":2,}', ['removed a trailing comma']],
    ['a comment', '{"category":"billing", // the, "theme"\n"urgency":2 /* of 5 */}', ['removed a comment']],
    [
      'a comment between a trailing comma and its bracket',
      '{"category":"billing","urgency":2, /* , */ }',
      ['removed a comment', 'removed a trailing comma'],
    ],
    [
      'the same value twice',
      `${json}\n{"urgency":2,"category":"billing"}`,
      ['took a value that was given more than once'],
    ],
  ])('%s', (_name, text, repairs) => {
    expect(readAnswer(text, Facts)).toEqual({
      ok: true,
      value: facts,
      repairs,
    })
  })

  test('a raw line break inside a string stays a line break', () => {
    const reading = readAnswer('{"text": "one\ntwo // no comment, }"}', z.object({ text: z.string() }))
    expect(reading).toEqual({
      ok: true,
      value: { text: 'one\ntwo // no comment, }' },
      repairs: ['escaped a control character inside a string'],
    })
  })

  test('lists and fenced scalars', () => {
    expect(readAnswer('They are ["a", "b",].', z.array(z.string()))).toMatchObject({ value: ['a', 'b'] })
    expect(readAnswer('```\n"billing"\n```', z.string())).toMatchObject({ value: 'billing' })
  })

  test('brackets of prose are not mistaken for JSON', () => {
    expect(readAnswer(`In {braces} and [1, see below]: ${json}`, Facts)).toMatchObject({
      ok: true,
      value: facts,
    })
  })
})

describe('never guesses', () => {
  test.each([
    ['two different objects', `${json} or {"category":"technical","urgency":2}`, 'more than one JSON value'],
    ['an answer cut inside a string', '{"category":"bil', 'cut off'],
    ['an answer cut between tokens', '{"category":"billing","urgency":', 'cut off'],
    ['an answer cut inside a literal', '{"category":"billing","urgency":nul', 'cut off'],
    ['an answer cut inside a comment', '{"category":"billing", /* and', 'cut off'],
    [
      'a sound object after a broken one',
      `{"category": billing} ${json}`,
      'expected a value at line 1, column 14',
    ],
    [
      'single quotes',
      "{'category': 'billing'}",
      'expected a property name in double quotes at line 1, column 2',
    ],
    ['a property without a value', '{"category":}', 'expected a value at line 1, column 13'],
    [
      'a comma too many',
      '{"category":"billing",,}',
      'expected a property name in double quotes at line 1, column 23',
    ],
    ['nothing but a comma', '{"list":[,]}', 'expected a value at line 1, column 10'],
    ['the wrong bracket', '{"list":[1}', 'expected "," or "]" at line 1, column 11'],
    ['no JSON', 'I cannot tell.', 'No JSON value was found. The answer begins: "I cannot tell."'],
    ['nothing', ' \n', 'empty'],
  ])('%s', (_name, text, problem) => {
    expect(problemOf(text)).toContain(problem)
  })

  test.each([
    ['strictly', '{"category":"billing","urgency":2,"category":"technical"}', 'category'],
    ['leniently', 'Here: {"category":"billing","urgency":2,"urgency":3,}', 'urgency'],
    ['written in two ways', String.raw`{"category":"billing","urgency":2,"\u0075rgency":3}`, 'urgency'],
  ])('a property given twice is a problem (%s)', (_name, text, key) => {
    expect(problemOf(text)).toBe(
      `An object of the answer gives the property "${key}" twice. Give it once, with the value that is meant.`,
    )
  })

  test('the same property in two objects, and text that looks like one, is no repetition', () => {
    const value = { a: { a: ['"a":1,"a":2', { a: '{"b":' }], b: 'a' }, b: { a: 1 }, 'a"': { '"a': ':' } }
    expect(readAnswer(JSON.stringify(value), z.unknown())).toMatchObject({ ok: true, value })
  })

  test('a syntax problem names line, column and what stands there', () => {
    expect(problemOf('{"category": "billing",\n  "urgency" 2}')).toBe(
      'Not valid JSON: expected ":" after the property name at line 2, column 13, but found "2}".',
    )
  })

  test('a schema problem names path, expectation and what was received', () => {
    const Nested = z.object({ items: z.array(z.object({ 'unit.price': z.number() })) })
    const problem = problemOf('{"items":[{"unit.price":1},{"unit.price":"two"}]}', Nested)
    expect(problem).toContain('items[1].unit.price: Invalid input: expected number, received string')
    expect(problem).toContain('expected {"type":"number"}; received "two"')
    expect(problemOf('{"category":"sales"}')).toMatch(
      /category:.*"billing"\|"technical".*received "sales".*urgency:.*received nothing/,
    )
  })
})

describe('bounds', () => {
  test('depth 64 is read and depth 65 is not, strictly and leniently', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}{}${']'.repeat(depth)}`
    expect(readAnswer(nested(63), z.unknown()).ok).toBe(true)
    expect(readAnswer(`It is ${nested(63)}`, z.unknown()).ok).toBe(true)
    expect(problemOf(nested(64), z.unknown())).toContain('deeper than 64')
    expect(problemOf(`It is {"a":${nested(63)}}`, z.unknown())).toContain('deeper than 64')
    expect(problemOf('['.repeat(500_000), z.unknown())).toContain('cut off')
  })

  test('one string of nearly 1 MiB is read, escapes and all', () => {
    const long = { text: '\n"'.repeat(260_000) }
    expect(readAnswer(JSON.stringify(long), z.object({ text: z.string() }))).toMatchObject({
      ok: true,
      value: long,
    })
  })

  test('more than 1 MiB is not read, counted in bytes', () => {
    const text = JSON.stringify('é'.repeat(maxAnswerBytes / 2 - 1))
    expect(readAnswer(text, z.string()).ok).toBe(true)
    expect(problemOf(JSON.stringify('é'.repeat(maxAnswerBytes / 2)), z.string())).toContain('1048578 bytes')
  })
})
