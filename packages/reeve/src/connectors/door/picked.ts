import type { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'

/**
 * Of what a service answered, the fields that a schema has, and nothing else: the rest is left out of journals and prompts. Nothing is
 * checked here: a field that is gone or changed is refused by the action's own schema, once what was done is written down.
 */
export function picked<Shape extends z.ZodObject>(schema: Shape, value: unknown): z.input<Shape> {
  if (!isRecord(value)) return value as z.input<Shape>
  const names = Object.keys(schema.shape).filter((name) => value[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, value[name]])) as z.input<Shape>
}
