import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { fromJsonSchema } from '../../tools/json-schema/json-schema.ts'
import type { NamedOperation } from '../../tools/openapi/named-operations.ts'
import type { Operation } from '../../tools/openapi/operation.ts'
import type { AuthScheme, Credential } from '../auth/scheme.ts'
import {
  formOf,
  jsonOf,
  KeptState,
  type StandIn,
  type StandInAnswer,
  type StandInLimit,
  type StandInRefusal,
  type StandInRequest,
  type StandInRoute,
  startStandIn,
} from '../stand-in/index.ts'
import { sampleAnswer } from './sample.ts'

interface Kept {
  made: number
  /** What was written, by its path; null: deleted. */
  things: Record<string, Json>
}

/** For a stand-in of a document. */
export interface RestStandInOptions {
  file?: string | undefined
  port?: number | undefined
  now?: () => number
  limit?: StandInLimit
}

/**
 * A service that was made up from its document: it checks credentials and bodies, answers with the document's examples or with values
 * that fit its schemas, and remembers what was written: POST makes a thing below its path, PUT and PATCH change it, DELETE takes it
 * away. A key that it saw gets the answer that it had.
 */
export function startRestStandIn(
  name: string,
  operations: readonly NamedOperation[],
  { scheme, credential }: { scheme: AuthScheme; credential: Credential },
  { file, ...options }: RestStandInOptions = {},
): Promise<StandIn> {
  const kept = new KeptState<Kept>(file, () => ({ made: 0, things: {} }))
  const wanted = Object.entries(scheme.headers(credential))
  return startStandIn(
    ({ books }) => ({
      name,
      admit: ({ headers }) =>
        wanted.every(([header, value]) => headers[header] === value)
          ? undefined
          : { status: 401, body: { error: 'unauthorized', message: 'no such credential' } },
      refuse: refusal,
      routes: Object.fromEntries(
        operations.map((each) => [
          routeOf(each.operation),
          once(kept, each.operation, (request) => {
            const answer = answered(kept.state, each.operation, request)
            const key = keyOf(request)
            if (request.method !== 'GET' && (answer.status ?? 200) < 300)
              books.record(each.name, key === undefined ? {} : { key })
            return answer
          }),
        ]),
      ),
    }),
    options,
  )
}

function refusal(refusal: StandInRefusal): StandInAnswer {
  if (refusal.why === 'rate-limited')
    return {
      status: 429,
      headers: { 'retry-after': String(refusal.retryAfterS) },
      body: { error: 'too-many-requests' },
    }
  const status = refusal.why === 'unavailable' ? refusal.status : refusal.why === 'unauthorized' ? 401 : 404
  return { status, body: { error: refusal.why } }
}

function keyOf({ headers }: StandInRequest): string | undefined {
  return headers['idempotency-key']
}

/** Refuses what does not fit the document, and answers a key that it saw as it did then. */
function once(kept: KeptState<Kept>, operation: Operation, run: StandInRoute): StandInRoute {
  return async (request) => {
    const problem = misfit(operation, request)
    if (problem !== undefined) return { status: 422, body: { error: 'invalid', message: problem } }
    if (request.method === 'GET') return run(request)
    const key = keyOf(request)
    const known = key === undefined ? undefined : kept.look(key, request)
    if (known?.is === 'same') return known.answer
    if (known?.is === 'other') return { status: 409, body: { error: 'another request had this key' } }
    const answer = await run(request)
    if (key !== undefined) kept.keep(key, request, answer)
    kept.save()
    return answer
  }
}

function misfit({ body, input }: Operation, request: StandInRequest): string | undefined {
  if (!body) return undefined
  const { properties, required, $defs } = input as { [word: string]: { [name: string]: Json } }
  if (request.body.length === 0)
    return (required as unknown as string[]).includes('body') ? 'it has no body' : undefined
  if (!body.contentType.includes('json')) return undefined
  const schema = { ...(isRecord(properties!.body) ? properties!.body : {}), ...($defs && { $defs }) }
  const checked = validate(fromJsonSchema(schema as never, 'The body'), jsonOf(request))
  return checked.ok ? undefined : describeIssues(checked.issues)
}

function answered(state: Kept, operation: Operation, request: StandInRequest): StandInAnswer {
  const { path, method } = request
  const sample = sampleAnswer(operation.holders[0])
  const isJson = sample.contentType.includes('json')
  const answer = (body: Json | undefined): StandInAnswer => {
    const headers: Record<string, string> = isJson ? {} : { 'content-type': sample.contentType }
    return { status: sample.status, headers, body: isJson || body === undefined ? body : textOf(body) }
  }
  const thing = Object.hasOwn(state.things, path) ? state.things[path] : undefined
  if (thing === null) return { status: 404, body: { error: 'not-found' } }
  const sent = sentBy(operation, request)
  switch (method) {
    case 'GET':
      return answer(thing ?? sample.body)
    case 'DELETE':
      state.things[path] = null
      return answer(sample.body)
    case 'POST': {
      state.made++
      const made = merged(sample.body, sent)
      if (!isRecord(made)) return answer(made)
      if ('id' in made && !isRecord(made.id)) {
        made.id = typeof made.id === 'number' ? state.made : `made-${state.made}`
        state.things[`${path.replace(/\/$/, '')}/${made.id}`] = made as Json
      }
      return answer(made as Json)
    }
    default:
      state.things[path] = merged(thing ?? sample.body, sent)
      return answer(state.things[path])
  }
}

function sentBy({ body }: Operation, request: StandInRequest): Json | undefined {
  if (!body || request.body.length === 0) return undefined
  if (body.contentType.includes('json')) return jsonOf(request) as Json
  return body.contentType.includes('form') ? Object.fromEntries(formOf(request)) : request.body.toString()
}

function merged(before: Json | undefined, sent: Json | undefined): Json {
  if (isRecord(before) && isRecord(sent)) return { ...before, ...sent } as Json
  return (before ?? sent ?? {}) as Json
}

function textOf(body: Json): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** `/orders/{id}` is `/orders/:id`. */
function routeOf({ method, path }: Operation): string {
  return `${method} ${path.replace(/\{([^{}]+)\}/g, (_whole, part: string) => `:${part}`)}`
}
