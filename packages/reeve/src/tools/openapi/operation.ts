import type { Json } from '../../base/json/json.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import type { HttpMethod } from '../http/http-method.ts'
import type { Part } from './document.ts'
import { mostParts, SchemaCollector } from './schema.ts'

export interface Parameter {
  /** As the tool's input names it. */
  key: string
  name: string
  in: 'path' | 'query' | 'header'
  style: 'simple' | 'form' | 'deepObject' | 'json'
  explode: boolean
}

export interface Operation {
  /** `operationId`, or made of method and path. */
  id: string
  method: HttpMethod
  path: string
  /** Where it stands in the document. */
  place: string
  description: string
  tags: string[]
  parameters: Parameter[]
  body: { contentType: string } | undefined
  /** It takes an Idempotency-Key: it may be repeated with the same one. */
  takesKey: boolean
  /** JSON Schema of the tool's input. */
  input: { [key: string]: Json }
  /** The operation itself and its path, where the document may say more of it: servers, answers, who may call. */
  holders: readonly [operation: Part, path: Part]
}

const methods: Readonly<Record<string, HttpMethod>> = {
  get: 'GET',
  head: 'HEAD',
  post: 'POST',
  put: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}
/** The specification has them ignored: they are set by other means. */
const ignoredHeaders = new Set(['accept', 'content-type', 'authorization'])

/** A way to choose before an operation is read, so that what cannot be read may be left out. */
export interface OperationName {
  id: string
  method: HttpMethod
  path: string
  tags: string[]
}

/** @throws `bad-openapi` */
export function operationsOf(document: Part, chosen: (operation: OperationName) => boolean): Operation[] {
  const operations: Operation[] = []
  const budget = { left: mostParts }
  for (const [path, unresolved] of document.at('paths').entries()) {
    if (path.startsWith('x-')) continue
    if (!path.startsWith('/')) throw unresolved.fault('a path must begin with "/"')
    const item = unresolved.resolved()
    for (const [key, method] of Object.entries(methods)) {
      const part = item.at(key)
      if (part.missing) continue
      part.object()
      const id = part.at('operationId').optionalText() ?? `${key}_${path}`
      const tags = part
        .at('tags')
        .list()
        .map((tag) => tag.text())
      if (chosen({ id, method, path, tags }))
        operations.push(readOperation(item, part, { id, method, path, tags }, budget))
    }
  }
  return operations
}

function readOperation(item: Part, part: Part, name: OperationName, budget: { left: number }): Operation {
  const collector = new SchemaCollector(budget)
  const properties: { [key: string]: Json } = {}
  const required: string[] = []
  const parameters: Parameter[] = []
  let takesKey = false
  for (const parameter of parametersOf(item, part)) {
    const read = readParameter(parameter, collector)
    if (!read) continue
    if (read.in === 'header' && read.name.toLowerCase() === 'idempotency-key') {
      takesKey = true
      continue
    }
    // The same name may stand in the path and in the query.
    if (read.key === 'body' || Object.hasOwn(properties, read.key)) read.key = `${read.in}_${read.name}`
    if (Object.hasOwn(properties, read.key)) throw parameter.fault(`"${read.name}" is there twice`)
    const { schema, isRequired, ...kept } = read
    properties[read.key] = schema
    if (isRequired) required.push(read.key)
    parameters.push(kept)
  }
  checkPath(part, name.path, parameters)
  const body = readBody(part.at('requestBody'), collector)
  if (body) {
    properties.body = body.schema
    if (body.isRequired) required.push('body')
  }
  const summary = [part.at('summary').optionalText(), part.at('description').optionalText()]
  const input: { [key: string]: Json } = { type: 'object', properties, required, additionalProperties: false }
  if (Object.keys(collector.definitions).length > 0) input.$defs = collector.definitions
  return {
    ...name,
    place: part.place,
    description: firstCharacters(summary.filter(Boolean).join('. ') || `${name.method} ${name.path}`, 2000),
    parameters,
    body: body && { contentType: body.contentType },
    takesKey,
    input,
    holders: [part, item],
  }
}

/** Those of the operation go before those of its path. */
function parametersOf(item: Part, operation: Part): Part[] {
  const own = operation
    .at('parameters')
    .list()
    .map((part) => part.resolved())
  const identity = (part: Part) => `${part.at('in').text()} ${part.at('name').text()}`
  const taken = new Set(own.map(identity))
  const shared = item
    .at('parameters')
    .list()
    .map((part) => part.resolved())
  return [...shared.filter((part) => !taken.has(identity(part))), ...own]
}

function readParameter(
  part: Part,
  collector: SchemaCollector,
): (Parameter & { schema: Json; isRequired: boolean }) | undefined {
  const name = part.at('name').text()
  const place = part.at('in').text()
  const isRequired = part.at('required').value === true
  if (place === 'cookie') {
    if (isRequired) throw part.fault('it is a required cookie, and cookies are not sent')
    return
  }
  if (place !== 'path' && place !== 'query' && place !== 'header') {
    throw part.at('in').fault(`"${place}" is not one of path, query, header, cookie`)
  }
  if (place === 'header' && ignoredHeaders.has(name.toLowerCase())) return
  const key = name.replace(/[^\w-]/g, '_')
  const common = { key, name, in: place as Parameter['in'], isRequired: isRequired || place === 'path' }
  const description = part.at('description').optionalText()
  const described = (schema: Json): Json =>
    description === undefined ? schema : { description, ...(typeof schema === 'object' && schema) }
  const content = part.at('content')
  if (!content.missing) {
    const schema = content.at('application/json').at('schema')
    if (schema.missing) throw content.fault('only application/json can be sent in a parameter')
    return { ...common, style: 'json', explode: false, schema: described(collector.convert(schema)) }
  }
  const style = part.at('style').optionalText() ?? (place === 'query' ? 'form' : 'simple')
  const known = place === 'query' ? style === 'form' || style === 'deepObject' : style === 'simple'
  if (!known) throw part.at('style').fault(`"${style}" is not supported in a ${place}`)
  const explode = part.at('explode').value
  return {
    ...common,
    style: style as Parameter['style'],
    explode: typeof explode === 'boolean' ? explode : style === 'form',
    schema: described(collector.convert(part.at('schema'))),
  }
}

function checkPath(part: Part, path: string, parameters: Parameter[]): void {
  if (/(?:^|\/)\.{1,2}(?:\/|$)|[?#\\]|%2e/i.test(path))
    throw part.fault(`the path ${path} leads elsewhere: it has "." or ".." as a part, or a query`)
  const wanted = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)
  const given = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
  const missing = wanted.find((name) => !given.includes(name))
  if (missing !== undefined) throw part.fault(`the path has {${missing}}, for which there is no parameter`)
  const extra = given.find((name) => !wanted.includes(name))
  if (extra !== undefined) throw part.fault(`the parameter "${extra}" is not in the path ${path}`)
}

function readBody(
  unresolved: Part,
  collector: SchemaCollector,
): { contentType: string; schema: Json; isRequired: boolean } | undefined {
  if (unresolved.missing) return
  const part = unresolved.resolved()
  const content = part.at('content')
  const types = content.entries().map(([type]) => type)
  const contentType =
    types.find((type) => /^application\/([\w.-]+\+)?json\b/.test(type)) ??
    types.find((type) => type.startsWith('application/x-www-form-urlencoded')) ??
    types.find((type) => type.startsWith('text/'))
  if (contentType === undefined) {
    throw content.fault(`none of ${types.join(', ') || 'no types'} can be sent; JSON, forms and text can`)
  }
  const schema = content.at(contentType).at('schema')
  return {
    contentType,
    schema: schema.missing ? true : collector.convert(schema),
    isRequired: part.at('required').value === true,
  }
}
