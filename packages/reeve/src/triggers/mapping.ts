import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { type OutputOf, parse, requireSync } from '../base/schema/schema.ts'

/** What a body is once its schema has read it: without a schema, any JSON. */
export type BodyOf<S> = S extends StandardSchemaV1 ? OutputOf<S> : Json

/** How what came becomes a workflow's input. */
export interface Mapping<Given> {
  /** Reads what came before it is mapped. Default: anything is taken. */
  schema?: StandardSchemaV1 | undefined
  /**
   * Makes the workflow's input. Undefined or null: nothing is started, and that is written down. It must be quick and
   * the same for the same: it may be asked again. Default: the body itself is the input.
   */
  input?: ((given: Given) => unknown) | undefined
}

/** @throws `async-schema` */
export function checkMapping({ schema }: Mapping<never>, what: string): void {
  requireSync(schema, `The schema of ${what}`)
}

/** The body as its schema reads it. @throws `invalid-input` */
export function readBody(schema: StandardSchemaV1 | undefined, body: unknown, what: string): unknown {
  return schema === undefined ? body : parse(schema, body, `What came for ${what}`)
}

/** The input; undefined: nothing is to be started. @throws `bad-mapping` */
export function mapInput<Given>(
  map: ((given: Given) => unknown) | undefined,
  given: Given,
  what: string,
  otherwise: unknown,
): unknown {
  if (map === undefined) return otherwise
  let input: unknown
  try {
    input = map(given)
  } catch (cause) {
    throw new ReeveError(
      'bad-mapping',
      `\`input\` of ${what} threw for what came: ${messageOf(cause)}. Let it give undefined for what is to start nothing.`,
      { cause },
    )
  }
  if (input instanceof Promise) {
    input.catch(() => {})
    throw new ReeveError('bad-mapping', `\`input\` of ${what} gave a promise; it must answer at once.`)
  }
  return input ?? undefined
}
