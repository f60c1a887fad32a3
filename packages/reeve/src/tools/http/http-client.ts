import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { credentialsIn } from '../../base/secrets/known-secrets.ts'
import type { Reveal } from '../../base/secrets/secret-handle.ts'
import { type SecretRegistry, Secrets, withoutSecrets } from '../../base/secrets/secrets.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { type Credentials, checkCredentials, openCredentials } from './credentials.ts'
import { decodeText, plainContentTypes, plainResponseHeaders, typeMatches } from './http-answer.ts'
import { type ExchangeResponse, exchange } from './http-exchange.ts'
import type { HttpMethod } from './http-method.ts'
import { type Hop, nextHop, refusedRedirect } from './http-redirect.ts'
import { type Destination, EgressGuard, type EgressRules, type Resolve } from './ssrf-guard.ts'

/** What may be reached, and how much may come back. */
export interface HttpPolicy extends EgressRules {
  /** Default: GET and HEAD. */
  methods?: readonly HttpMethod[]
  /** Names of the headers that a caller may set, besides `accept`, `accept-language` and `content-type`. */
  requestHeaders?: readonly string[]
  /** Names of the headers of the answer that a caller sees, besides the usual harmless ones. */
  responseHeaders?: readonly string[]
  /** Types of answers that are taken: `application/json`, `text/*`, `application/*+json`. Default: text and JSON. */
  contentTypes?: readonly string[]
  /**
   * Headers with secrets for one origin, asked at every hop, so that no redirect carries them elsewhere. They go out
   * over TLS or to hosts of `allowPrivate` only, and are redacted where an answer repeats them. By origin, or by a function of
   * it: `{ 'https://api.stripe.com': { authorization: secret`Bearer ${secret('STRIPE_KEY')}` } }`.
   */
  credentials?: Credentials
  /** Default 5. */
  maxRedirects?: number
  /** Of the answer, decompressed. Default 1 MiB. */
  maxBytes?: number
  /** Of the request's body. Default 1 MiB. */
  maxRequestBytes?: number
  /** For everything from the first look-up to the last byte. Default `20s`. */
  timeout?: Duration
  /** In the place of the system's resolver. */
  resolve?: Resolve
}

/** A request of `HttpClient`. */
export interface HttpRequest {
  /** Where it goes; its host must be one that the policy allows. */
  url: string
  /** Default GET. */
  method?: HttpMethod
  /** Those that a caller gives; the policy says which may be sent. */
  headers?: Readonly<Record<string, string>>
  /** What is sent. Default: nothing. */
  body?: string | Uint8Array
  /** Sent besides `headers`, outside of what `requestHeaders` rules; code's own, such as an idempotency key. */
  ownHeaders?: Readonly<Record<string, string>>
  /** Ends it. */
  signal?: AbortSignal
  /** Told of the credentials that go out with it. */
  secrets?: SecretRegistry | undefined
  /** Opens handles to secrets among the credentials; absent: a request that needs one is refused. */
  reveal?: Reveal | undefined
}

/** What came back, within the limits of its policy. */
export interface HttpResponse {
  status: number
  /** Where the answer came from, after redirects. */
  url: string
  headers: Record<string, string>
  /** Lower case, without parameters; empty when the answer names none. */
  contentType: string
  bytes: Buffer
  text: string
}

const plainRequestHeaders = ['accept', 'accept-language', 'content-type']
/** Set by the connection itself; a caller who could would split requests or lie about the host. */
const neverSet =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect|keep-alive|proxy-.*|cookie)$/

const shape = {
  methods: 'texts',
  requestHeaders: 'texts',
  responseHeaders: 'texts',
  contentTypes: 'texts',
  credentials: ['function', 'object'],
  maxRedirects: 'number',
  maxBytes: 'number',
  maxRequestBytes: 'number',
  resolve: 'function',
} as const

/** The guarded HTTP client of tools: what may be sent, redirects, credentials and what is taken of an answer. */
export class HttpClient {
  readonly #policy: HttpPolicy
  readonly #guard: EgressGuard
  readonly #methods: ReadonlySet<string>
  readonly #requestHeaders: ReadonlySet<string>
  readonly #responseHeaders: ReadonlySet<string>
  readonly #contentTypes: readonly string[]
  readonly #timeoutMs: number

  /** @throws `bad-host` `bad-duration` `bad-header` */
  constructor(policy: HttpPolicy) {
    checkOptions(policy, 'an HTTP client', shape)
    checkCredentials(policy.credentials)
    this.#policy = policy
    this.#guard = new EgressGuard(policy, policy.resolve)
    this.#methods = new Set(policy.methods ?? ['GET', 'HEAD'])
    this.#requestHeaders = new Set([...plainRequestHeaders, ...lowerCase(policy.requestHeaders)])
    this.#responseHeaders = new Set([...plainResponseHeaders, ...lowerCase(policy.responseHeaders)])
    this.#contentTypes = lowerCase(policy.contentTypes ?? plainContentTypes)
    this.#timeoutMs = toMs(policy.timeout ?? '20s', '`timeout` of an HTTP client')
    for (const name of this.#requestHeaders) {
      if (neverSet.test(name)) throw new ReeveError('bad-header', `No caller may set the header "${name}".`)
    }
  }

  /**
   * @throws `refused-destination` `refused-request` `refused-redirect` `refused-content-type` `unresolved-host`
   * `unreachable` `broken-response` `response-too-large` `refused-encoding` `http-timeout`; the signal's reason
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const deadline = AbortSignal.timeout(this.#timeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
    const progress = { sent: false, redirects: 0 }
    const secrets = new Secrets()
    try {
      return await this.#follow(request, signal, progress, secrets)
    } catch (error) {
      if (error !== deadline.reason) throw afterRedirects(error, progress.redirects, secrets)
      throw new ReeveError('http-timeout', `No whole answer came within ${this.#timeoutMs} ms.`, {
        retryable: true,
        details: { ...progress },
      })
    }
  }

  async #follow(
    request: HttpRequest,
    signal: AbortSignal,
    progress: Progress,
    secrets: Secrets,
  ): Promise<HttpResponse> {
    let hop = this.#firstHop(request)
    for (;;) {
      const { url, method, body, headers } = hop
      const answer = await exchange(this.#guard, {
        url,
        method,
        headers: async (destination) => {
          const credentials = await this.#credentialsFor(destination, request.reveal)
          const values = Object.values(credentials).flatMap(credentialsIn)
          secrets.add(values)
          request.secrets?.add(values)
          progress.sent = true
          return {
            'accept-encoding': 'gzip, deflate, br',
            'user-agent': 'reeve',
            ...headers,
            ...credentials,
          }
        },
        body,
        signal,
        maxBytes: this.#policy.maxBytes ?? 1_048_576,
      })
      const next = nextHop(hop, answer)
      if (!next) return this.#response(hop, answer, secrets)
      if (++progress.redirects > (this.#policy.maxRedirects ?? 5)) {
        throw refusedRedirect(hop.url, `it is redirected more than ${progress.redirects - 1} times`)
      }
      hop = next
    }
  }

  #firstHop({ url: text, method = 'GET', headers = {}, ownHeaders = {}, body }: HttpRequest): Hop {
    const url = text.length > 8192 ? null : URL.parse(text)
    if (!url) throw refusedRequest(`"${firstCharacters(text, 200)}" is not a URL`)
    if (!this.#methods.has(method)) {
      throw refusedRequest(`the method ${method} is not among ${[...this.#methods].join(', ')}`)
    }
    if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
      throw refusedRequest(`a ${method} has no body`)
    }
    const maxBytes = this.#policy.maxRequestBytes ?? 1_048_576
    if (body !== undefined && Buffer.byteLength(body) > maxBytes) {
      throw refusedRequest(`the body has more than ${maxBytes} bytes`)
    }
    const checked: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers)) {
      const lower = name.toLowerCase()
      if (!this.#requestHeaders.has(lower)) {
        throw refusedRequest(`the header "${name}" is not among ${[...this.#requestHeaders].join(', ')}`)
      }
      checked[lower] = checkedHeaderValue(name, value)
    }
    for (const [name, value] of Object.entries(ownHeaders)) {
      checked[name.toLowerCase()] = checkedHeaderValue(name, value)
    }
    return { url, method, headers: checked, body }
  }

  async #credentialsFor(
    { url, trustedPath }: Destination,
    reveal: Reveal | undefined,
  ): Promise<Record<string, string>> {
    if (url.protocol !== 'https:' && !trustedPath) return {}
    const { credentials } = this.#policy
    const given =
      (typeof credentials === 'function' ? credentials(url.origin) : credentials?.[url.origin]) ?? {}
    const opened = await openCredentials(given, reveal, url.origin)
    return Object.fromEntries(Object.entries(opened).map(([name, value]) => [name.toLowerCase(), value]))
  }

  #response(hop: Hop, answer: ExchangeResponse, secrets: Secrets): HttpResponse {
    const [type = '', ...parameters] = (answer.headers['content-type'] ?? '').toLowerCase().split(';')
    const contentType = type.trim()
    if (answer.body.length > 0 && !this.#contentTypes.some((allowed) => typeMatches(allowed, contentType))) {
      throw new ReeveError(
        'refused-content-type',
        `${hop.url.origin} answered with "${contentType}"; this tool takes ${this.#contentTypes.join(', ')}.`,
        { details: { sent: true, status: answer.status } },
      )
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(answer.headers)) {
      if (this.#responseHeaders.has(name)) headers[name] = secrets.redact(value)
    }
    const bytes = secrets.redactBytes(answer.body)
    return {
      status: answer.status,
      url: secrets.redact(hop.url.href),
      headers,
      contentType,
      bytes,
      text: decodeText(bytes, parameters),
    }
  }
}

interface Progress {
  sent: boolean
  redirects: number
}

/** A later hop that never left does not undo that the first one did. What an answer repeats is left out. */
function afterRedirects(error: unknown, redirects: number, secrets: Secrets): unknown {
  const clean = withoutSecrets(error, secrets)
  if (redirects === 0 || !(clean instanceof ReeveError) || clean.details.sent !== false) return clean
  const { retryable, cause, details } = clean
  return new ReeveError(clean.code, clean.message, { retryable, cause, details: { ...details, sent: true } })
}

/**
 * What went wrong before anything left certainly changed nothing: the engine may know that.
 * @example
 * import { asNotApplied, HttpClient } from 'reeve/tools'
 *
 * const client = new HttpClient({ allow: ['shop.example'] })
 *
 * export async function order(url: string, key: string, signal: AbortSignal) {
 *   try {
 *     return await client.request({ url, method: 'POST', ownHeaders: { 'Idempotency-Key': key }, signal })
 *   } catch (error) {
 *     throw asNotApplied(error)
 *   }
 * }
 */
export function asNotApplied(error: unknown): unknown {
  if (!(error instanceof ReeveError) || error.details.sent !== false) return error
  const { outage } = error.details
  const details = outage === undefined ? {} : { outage }
  return new NotApplied(error.message, { retryable: error.retryable, cause: error, details })
}

function checkedHeaderValue(name: string, value: string): string {
  if (/^[\t\x20-\x7e]{0,4096}$/.test(value) && /^[a-z0-9-]{1,64}$/i.test(name)) return value
  throw refusedRequest(`the header "${firstCharacters(name, 64)}" has a value that no header may have`)
}

function lowerCase(names: readonly string[] = []): string[] {
  return names.map((name) => name.toLowerCase())
}

function refusedRequest(why: string): ReeveError {
  return new ReeveError('refused-request', `Nothing was sent: ${why}.`, { details: { sent: false } })
}
