import { type core, toJSONSchema } from 'zod'
import type { ZodSchema } from './zod-run.ts'

type Node = Record<string, unknown>

/**
 * JSON Schema of what a schema takes, never stricter than the schema: who is refused by it would be refused by the schema.
 * What JSON Schema cannot say as the schema means it is left open: a value that is changed before it is checked (a
 * coercion, `trim`, a function of the user's), flags of a pattern, formats that others read more narrowly.
 */
export function acceptedByZod(schema: ZodSchema): object {
  return toJSONSchema(schema as core.$ZodType, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const node = jsonSchema as Node
      const def = zodSchema._zod.def as Definition
      const checks = (def.checks ?? []).map((check) => check._zod.def)
      if (takesMore(def)) drop(node, Object.keys(node))
      if (checks.some(({ check }) => check === 'overwrite')) {
        drop(node, ofValues)
        if (node.type === 'integer') node.type = 'number'
      }
      if (def.type === 'string') openTexts(node, [def, ...checks])
      if (def.shape) openMissing(node, def.shape)
      // With parts left open more than one may fit.
      if (Array.isArray(node.oneOf)) {
        node.anyOf = node.oneOf
        drop(node, ['oneOf'])
      }
    },
  })
}

/**
 * Takes from what a model is shown of a schema what would mislead it: patterns whose flags are lost, and defaults that are
 * made anew each time (an id, the time), by which a question would be another one in each life of its run.
 */
export function dropMisleading({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: ZodSchema
  jsonSchema: object
}): void {
  const node = jsonSchema as Node
  const def = zodSchema._zod.def as Definition
  if (def.type === 'string' && isFlagged([def, ...(def.checks ?? []).map((check) => check._zod.def)]))
    drop(node, ['pattern', 'allOf'])
  const isDefault = def.type === 'default' || def.type === 'prefault'
  if (isDefault && 'default' in node && isMadeAnew(node.default, def.defaultValue)) drop(node, ['default'])
}

/** `before` and `value` are two looks at a default. A time may be the same in both, and is another later. */
function isMadeAnew(before: unknown, value: unknown): boolean {
  if (JSON.stringify(before) !== JSON.stringify(value) || value instanceof Date) return true
  return typeof value === 'number' ? value >= 1e12 : typeof value === 'string' && timeToTheMs.test(value)
}

const timeToTheMs = /T\d\d:\d\d:\d\d\.\d{3}Z$/

function isFlagged(checks: TextCheck[]): boolean {
  return checks.some(({ pattern }) => pattern && /[ims]/.test(pattern.flags))
}

interface Definition extends TextCheck {
  type: string
  coerce?: boolean
  in?: ZodSchema
  innerType?: ZodSchema
  defaultValue?: unknown
  getter?: () => ZodSchema
  shape?: Record<string, ZodSchema>
  checks?: { _zod: { def: TextCheck & { check: string } } }[]
}

interface TextCheck {
  format?: string
  pattern?: RegExp
}

/** What says something of a value that may be changed first. */
const ofValues = [
  ...['minLength', 'maxLength', 'pattern', 'format', 'allOf'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minItems', 'maxItems'],
]

function drop(node: Node, keys: readonly string[]): void {
  for (const key of keys) delete node[key]
}

function takesMore({ type, coerce, in: inner }: Definition): boolean {
  return Boolean(coerce) || type === 'catch' || (type === 'pipe' && inner?._zod.def.type === 'transform')
}

/** Checked by a parser, which takes more than a pattern or a format says; each has a colon. */
const parsedFormats = ['url', 'ipv6', 'cidrv6']

function openTexts(node: Node, checks: TextCheck[]): void {
  // For people alone: the pattern beside it says what fits, and others read the format otherwise.
  if ('format' in node) node['x-format'] = node.format
  drop(node, ['format'])
  const isParsed = checks.some(({ format }) => format !== undefined && parsedFormats.includes(format))
  if (!isParsed && !isFlagged(checks)) return
  drop(node, ['pattern', 'allOf'])
  if (isParsed) node.pattern = ':'
}

/** A property whose schema makes a value of nothing may be left out. */
function openMissing(node: Node, shape: Record<string, ZodSchema>): void {
  if (!Array.isArray(node.required)) return
  node.required = node.required.filter((key: string) => !makesOfNothing(shape[key], 0))
}

function makesOfNothing(schema: ZodSchema | undefined, depth: number): boolean {
  if (!schema || depth > 20) return false
  const def = schema._zod.def as Definition
  if (takesMore(def) && !def.coerce) return true
  return [def.getter?.(), def.innerType, def.in].some((inner) => makesOfNothing(inner, depth + 1))
}
