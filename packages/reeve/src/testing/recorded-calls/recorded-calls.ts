import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { readSealed } from '../../connectors/auth/scheme.ts'
import {
  type Actions,
  type ConnectionOptions,
  type Connector,
  connector,
  type Triggers,
} from '../../connectors/connector.ts'
import type { AnyDefinition } from '../../connectors/shape/definition.ts'
import type { Settings } from '../../connectors/shape/mode.ts'
import type { RunningStandIn } from '../../connectors/shape/sandbox.ts'
import type { StandInAnswer, StandInRequest } from '../../connectors/stand-in/exchange.ts'
import { startStandIn } from '../../connectors/stand-in/stand-in.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import type { HttpMethod } from '../../tools/http/http-method.ts'
import { type Exchange, Recording } from './recording.ts'
import { type KeyMark, keysIn, scrubbed, scrubbedJson, secretsIn } from './scrub.ts'

/** For `recordedCalls`. */
export interface RecordedCallsOptions {
  /** Where the calls are: JSON, without credentials. */
  file: string
  /**
   * Records anew, with the service's own test environment: `credential` as `reeve connect` would seal it (a key, or JSON with an access
   * token that is good for as long as the test lasts); `url`: another address of the service. Absent: nothing leaves this machine, the
   * answers are those of the file.
   */
  from?: { credential: string; url?: string } | undefined
  /** Further texts that must not stand in the file. Default: none. */
  hide?: readonly string[]
}

/** Of an answer these are kept, beside what the connector reads. */
const keptHeaders = ['content-type', 'retry-after', 'link', 'etag', 'location']
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/**
 * A connection whose calls were recorded once, and are replayed from a file: what a service answered, without its network, its
 * credentials and its rate. A request that is not in the file fails the call, and says which. Grants, approvals and the journal are the
 * project's own.
 * @throws `bad-recorded-calls`
 * @example
 * import { stripe } from 'reeve/connectors/stripe'
 * import { recordedCalls, testRuntime } from 'reeve/testing'
 *
 * const credential = process.env.STRIPE_TEST_KEY
 * const payments = recordedCalls(stripe, { file: 'test/calls/refund.json', from: credential ? { credential } : undefined })
 * await using desk = await testRuntime({ project: '.', config: { connectors: { stripe: payments } } })
 */
export function recordedCalls<A extends Actions, T extends Triggers, Own extends Settings>(
  { definition }: Connector<A, T, Own>,
  { file, from, hide = [] }: RecordedCallsOptions,
  options: ConnectionOptions<A> & Partial<Own> = {} as never,
): ReturnType<Connector<A, T, Own>> {
  const { standIn } = definition.sandbox
  const credential = from?.credential ?? standIn.credential
  const secrets = [...secretsIn(credential), ...hide]
  const about = { connector: definition.name, vendorApi: definition.vendorApi.version }
  const recording = from ? Recording.begin(file, about) : Recording.read(file, about)
  const answer = from
    ? (request: StandInRequest) => forward(definition as AnyDefinition, from, request, { recording, secrets })
    : async (request: StandInRequest) => replay(recording, request, secrets, file)
  const start = () => startRecorder(definition as AnyDefinition, answer)
  const { url: _elsewhere, ...sandbox } = definition.sandbox
  return connector({
    ...definition,
    // A look at the account is no call of the test.
    health: { probe: async () => ({}) },
    sandbox: { ...sandbox, standIn: { ...standIn, credential, load: async () => start } },
  })({ ...options, mode: 'sandbox' })
}

async function startRecorder(
  definition: AnyDefinition,
  answer: (request: StandInRequest) => Promise<StandInAnswer>,
): Promise<RunningStandIn> {
  const server = await startStandIn(() => ({
    name: 'recorder',
    refuse: () => ({ status: 501 }),
    routes: Object.fromEntries(methods.map((method) => [`${method} /*path`, answer])),
  }))
  const names = Object.keys(definition.endpoints ?? {})
  return Object.assign(server, {
    endpoints: Object.fromEntries(names.map((name) => [name, `${server.url}/@${name}`])),
  })
}

function replay(
  recording: Recording,
  request: StandInRequest,
  secrets: readonly string[],
  file: string,
): StandInAnswer {
  const asked = requestOf(request, secrets)
  const found = recording.take(asked)
  if (!found) {
    const what = `${asked.method} ${asked.path} with ${JSON.stringify(asked.body)}`
    // 4xx: what is asked again is not there either.
    return {
      status: 418,
      body: { error: { message: `not in the recording ${file}: ${what}. Record it anew` } },
    }
  }
  const { status, headers, body } = found.answer
  if ('base64' in body) return { status, headers, body: Buffer.from(body.base64, 'base64') }
  const text = 'json' in body ? JSON.stringify(body.json) : body.text
  return { status, headers, body: recording.withKeys(text, found, keysOf(request)) }
}

function keysOf({ headers, path, query, body }: StandInRequest): string[] {
  return keysIn(...Object.values(headers), path, query.toString(), body.toString())
}

async function forward(
  definition: AnyDefinition,
  from: NonNullable<RecordedCallsOptions['from']>,
  request: StandInRequest,
  { recording, secrets }: { recording: Recording; secrets: readonly string[] },
): Promise<StandInAnswer> {
  const { url, host, path } = addressOf(definition, from, request)
  const { scheme, credential } = readSealed([definition.auth].flat(), from.credential)
  const { origin } = new URL(url)
  const client = new HttpClient({
    allow: from.url === undefined ? [host] : [],
    ...(from.url !== undefined && { allowPrivate: [host] }),
    methods: [...methods],
    credentials: { [origin]: scheme.headers(credential) },
    responseHeaders: [...keptHeaders, ...(definition.responseHeaders ?? [])],
    contentTypes: ['application/*', 'text/*', ...(definition.contentTypes ?? [])],
    maxBytes: definition.maxBytes ?? 5 * 1_048_576,
    maxRequestBytes: 64 * 1_048_576,
    maxRedirects: 0,
  })
  const passed = Object.entries(request.headers).filter(([name]) => !connectionHeaders.has(name))
  const isBodiless = request.method === 'GET' || request.method === 'HEAD'
  const answered = await client.request({
    url: `${url}${path}`,
    method: request.method as HttpMethod,
    ownHeaders: Object.fromEntries(passed),
    ...(!isBodiless && request.body.length > 0 && { body: request.body }),
  })
  const keys = keysOf(request).map((key) => recording.numberOf(key))
  const exchange: Exchange = {
    request: { ...requestOf(request, secrets), keys },
    answer: {
      status: answered.status,
      headers: Object.fromEntries(
        Object.entries(answered.headers).map(([name, value]) => [name, scrubbed(value, secrets)]),
      ),
      body: bodyOf(answered.bytes, answered.contentType, secrets, (key) => recording.markOf(key)),
    },
  }
  recording.add(exchange)
  return { status: answered.status, headers: answered.headers, body: answered.bytes }
}

const connectionHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'authorization',
])

function addressOf(
  definition: AnyDefinition,
  from: NonNullable<RecordedCallsOptions['from']>,
  request: StandInRequest,
): { url: string; host: string; path: string } {
  const query = request.query.size === 0 ? '' : `?${request.query}`
  const [, name, rest = request.path] = /^\/@(\w+)(.*)$/.exec(request.path) ?? []
  const place = name === undefined ? (definition.sandbox.url ?? definition.url) : definition.endpoints![name]
  const url = from.url ?? (typeof place === 'string' ? place : undefined)
  const found = url === undefined ? null : URL.parse(url)
  if (found && /^https?:$/.test(found.protocol))
    return { url: url!.replace(/\/$/, ''), host: found.host, path: `${rest}${query}` }
  throw new ReeveError(
    'bad-recorded-calls',
    `Calls of ${definition.title} cannot be recorded by their address: give it as \`url\` of \`from\`. What is not HTTP has its stand-in.`,
  )
}

/** What tells a request from others: no header does, and nothing that is secret or of one run alone. */
function requestOf(request: StandInRequest, secrets: readonly string[]): Omit<Exchange['request'], 'keys'> {
  const query = [...request.query].map(([name, value]) => `${name}=${value}`).sort()
  const path = `${request.path}${query.length === 0 ? '' : `?${query.join('&')}`}`
  const type = request.headers['content-type'] ?? ''
  const text = request.body.toString()
  const body = /json/.test(type)
    ? scrubbedJson(JSON.parse(text || 'null') as Json, secrets)
    : /form-urlencoded/.test(type)
      ? scrubbedJson(Object.fromEntries([...new URLSearchParams(text)].sort()), secrets)
      : scrubbed(text, secrets)
  return { method: request.method, path: scrubbed(path, secrets), body }
}

function bodyOf(
  bytes: Buffer,
  contentType: string,
  secrets: readonly string[],
  mark: KeyMark,
): Exchange['answer']['body'] {
  const text = bytes.toString()
  if (!Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') }
  if (/json$/.test(contentType)) {
    try {
      return { json: scrubbedJson(JSON.parse(text) as Json, secrets, mark) }
    } catch {
      // A text that only says that it is JSON.
    }
  }
  return { text: scrubbed(text, secrets, mark) }
}
