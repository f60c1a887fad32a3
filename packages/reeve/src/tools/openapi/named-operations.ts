import { ReeveError } from '../../base/errors.ts'
import { type FromJsonSchema, fromJsonSchema } from '../json-schema/json-schema.ts'
import type { Part } from './document.ts'
import { type Operation, type OperationName, operationsOf } from './operation.ts'

/** An operation and what it is called here. */
export interface NamedOperation {
  /** The second part of its tool's name. */
  name: string
  operation: Operation
}

/** The operations that are chosen, each with a name of its own. @throws `bad-openapi` */
export function namedOperations(
  root: Part,
  chosen: (operation: OperationName) => boolean,
  called: (name: string) => string,
): NamedOperation[] {
  const places = new Map<string, string>()
  return operationsOf(root, chosen).map((operation) => {
    const name = namePart(operation.id)
    const other = places.get(name)
    if (other !== undefined) {
      throw new ReeveError(
        'bad-openapi',
        `The OpenAPI document cannot be used: ${operation.place} and ${other} would both be the tool "${called(name)}". Give one another operationId.`,
        { details: { path: operation.place, other } },
      )
    }
    places.set(name, operation.place)
    return { name, operation }
  })
}

/** `GET /pets/{id}` without an operationId becomes `get_pets_id`. */
export function namePart(id: string): string {
  const part = id
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 100)
  return /^[a-z]/i.test(part) ? part : `call_${part}`
}

/** The check of an operation's arguments. @throws `bad-schema` */
export function inputOf({ input, place }: Pick<Operation, 'input' | 'place'>): FromJsonSchema {
  try {
    return fromJsonSchema(input, `The input of ${place}`)
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'bad-schema') throw error
    const hint = 'Mend the document, or leave the operation out with the option `operations`.'
    throw new ReeveError('bad-schema', `${error.message} ${hint}`, { details: error.details, cause: error })
  }
}
