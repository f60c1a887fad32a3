import { expect, test } from 'vitest'
import { parse, toJsonSchema, validate } from '../../src/base/schema/schema.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../src/tools/json-schema/json-schema.ts'

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

test('a pattern that would run for hours on a hostile text is judged all the same', () => {
  const schema = fromJsonSchema(
    { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } }, required: ['a'] },
    'It',
  )
  expect(validate(schema, { a: `${'a'.repeat(60)}!` })).toMatchObject({ ok: false, issues: [{ path: 'a' }] })
  expect(validate(schema, { a: 'a'.repeat(60) }).ok).toBe(true)
  const names = fromJsonSchema(
    { type: 'object', patternProperties: { '^(x+)+$': { type: 'number' } }, additionalProperties: false },
    'It',
  )
  expect(validate(names, { [`${'x'.repeat(60)}!`]: 1 }).ok).toBe(false)
  expect(validate(names, { [`${'x'.repeat(60)}`]: 1 }).ok).toBe(true)
})

test('long texts are matched as well', () => {
  const schema = fromJsonSchema({ type: 'array', items: { type: 'string', pattern: 'b[a-z]c' } }, 'It')
  expect(validate(schema, ['x'.repeat(3000)]).ok).toBe(false)
  expect(validate(schema, [`${'x'.repeat(100_000)}bxc`]).ok).toBe(true)
})

// What JavaScript means by them, which other engines take otherwise.
test.each([
  ['^a{0001,}$', ['a', 'aa'], ['', 'a{0001,}']],
  ['^(a|aa){2}$', ['aa', 'aaaa'], ['a', 'aaaaa']],
  ['^.$', ['é', '😀'], ['\n', '\u2028', 'ab']],
  ['^\\s\\S$', ['\u00a0x', '\ufeffx'], ['xx', ' \u2003']],
  ['^a$', ['a'], ['a\n']],
  ['^[^]*\\/[]?$', ['a\n/'], ['a']],
  ['^\\cA[\\b]\\x41\\u0042\\u{1F600}$', ['\u0001\bAB😀'], ['AB']],
  ['\\p{Letter}\\p{Script=Greek}', ['xα'], ['αx']],
  ['^a\\-b\\_$', ['a-b_'], ['ab']],
  ['x{,3}', ['x{,3}'], ['xxx']],
  ['^(?=.*[A-Z])(?!.*\\s)(?=.*\\d).{4,}$', ['abC1'], ['abc1', 'aB1', 'abC 1']],
  ['(?<!\\w)HB-\\d{5}', ['x HB-12345'], ['xHB-12345']],
  ['^[a-z]{1,5000}$', ['x'.repeat(5000)], ['x'.repeat(5001), '']],
])('the pattern %s means what it means to JavaScript', (pattern, fitting, other) => {
  const schema = fromJsonSchema({ pattern }, 'It')
  for (const text of fitting) expect([text, validate(schema, text).ok]).toEqual([text, true])
  for (const text of other) expect([text, validate(schema, text).ok]).toEqual([text, false])
})

test.each([
  ['(a)\\1', 'refers back'],
  ['(?<x>a)\\k<x>', 'refers back'],
  ['a(?=b)', 'looks ahead'],
  ['^(?=a)b|c', 'looks ahead in one of several alternatives'],
  ['(a{99}){99}', 'it has 9901 parts'],
  ['(?:ab){1001}', '1000 times are the most'],
  ['((((a|b){10}){10}){10}){10}', 'parts'],
  ['(', 'Unterminated group'],
  ['a'.repeat(5000), '4096 are the most'],
])('a pattern that cannot be matched in linear time is refused by name: %s', (pattern, why) => {
  const load = (schema: JsonSchemaObject) => () => fromJsonSchema(schema, 'The schema of order.create')
  const named = JSON.stringify(pattern).slice(1, 40)
  for (const schema of [{ properties: { id: { pattern } } }, { patternProperties: { [pattern]: {} } }]) {
    expect(load(schema)).toThrow(expect.objectContaining({ code: 'bad-schema' }))
    expect(load(schema)).toThrow(why)
    expect(load(schema)).toThrow(named)
    expect(load(schema)).toThrow('The schema of order.create')
  }
})

test.each([
  [{ type: 'strin' }, 'not a type'],
  [{ properties: 5 }, '#/properties'],
  [{ properties: { a: { maxLength: 'x' } } }, '#/properties/a/maxLength'],
  [{ multipleOf: 0 }, 'more than 0'],
  [{ anyOf: [3] }, '#/anyOf/0'],
])('what is not a JSON Schema is refused when it is read: %#', (schema, why) => {
  expect(() => fromJsonSchema(schema as unknown as JsonSchemaObject, 'It')).toThrow(why)
})

test.each([
  ['date', '2024-02-29', '2023-02-29'],
  ['date-time', '2024-02-29T12:00:00.5+02:00', '2024-02-29T25:00:00Z'],
  ['time', '23:59:60Z', '22:59:60Z'],
  ['duration', 'P1Y2M3DT4H5M6S', 'P1YT'],
  ['email', '"a b"@example.com', 'a@b@'],
  ['hostname', 'shop.example', '-shop.example'],
  ['ipv4', '10.0.0.1', '010.0.0.1'],
  ['ipv6', '::1', '::1%eth0'],
  ['uri', 'https://a.example:80/?q=1#x', 'a b'],
  ['url', 'https://a.example/x', 'http://'],
  ['uuid', '2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2eb8aa08aa9811eab4aa73b441d16380'],
  ['json-pointer', '/a~1b/0', '/~2'],
  ['regex', 'a+', '('],
])('the format %s', (format, fitting, other) => {
  const schema = fromJsonSchema({ format }, 'It')
  expect(validate(schema, fitting).ok).toBe(true)
  expect(validate(schema, other).ok).toBe(false)
  expect(validate(schema, 5).ok).toBe(true)
})

test('a format that nobody knows says nothing', () => {
  expect(validate(fromJsonSchema({ format: 'colour' }, 'It'), 'x').ok).toBe(true)
})

test('equal values are found whatever the order of their keys', () => {
  const schema = fromJsonSchema(
    { uniqueItems: true, items: { enum: [{ a: 1, b: [2] }, 1, '1', 'x'.repeat(999)] } },
    'It',
  )
  expect(validate(schema, [1, '1', { b: [2], a: 1 }, 'x'.repeat(999)]).ok).toBe(true)
  expect(
    validate(schema, [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ]).ok,
  ).toBe(false)
  expect(validate(schema, ['2']).ok).toBe(false)
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

const tree = { type: 'object', properties: { v: { type: 'number' }, children: { type: 'array' } } }
test.each([
  ['an anchor', { $ref: '#a', $defs: { x: { $anchor: 'a', type: 'string' } } }, 'x', 5],
  [
    'an anchor that is read later',
    { properties: { n: { $ref: '#a' } }, $defs: { x: { $anchor: 'a', type: 'string' } } },
    { n: 'x' },
    { n: 5 },
  ],
  [
    'a dynamic anchor',
    {
      ...tree,
      $dynamicAnchor: 'n',
      properties: { ...tree.properties, children: { items: { $dynamicRef: '#n' } } },
    },
    { children: [{ v: 1 }] },
    { children: [{ children: [{ v: 'x' }] }] },
  ],
  [
    'two references',
    { $ref: '#/$defs/a', $dynamicRef: '#/$defs/b', $defs: { a: { type: 'object' }, b: { required: ['x'] } } },
    { x: 1 },
    {},
  ],
  [
    'its own name',
    { $id: 'https://x.test/s', $ref: 'https://x.test/s#/$defs/a', $defs: { a: { type: 'string' } } },
    'x',
    5,
  ],
])('a reference to %s is followed', (_what, schema, fits, doesNot) => {
  const check = fromJsonSchema(schema as never, 'The schema')
  expect(check['~standard'].validate(fits)).not.toHaveProperty('issues')
  expect(check['~standard'].validate(doesNot)).toHaveProperty('issues')
})

test.each([
  [{ $ref: '#nope' }, 'which it does not have'],
  [{ $ref: 5 }, '$ref: it must be a text'],
  [{ $dynamicRef: {} }, '$dynamicRef: it must be a text'],
  [{ $anchor: 5 }, '$anchor: it must be a text'],
  [{ $defs: { x: { $anchor: 'a' }, y: { $dynamicAnchor: 'a' } } }, 'two parts with the name "a"'],
])('a reference that says nothing is refused, and not taken for none: %j', (schema, why) => {
  expect(() => fromJsonSchema(schema as never, 'The schema')).toThrow(why)
})

test('anchors that unfold without end are refused in counted steps', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [
      `d${n}`,
      { $anchor: `a${n}`, allOf: n === 39 ? [] : [{ $ref: `#a${n + 1}` }, { $dynamicRef: `#a${n + 1}` }] },
    ]),
  )
  expect(() => fromJsonSchema({ $ref: '#a0', $defs } as never, 'The schema')).toThrow(
    'unfolds into more than',
  )
})
