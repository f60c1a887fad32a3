import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { firstCharacters } from '../../base/text/shorten.ts'

export type JsonObject = { readonly [key: string]: Json | undefined }

/** A part of the document that knows where it stands, so that every complaint can name the place. */
export class Part {
  readonly value: Json | undefined
  readonly place: string
  readonly #root: JsonObject

  constructor(value: Json | undefined, place: string, root: JsonObject) {
    this.value = value
    this.place = place
    this.#root = root
  }

  at(key: string | number): Part {
    const value =
      typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, key)
        ? (this.value as JsonObject)[key]
        : undefined
    const step = typeof key === 'number' ? `[${key}]` : /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`
    return new Part(value, this.place === '' ? String(key) : `${this.place}${step}`, this.#root)
  }

  get missing(): boolean {
    return this.value === undefined
  }

  /** The object here, or what its `$ref` names in this document. */
  resolved(depth = 0): Part {
    if (!isRecord(this.value) || typeof this.value.$ref !== 'string') return this
    if (depth > 16) throw this.fault('its references lead in a circle')
    return this.target(this.value.$ref).resolved(depth + 1)
  }

  /** What a reference names. */
  target(ref: string): Part {
    if (!ref.startsWith('#/')) {
      throw this.fault(
        `it refers to "${firstCharacters(ref, 200)}", outside this document; bundle the document first`,
      )
    }
    let part = new Part(this.#root, '', this.#root)
    for (const step of ref.slice(2).split('/')) part = part.at(decodeStep(step))
    if (part.missing) throw this.fault(`it refers to "${firstCharacters(ref, 200)}", which is not there`)
    return part
  }

  object(): JsonObject {
    if (isRecord(this.value)) return this.value
    throw this.fault(this.missing ? 'it is missing' : 'it must be an object')
  }

  list(): Part[] {
    if (this.missing) return []
    if (Array.isArray(this.value)) return this.value.map((_item, index) => this.at(index))
    throw this.fault('it must be an array')
  }

  entries(): [string, Part][] {
    if (this.missing) return []
    return Object.keys(this.object()).map((key) => [key, this.at(key)])
  }

  text(): string {
    if (typeof this.value === 'string') return this.value
    throw this.fault(this.missing ? 'it is missing' : 'it must be a text')
  }

  optionalText(): string | undefined {
    return this.missing ? undefined : this.text()
  }

  fault(why: string): ReeveError {
    return new ReeveError('bad-openapi', `The OpenAPI document cannot be used: ${this.place}: ${why}.`, {
      details: { path: this.place },
    })
  }
}

/** @throws `bad-openapi` */
export function readDocument(document: unknown): Part {
  if (!isRecord(document as Json)) {
    throw new ReeveError(
      'bad-openapi',
      'The OpenAPI document must be an object. Parse its JSON or YAML first.',
    )
  }
  const root = new Part(document as Json, '', document as JsonObject)
  if (!root.at('swagger').missing) {
    throw root.at('swagger').fault('Swagger 2 is not read; convert the document to OpenAPI 3')
  }
  const version = root.at('openapi')
  if (!/^3\.[0-2]\./.test(version.text()))
    throw version.fault(`version "${version.text()}" is not one of 3.0 to 3.2`)
  root.at('paths').object()
  return root
}

function decodeStep(step: string): string {
  return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
}
