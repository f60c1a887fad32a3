import { expect, test } from 'vitest'
import { parse, toJsonSchema, validate } from '../../src/base/schema.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../src/tools/json-schema.ts'

const order: JsonSchemaObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: { type: 'object', properties: { price: { type: 'number', minimum: 0 } } },
    },
    code: { type: 'string', pattern: '^[A-Z]{2,4}$' },
  },
  required: ['items'],
  additionalProperties: false,
}

test('what is wrong is told by its path, without what only repeats it', () => {
  const schema = fromJsonSchema(order, 'It')
  expect(parse(schema, { items: [{ price: 1 }], code: 'AB' }, 'The order')).toEqual({
    items: [{ price: 1 }],
    code: 'AB',
  })
  const wrong = validate(schema, { items: [{ price: 1 }, { price: -1 }], code: 'ab' })
  expect(wrong).toMatchObject({ ok: false, issues: [{ path: 'items[1].price' }, { path: 'code' }] })
  expect(validate(schema, { items: [], more: 1 })).toMatchObject({
    ok: false,
    issues: [{ path: 'more', message: 'It may not be there.' }],
  })
  expect(validate(schema, {})).toMatchObject({ ok: false, issues: [{ path: '' }] })
})

test('it gives its JSON Schema as it was, and nobody can change it', () => {
  const schema = fromJsonSchema(order, 'It')
  const given = toJsonSchema(schema, 'input')
  expect(given).toEqual(order)
  given.required = []
  expect(validate(schema, {}).ok).toBe(false)
  expect(JSON.stringify(order)).not.toContain('__absolute')
})

test('a pattern that runs for hours on a hostile text is left to its author', () => {
  const schema = fromJsonSchema(
    { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } }, required: ['a'] },
    'It',
  )
  expect(validate(schema, { a: `${'a'.repeat(60)}!` }).ok).toBe(true)
  expect(validate(schema, {}).ok).toBe(false)
  const names = fromJsonSchema(
    { type: 'object', patternProperties: { '^(x+)+$': { type: 'number' } }, additionalProperties: false },
    'It',
  )
  expect(validate(names, { [`${'x'.repeat(60)}!`]: 1 }).ok).toBe(true)
})

test('patterns are not tried on long texts', () => {
  const schema = fromJsonSchema({ type: 'array', items: { type: 'string', pattern: 'b[a-z]c' } }, 'It')
  expect(validate(schema, ['x']).ok).toBe(false)
  expect(validate(schema, ['x'.repeat(3000)]).ok).toBe(true)
})

test('a recursive schema is followed as deep as the value goes', () => {
  const tree = { type: 'object', properties: { next: { $ref: '#' }, name: { type: 'string' } } }
  const schema = fromJsonSchema(tree, 'It')
  expect(validate(schema, { next: { next: { name: 'deep' } } }).ok).toBe(true)
  expect(validate(schema, { next: { next: { name: 1 } } })).toMatchObject({
    issues: [{ path: 'next.next.name' }],
  })
})

test.each([
  [{ $ref: '#/$defs/none' }, 'which it does not have'],
  [{ $ref: 'https://evil.test/schema.json' }, 'outside itself'],
  [{ properties: { a: { $id: 'https://evil.test/', type: 'string' } } }, '$id inside'],
  [JSON.parse(`${'{"not":'.repeat(60)}{}${'}'.repeat(60)}`), 'nested more than 48 levels deep'],
])('a schema that cannot be used is refused: %#', (schema, why) => {
  expect(() => fromJsonSchema(schema as JsonSchemaObject, 'The schema')).toThrow(why)
})

test('a reference that leads nowhere but to itself is an issue, not a crash', () => {
  const schema = fromJsonSchema({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }, 'It')
  expect(validate(schema, {})).toMatchObject({
    ok: false,
    issues: [{ message: expect.stringContaining('cannot be followed') }],
  })
})
