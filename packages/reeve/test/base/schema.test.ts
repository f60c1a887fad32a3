import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import type { Json } from '../../src/base/json/json.ts'
import {
  describeIssues,
  type Issue,
  jsonSchemaIn,
  parse,
  requireSync,
  validate,
} from '../../src/base/schema/schema.ts'
import { jsonSchemaIssues } from '../../src/tools/json-schema/json-schema.ts'

/** What the process would die of. */
function unhandledRejections(): unknown[] {
  const found: unknown[] = []
  const listener = (error: unknown) => found.push(error)
  process.on('unhandledRejection', listener)
  onTestFinished(() => {
    process.off('unhandledRejection', listener)
  })
  return found
}

function issuesOf(schema: StandardSchemaV1, value: unknown): Issue[] {
  const checked = validate(schema, value)
  if (checked.ok) throw new Error('it fitted')
  return checked.issues
}

function standard(check: (value: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'own', validate: check as never } }
}

const isHttps = (text: string) => new URL(text).protocol === 'https:'

test.each<[string, StandardSchemaV1, unknown]>([
  ['refine', z.string().refine(isHttps), 'nope'],
  [
    'refine deep inside',
    z.object({ list: z.array(z.object({ url: z.string().refine(isHttps) })) }),
    { list: [{ url: 'nope' }] },
  ],
  ['superRefine', z.string().superRefine((text) => void new URL(text)), 'nope'],
  ['check', z.string().check(({ value }) => void new URL(value)), 'nope'],
  ['transform', z.string().transform((text) => new URL(text).host), 'nope'],
  ['preprocess', z.preprocess((text) => new URL(text as string).host, z.string()), 'nope'],
  ['custom', z.custom((text) => isHttps(text as string)), 'nope'],
  [
    'codec',
    z.codec(z.string(), z.string(), { decode: (text) => new URL(text).host, encode: (text) => text }),
    'nope',
  ],
  ['lazy', z.lazy(() => z.string().refine(isHttps)), 'nope'],
  ['Zod mini', mini.string().check(mini.refine(isHttps)), 'nope'],
  ['a custom message that throws', z.string({ error: () => new URL('nope').host }), 1],
  ['another library', standard((text) => ({ value: new URL(text as string).host })), 'nope'],
])('a check that throws is a mismatch that names what it threw: %s', async (_name, schema, value) => {
  const unhandled = unhandledRejections()
  expect(issuesOf(schema, value)).toEqual([
    { path: '', message: 'its check threw TypeError: Invalid URL', keys: [] },
  ])
  expect(() => parse(schema, value, 'The input')).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('Invalid URL') }),
  )
  await nextTurn()
  expect(unhandled).toEqual([])
})

test('a value whose property throws when it is read is a mismatch', async () => {
  const unhandled = unhandledRejections()
  const hostile = Object.defineProperty({}, 'name', {
    enumerable: true,
    get: () => {
      throw new RangeError('not readable')
    },
  })
  expect(issuesOf(z.object({ name: z.string() }), hostile)[0]!.message).toBe(
    'its check threw RangeError: not readable',
  )
  await nextTurn()
  expect(unhandled).toEqual([])
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'fine'],
  ['no value', {}],
  ['no issue', { issues: [] }],
  ['issues that are none', { issues: 'wrong' }],
  ['an issue that is none', { issues: [null] }],
])('a check that gives %s lets nothing through', (_name, result) => {
  const [issue, ...others] = issuesOf(
    standard(() => result),
    1,
  )
  expect(others).toEqual([])
  expect(issue).toMatchObject({ path: '', message: expect.stringMatching(/gave no result|does not fit/) })
})

test('an issue is told by its path, whatever its parts are', () => {
  const path = ['a.b', { key: 2 }, Symbol('c'), null, { key: 'd' }]
  expect(
    issuesOf(
      standard(() => ({ issues: [{ message: 'is wrong', path }] })),
      1,
    )[0]!.path,
  ).toBe('a.b[2].Symbol(c).null.d')
})

test('a mismatch of a thousand parts tells the first and how many more there are', () => {
  const many = Array.from({ length: 1000 }, () => 'x')
  expect(() => parse(z.array(z.number()), many, 'The list')).toThrow(/\[19\]: [^;]*; and 980 more$/)
})

const later = <T>(value: T) => Promise.resolve(value)
const fails = () => Promise.reject(new Error('no connection'))

test.each<[string, StandardSchemaV1]>([
  ['an async refine', z.string().refine(async () => true)],
  ['an async check that rejects', z.string().refine(async () => fails())],
  [
    'an async check deep inside',
    z.object({
      list: z.array(
        z
          .string()
          .refine(async () => true)
          .optional(),
      ),
    }),
  ],
  ['an async transform', z.string().transform(async (text) => text)],
  ['an async preprocess', z.preprocess(async (text) => text, z.string())],
  ['an async check function', z.string().check(async () => {})],
  ['a promise', z.promise(z.string())],
  ['Zod mini', mini.string().check(mini.refine(async () => true))],
])('%s is refused where it is declared', (_name, schema) => {
  expect(() => requireSync(schema, 'The input')).toThrow(expect.objectContaining({ code: 'async-schema' }))
})

test.each<[string, StandardSchemaV1]>([
  ['a plain function that answers with a promise', z.string().refine(() => later(true))],
  ['one whose promise rejects', z.string().refine(fails)],
  ['one inside a union inside an object', z.object({ a: z.union([z.number(), z.string().refine(fails)]) })],
  ['an async superRefine that rejects', z.string().superRefine(fails)],
  ['an async superRefine beside a check that throws', z.string().superRefine(fails).refine(isHttps)],
  ['another library', standard(() => later({ value: 1 }))],
  ['another library that rejects', standard(fails)],
  [
    'what only looks like a promise',
    // biome-ignore lint/suspicious/noThenProperty: that is what it looks like
    standard(() => ({ then: (_done: unknown, failed: (error: Error) => void) => failed(new Error('no')) })),
  ],
  ['what never answers', standard(() => new Promise(() => {}))],
])('a check that turns out to be asynchronous is refused and harms nobody: %s', async (_name, schema) => {
  const unhandled = unhandledRejections()
  requireSync(schema, 'The input')
  const value = schema instanceof z.ZodObject ? { a: 'x' } : 'https://x.example'
  expect(() => validate(schema, value)).toThrow(expect.objectContaining({ code: 'async-schema' }))
  await nextTurn()
  expect(unhandled).toEqual([])
})

test('a schema may be declared before the parts that it refers to', () => {
  const node = z.object({
    get next() {
      return leaf.optional()
    },
  })
  requireSync(node, 'The input')
  const leaf = z.object({ name: z.string().trim() })
  expect(parse(node, { next: { name: ' a ' } }, 'The input')).toEqual({ next: { name: 'a' } })
})

test.each<[string, z.ZodType, unknown[], unknown[]]>([
  ['coercions', z.object({ n: z.coerce.number() }), [{ n: '5' }, { n: 5 }], [{}, 5]],
  ['dates', z.object({ at: z.coerce.date() }), [{ at: '2026-01-01' }, { at: 5 }], [null]],
  ['trimmed texts', z.string().trim().min(1).max(3), ['  abc  '], [5]],
  ['what is read first', z.preprocess(Number, z.number()), ['5', 5], []],
  ['what is caught', z.object({ a: z.number().catch(1) }), [{ a: 'x' }], ['x']],
  ['defaults', z.object({ a: z.number().default(1) }), [{}, { a: 2 }], [{ a: 'x' }]],
  ['stringbool', z.stringbool(), ['yes'], [true]],
  ['transforms', z.string().transform(Number), ['5'], [5]],
  ['refinements', z.string().refine((text) => text === 'a'), ['a'], [1]],
  ['flags of patterns', z.string().regex(/^ok$/i), ['OK', 'ok'], [1]],
  ['flags of keys', z.record(z.string().regex(/^x.y/s), z.string()), [{ 'x\ny': 'a' }], [{ xyy: 1 }]],
  ['patterns', z.string().regex(/^ok$/), ['ok'], ['OK']],
  ['addresses', z.url(), ['https://exämple.de/ü', 'http://localhost/a b'], ['nope']],
  ['IPv6', z.ipv6(), ['::ffff:1.2.3.4'], ['1.2.3.4']],
  ['mail of all scripts', z.email({ pattern: z.regexes.unicodeEmail }), ['jörg@exämple.de'], ['jörg']],
  ['times by the minute', z.iso.datetime({ precision: -1 }), ['2026-01-01T10:00Z'], ['2026-01-01']],
  ['what is made of nothing', z.object({ a: z.preprocess((v) => v ?? 3, z.number()) }), [{}], [5]],
  ['caught where missing', z.object({ a: z.number().catch(1).readonly(), b: z.int() }), [{ b: 1 }], [{}]],
  [
    'cut lists',
    z
      .array(z.number())
      .overwrite((all) => all.slice(0, 2))
      .max(2),
    [[1, 2, 3]],
    [['x']],
  ],
  ['rounded numbers', z.number().overwrite(Math.round).int().max(10), [10.4], ['x']],
  ['one of parts left open', z.xor([z.number().overwrite(Math.round).max(3), z.number().min(5)]), [7], ['x']],
])(
  'what JSON Schema says of a schema refuses nothing that fits it: %s',
  async (_name, schema, fine, unfit) => {
    const json = jsonSchemaIn(schema)!
    for (const value of fine) {
      expect(validate(schema, value).ok).toBe(true)
      expect(await jsonSchemaIssues(json, value as Json)).toEqual([])
    }
    for (const value of unfit) expect(await jsonSchemaIssues(json, value as Json)).not.toEqual([])
  },
)

test('issues are told as one list, whether their messages end as sentences or not', () => {
  const issues = [
    { path: 'n', message: 'It must be number, and is string.' },
    { path: '', message: 'Invalid input' },
  ]
  expect(describeIssues(issues)).toBe('n: It must be number, and is string; Invalid input')
})
