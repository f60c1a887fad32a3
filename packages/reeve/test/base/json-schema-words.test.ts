import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { describeShape, sampleOf, takesNull } from '../../src/base/schema/json-schema-words.ts'
import { toJsonSchema } from '../../src/base/schema/schema.ts'
import { jsonSchemaIssues } from '../../src/tools/json-schema/json-schema.ts'

const Tree = z.object({
  name: z.string(),
  get inner() {
    return z.array(Tree).optional()
  },
})

test.each<[z.ZodType, string]>([
  [z.string(), 'a text'],
  [z.string().min(3).max(9), 'a text of 3 to 9 characters'],
  [z.email(), 'a text (email)'],
  [z.iso.date(), 'a text (date)'],
  [z.url(), 'a text (uri)'],
  [z.uuid(), 'a text (uuid)'],
  [z.int().min(1).max(5), 'a whole number from 1 to 5'],
  [z.number().gt(10), 'a number'],
  [z.number().max(-3), 'a number -3 or less'],
  [z.boolean(), 'true or false'],
  [z.null(), 'null'],
  [z.literal('yes'), '"yes"'],
  [z.enum(['a', 'b']), 'one of "a", "b"'],
  [z.string().nullable(), 'a text, or null'],
  [z.array(z.int().min(0)).min(2), 'a list of 2 or more, each a whole number 0 or more'],
  [z.tuple([z.string(), z.number()]), 'a list: a text, then a number'],
  [
    z.object({ kind: z.enum(['bug', 'idea']), urgency: z.int().min(1).max(5), order: z.string().optional() }),
    'an object with kind (one of "bug", "idea"), urgency (a whole number from 1 to 5), order (a text, may be left out)',
  ],
  [z.union([z.object({ a: z.string() }), z.number()]), 'an object with a (a text), or a number'],
])('a schema in words, and a sample that fits it: %#', async (schema, words) => {
  const json = toJsonSchema(schema, 'input') as Json
  expect(describeShape(json)).toBe(words)
  const sample = sampleOf(json)
  expect(sample).toBeDefined()
  expect(schema.safeParse(sample).success).toBe(true)
  expect(await jsonSchemaIssues(json, sample!)).toEqual([])
  expect(takesNull(json)).toBe(schema.safeParse(null).success)
})

test('a schema that refers to itself has words and a sample', () => {
  const json = toJsonSchema(Tree, 'input') as Json
  expect(describeShape(json)).toContain('an object with name (a text)')
  expect(Tree.safeParse(sampleOf(json)).success).toBe(true)
})

test.each<Json>([
  { type: 'string', pattern: '^[A-Z]{3}$' },
  { type: 'number', multipleOf: 0.3 },
  { type: 'integer', minimum: 5, maximum: 4 },
  { allOf: [{ type: 'string' }, { minLength: 3 }] },
  { $ref: '#/$defs/gone' },
  false,
])('of a schema that says too little for a sample none is made: %j', (schema) => {
  expect(sampleOf(schema)).toBeUndefined()
  expect(describeShape(schema)).not.toBe('')
})
