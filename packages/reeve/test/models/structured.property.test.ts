import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readAnswer } from '../../src/models/reading/structured.ts'

const anything = z.unknown()
const runs = { numRuns: 500 }

const objects = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), {
  maxKeys: 5,
  noNullPrototype: true,
})
const prose = fc.stringMatching(/^[A-Za-z ,.!?:'\n]{0,40}$/)
const comment = fc.constantFrom('', ' ', '\n', '/* note, "x": { */', '// note ] }\n')

/** Prints a value as a careless model would: blanks and comments between tokens, commas before closing brackets. */
function printCarelessly(value: unknown, next: () => string, commas: boolean): string {
  if (value === null || typeof value !== 'object') return next() + JSON.stringify(value) + next()
  const isArray = Array.isArray(value)
  const parts = isArray
    ? value.map((inner) => printCarelessly(inner, next, commas))
    : Object.entries(value).map(
        ([key, inner]) => `${next()}${JSON.stringify(key)}${next()}:${printCarelessly(inner, next, commas)}`,
      )
  const tail = commas && parts.length > 0 ? `,${next()}` : next()
  return `${isArray ? '[' : '{'}${parts.join(',')}${tail}${isArray ? ']' : '}'}`
}

/** Fragments that make broken JSON likely, with numbers that print as they are written. */
const fragment = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '"a"',
  '"b"',
  '1',
  '23',
  'true',
  'null',
  ' ',
  '\n',
  '//',
  '/*',
  '*/',
  '\\',
  '```',
  'x',
  '{"a":1}',
)

describe('readAnswer', () => {
  test('never throws, whatever the text', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readAnswer(text, anything)
        expect(reading.ok || reading.problem.length > 0).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('never invents: each token of the value stands in the text, in order', () => {
    let read = 0
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (parts) => {
        const text = parts.join('')
        const reading = readAnswer(text, anything)
        if (!reading.ok) return
        read++
        let at = 0
        for (const token of leavesOf(reading.value)) {
          // A backslash and a letter in the text may be one character of the value: then its escaped form stands there.
          const escaped = JSON.stringify(token).slice(1, -1)
          const found = Math.max(text.indexOf(token, at), text.indexOf(escaped, at))
          expect(found, `${token} of ${JSON.stringify(reading.value)} in ${text}`).toBeGreaterThanOrEqual(0)
          at = found + 1
        }
      }),
      { numRuns: 5000 },
    )
    expect(read).toBeGreaterThan(50)
  })

  test('an object printed carelessly, amid prose, is read as it was meant', () => {
    fc.assert(
      fc.property(
        objects,
        prose,
        prose,
        fc.boolean(),
        fc.boolean(),
        fc.array(comment, { minLength: 1, maxLength: 20 }),
        (value, before, after, fenced, commas, comments) => {
          let turn = 0
          const body = printCarelessly(value, () => comments[turn++ % comments.length]!, commas)
          const text = fenced
            ? `${before}\n\`\`\`json\n${body}\n\`\`\`\n${after}`
            : `${before}\n${body}\n${after}`
          const reading = readAnswer(text, anything)
          expect(reading).toMatchObject({ ok: true })
          // Negative zero is the one number that JSON text does not keep.
          if (reading.ok) expect(JSON.stringify(reading.value)).toBe(JSON.stringify(value))
        },
      ),
      runs,
    )
  })

  test('no beginning of an object is ever taken for a whole one', () => {
    fc.assert(
      fc.property(objects, prose, fc.nat(), (value, before, cut) => {
        const body = JSON.stringify(value)
        const text = `${before} ${body.slice(0, cut % body.length)}`
        expect(readAnswer(text, anything).ok).toBe(false)
      }),
      runs,
    )
  })

  test('two different objects are a problem and the same one twice is not', () => {
    fc.assert(
      fc.property(objects, objects, prose, (one, other, between) => {
        const reading = readAnswer(`${JSON.stringify(one)} ${between} ${JSON.stringify(other)}`, anything)
        expect(reading.ok).toBe(sorted(one) === sorted(other))
      }),
      runs,
    )
  })
})

function leavesOf(value: unknown): string[] {
  if (value === null || typeof value !== 'object')
    return [JSON.stringify(value).replace(/^"|"$/g, '').replaceAll('\\n', '\n')]
  return Array.isArray(value) ? value.flatMap(leavesOf) : Object.values(value).flatMap(leavesOf)
}

function sorted(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${sorted(inner)}`).join()}}`
}
