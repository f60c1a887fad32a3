import { expect, test } from 'vitest'
import { validate } from '../../src/base/schema/schema.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../src/tools/json-schema/json-schema.ts'
import { openApiTools } from '../../src/tools/openapi/openapi-tools.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => index)
const chain = (length: number, link: (next: JsonSchemaObject) => JsonSchemaObject): JsonSchemaObject => ({
  $ref: '#/$defs/a0',
  $defs: {
    ...Object.fromEntries(
      many(length).map((index) => [`a${index}`, link({ $ref: `#/$defs/a${index + 1}` })]),
    ),
    [`a${length}`]: { type: 'string' },
  },
})
const deep = (depth: number) => many(depth).reduce<unknown>((inner) => ({ n: inner }), {})
const doubling = (depth: number) => many(depth).reduce<unknown>((inner) => ({ a: inner, b: inner }), { x: 1 })
const either = (key: string) => ({ properties: { n: { $ref: '#/$defs/n' } }, required: [key] })

const attacks: [string, JsonSchemaObject, unknown][] = [
  ['an address', { format: 'url' }, `http://${'a'.repeat(40)}!`],
  ['a long address', { format: 'url' }, `http://${'a-'.repeat(100_000)}!`],
  [
    'addresses of all kinds',
    { anyOf: ['uri', 'iri', 'uri-reference', 'email'].map((format) => ({ format })) },
    `${'a.-@'.repeat(2000)}!`,
  ],
  ['a template', { format: 'uri-template' }, `{${'a.'.repeat(4000)}`],
  ['nested repetitions', { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }, 'a'.repeat(5000)],
  [
    'a quantifier with many digits',
    { pattern: '^(a|aa){00000000000000000000001,}$' },
    `${'a'.repeat(5000)}!`,
  ],
  ['overlapping stars', { pattern: '^\\s*\\s*\\s*\\s*x$' }, ' '.repeat(20_000)],
  ['a pattern with many states', { pattern: '[ab]*a[ab]{900}c' }, `c${'abbabaab'.repeat(200)}`],
  [
    'a pattern of names',
    { propertyNames: { pattern: '^(x|xx)+$' } },
    Object.fromEntries(many(20_000).map((index) => [`${'x'.repeat(40)}${index}`, 1])),
  ],
  ['unique numbers', { uniqueItems: true }, many(300_000)],
  ['unique objects', { uniqueItems: true }, many(60_000).map((index) => ({ index }))],
  [
    'unique at every depth',
    { $ref: '#/$defs/a', $defs: { a: { uniqueItems: true, items: { $ref: '#/$defs/a' } } } },
    many(190).reduce<unknown>((inner) => [inner, 'x'.repeat(1000)], []),
  ],
  ['alternatives of alternatives', chain(5, (next) => ({ anyOf: [next, next, { allOf: [next, next] }] })), 5],
  ['one of one of', chain(6, (next) => ({ oneOf: [next, next], not: next })), 5],
  [
    'recursive alternatives',
    { $ref: '#/$defs/n', $defs: { n: { anyOf: [either('x'), either('y'), either('z')] } } },
    deep(150),
  ],
  [
    'a circle of references',
    { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } },
    1,
  ],
  [
    'many constants',
    { items: { anyOf: many(2000).map((index) => ({ const: index })) } },
    many(4000).map((index) => -index - 1),
  ],
  [
    'what is not evaluated',
    { unevaluatedProperties: false, anyOf: many(500).map(() => ({ additionalProperties: true })) },
    Object.fromEntries(many(20_000).map((index) => [`k${index}`, 1])),
  ],
  ['what is contained', { contains: { const: 'x' } }, many(300_000)],
  ['parts that are shared', { additionalProperties: { $ref: '#' } }, doubling(60)],
  ['parts that are shared, compared', { const: 1 }, doubling(60)],
  ['a depth without an end', { additionalProperties: { $ref: '#' } }, deep(5000)],
]

test.each(attacks)('%s: no argument keeps the process busy', (_name, schema, value) => {
  const check = fromJsonSchema(schema, 'It')
  const times = many(3).map(() => {
    const begun = process.threadCpuUsage()
    validate(check, value)
    return process.threadCpuUsage(begun).user / 1000
  })
  expect(Math.min(...times)).toBeLessThan(100)
})

test.each([
  ['many patterns', { anyOf: many(2000).map((index) => ({ pattern: `(a|aa){1,50}${index}` })) }, 'patterns'],
  ['a pattern that repeats repetitions', { pattern: '((a{999}){999}){999}' }, 'parts'],
  [
    'alternatives of alternatives',
    chain(40, (next) => ({ anyOf: [next, next] })),
    'unfolds into more than 20000 parts',
  ],
  ['many parts', { anyOf: many(30_000).map(() => ({})) }, '20000 parts'],
  ['a depth without an end', JSON.parse(`${'{"not":'.repeat(2000)}{}${'}'.repeat(2000)}`), '48 levels'],
])('%s: a schema that is a bomb itself is refused at once', (_name, schema, why) => {
  const begun = process.threadCpuUsage()
  expect(() => fromJsonSchema(schema as JsonSchemaObject, 'It')).toThrow(why)
  expect(process.threadCpuUsage(begun).user / 1000).toBeLessThan(300)
})

test('an OpenAPI operation says which of its patterns it cannot use, and refuses hostile arguments quickly', () => {
  const operation = (schema: JsonSchemaObject) => ({
    openapi: '3.1.0',
    servers: [{ url: 'https://shop.example' }],
    paths: { '/find': { get: { operationId: 'find', parameters: [{ name: 'at', in: 'query', schema }] } } },
  })
  expect(() => openApiTools({ name: 'shop', document: operation({ pattern: '(a)\\1' }) })).toThrow(
    /paths\["\/find"\]\.get.*"\(a\)\\\\1"/,
  )
  const [find] = openApiTools({ name: 'shop', document: operation({ type: 'string', format: 'url' }) })
  const begun = process.threadCpuUsage()
  expect(validate(find!.input, { at: `http://${'a'.repeat(40)}!` }).ok).toBeTypeOf('boolean')
  expect(process.threadCpuUsage(begun).user / 1000).toBeLessThan(100)
})
