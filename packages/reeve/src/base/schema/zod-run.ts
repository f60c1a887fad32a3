import { core } from 'zod'
import { isPlainRecord } from '../json/record.ts'

/** What a Zod schema needs in order to be run without waiting. */
export type ZodKind =
  /** Built from what Zod knows: no function of the user's takes part. */
  | 'declared'
  /** It has a function of the user's, which may throw, or turn out to be asynchronous. */
  | 'custom'
  /** It has a function that is declared `async`, or is a schema of promises. */
  | 'async'

export interface ZodSchema {
  _zod: core.$ZodType['_zod']
}

export function isZod(schema: object): schema is ZodSchema {
  const inner = (schema as { _zod?: { run?: unknown } })._zod
  return typeof inner === 'object' && inner !== null && typeof inner.run === 'function'
}

/** A result as Standard Schema has it. */
export type ZodResult = { value: unknown } | { issues: core.$ZodIssue[] }

/**
 * Runs a schema. Zod's own `validate` cannot be used: it hides a check that throws behind a promise that rejects, and it
 * drops the promise of an asynchronous check unheard, so that one that rejects ends the process.
 * Answers a promise when a check is asynchronous. @throws what a check throws
 */
export function runZod(schema: ZodSchema, value: unknown): ZodResult | Promise<unknown> {
  // Only a run that may wait gives the promises of checks back; one that may not is compiled, and several times as fast.
  const context = { async: zodKindOf(schema) !== 'declared' }
  const payload = schema._zod.run({ value, issues: [] }, context)
  if (payload instanceof Promise) return payload
  if (payload.issues.length === 0) return { value: payload.value }
  return { issues: payload.issues.map((issue) => core.util.finalizeIssue(issue, context, core.config())) }
}

const kinds = new WeakMap<object, ZodKind>()

export function zodKindOf(schema: ZodSchema): ZodKind {
  let kind = kinds.get(schema)
  if (kind === undefined) {
    kind = inspect(schema)
    kinds.set(schema, kind)
  }
  return kind
}

/** A schema may be without end where its parts are made as they are read. */
const mostParts = 10_000
/** Parts of a definition that hold no check, and those whose reading calls the user's code. */
const passedOver = new Set(['error', 'params', 'values', 'entries', 'defaultValue', 'catchValue', 'when'])

function inspect(schema: ZodSchema): ZodKind {
  const parts: unknown[] = [schema]
  const seen = new Set<object>()
  let kind: ZodKind = 'declared'
  try {
    for (const part of parts) {
      if (typeof part === 'function') {
        if (isAsyncFunction(part)) return 'async'
        kind = 'custom'
      }
      if (typeof part !== 'object' || part === null || seen.has(part)) continue
      if (seen.size >= mostParts) return 'custom'
      seen.add(part)
      if (isZod(part) || isCheck(part)) {
        const { check, def } = part._zod as { check?: unknown; def: { type?: string; check?: string } }
        if (isAsyncFunction(check) || def.type === 'promise') return 'async'
        // The function of `superRefine` and `check` stands nowhere in the definition.
        if (def.check === 'custom') kind = 'custom'
        parts.push(def)
      } else if (Array.isArray(part)) {
        parts.push(...part)
      } else if (isPlainRecord(part)) {
        for (const key of Object.keys(part)) {
          if (passedOver.has(key)) continue
          const inner = (part as Record<string, unknown>)[key]
          // Zod's own `trim` and the like: what they answer is never waited for.
          if (key !== 'tx' || isAsyncFunction(inner)) parts.push(inner)
        }
      }
    }
  } catch {
    // A part refers to what is not there yet, as while its module is being loaded.
    return 'custom'
  }
  return kind
}

function isCheck(part: object): part is { _zod: object } {
  return typeof (part as { _zod?: { check?: unknown } })._zod?.check === 'function'
}

function isAsyncFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncFunction]'
}
