import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { toJsonSchema } from '../../base/schema/schema.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'

/** What several resources share. */

export const id = z.string().min(1).max(200)
/** What names a run in a path. The router puts its id in the place. */
export const aRun = z.strictObject({
  run: z
    .string()
    .min(1)
    .max(1024)
    .describe(
      'Its id; or the idempotency key that it was started with; or the `key` of its workflow (or WORKFLOW:KEY); or how its id begins, from 6 characters on. It must name one run',
    ),
})
export const name = z.string().min(1).max(300)
export const time = z.iso.datetime().describe('A point in time, ISO 8601 in UTC')
/** A body was JSON to begin with. */
export const json = z
  .unknown()
  .refine((value) => value !== undefined, { message: 'is missing' })
  .describe('Any JSON value') as unknown as z.ZodType<Json, Json>

/** JSON Schema of what something gives; null where it cannot be told. */
export function givenSchema(schema: StandardSchemaV1): Json | null {
  try {
    return toJsonSchema(schema, 'output') as Json
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'no-json-schema') return null
    throw error
  }
}

/** A number in a query, which is text there. */
export function numberIn(least: number, most: number) {
  return z.coerce.number().int().min(least).max(most)
}

export const paging = {
  cursor: z.string().max(500).optional().describe('From `next` of the page before'),
  limit: numberIn(1, 500).default(50),
}

/** A page of a list. `next`: the cursor of the next one; null: there is none. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export function iso(at: number): string
export function iso(at: number | null): string | null
export function iso(at: number | null): string | null {
  return at === null ? null : isoText(at)
}

/** Where a page ended, unreadable on purpose: only for the next request. */
function cursorOf(place: string | number): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws `bad-cursor` */
export function placeOf(cursor: string | undefined, kind: 'number'): number | undefined
export function placeOf(cursor: string | undefined, kind: 'string'): string | undefined
export function placeOf(cursor: string | undefined, kind: 'number' | 'string'): unknown {
  if (cursor === undefined) return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (kind === 'number' ? Number.isSafeInteger(place) : typeof place === 'string') return place
  } catch {
    // Told below.
  }
  throw new ReeveError(
    'bad-cursor',
    `The cursor ${describeValue(cursor)} is none that was given here. Begin without one.`,
  )
}

/** A page of rows of which one more was read than is told. */
export function paged<Row, Item>(
  rows: readonly Row[],
  limit: number,
  how: { view: (row: Row) => Item; place: (row: Row) => string | number },
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(how.view),
    next: rows.length > limit && last !== undefined ? cursorOf(how.place(last)) : null,
  }
}
