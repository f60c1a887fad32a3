import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import { briefLine } from '../../base/text/one-line.ts'
import { type EffectAttempt, NotApplied, PutOff } from '../../engine/calls/effect/definition.ts'
import { connectWords } from '../../store/connectors/accounts.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import type { HttpMethod } from '../../tools/http/http-method.ts'
import { rateHeadersOf, saidOf } from '../host/rates.ts'
import type { CallPlace } from '../shape/host.ts'
import type { Mode, Settings } from '../shape/mode.ts'
import type { Refusal } from '../shape/refusal.ts'
import { answerOf, refusalOf } from './answers.ts'
import type { DoorServices, Signed } from './door-services.ts'
import { prepare } from './request.ts'
import { RequestTurns } from './request-turns.ts'
import type { NextPage, RequestOptions, ServiceAnswer, ServiceCall } from './service-call.ts'

/** Where a service asks to wait and does not say how long. */
const unsaidWaitMs = 5_000
const mostPages = 10_000

/** What of an attempt a door goes by. */
type Attempt = Pick<EffectAttempt, 'key' | 'attempt' | 'signal' | 'traceparent'> & Partial<EffectAttempt>

/**
 * The door for one attempt. A request goes: credential → rate → out → what the service said of its rate → what the answer means.
 * An answer that certainly changed nothing, as long as nothing was changed before it in this attempt, puts the whole call off or
 * fails it; any other error leaves to the effect's class what may be done.
 */
export class ServiceDoor implements ServiceCall {
  readonly key: string
  readonly attempt: number
  readonly signal: AbortSignal
  readonly account: string
  readonly mode: Mode
  readonly settings: Settings
  readonly #services: DoorServices
  readonly #place: CallPlace
  readonly #attempt: Pick<EffectAttempt, 'traceparent'>
  readonly #turns: RequestTurns
  #changes = 0

  constructor(services: DoorServices, place: CallPlace, attempt: Attempt) {
    this.key = attempt.key
    this.attempt = attempt.attempt
    this.signal = attempt.signal
    this.account = place.account
    this.mode = services.modeOf(place)
    this.settings = place.connection.settings
    this.#services = services
    this.#place = place
    this.#attempt = attempt
    this.#turns = new RequestTurns(services, place, attempt)
  }

  get log() {
    return this.#services.log
  }

  now(): number {
    return this.#services.clock.now()
  }

  get(path: string, options?: RequestOptions): Promise<ServiceAnswer> {
    return this.#request('GET', path, options)
  }

  post(path: string, options?: RequestOptions): Promise<ServiceAnswer> {
    return this.#request('POST', path, options)
  }

  put(path: string, options?: RequestOptions): Promise<ServiceAnswer> {
    return this.#request('PUT', path, options)
  }

  patch(path: string, options?: RequestOptions): Promise<ServiceAnswer> {
    return this.#request('PATCH', path, options)
  }

  delete(path: string, options?: RequestOptions): Promise<ServiceAnswer> {
    return this.#request('DELETE', path, options)
  }

  async *pages(path: string, options: RequestOptions, next: NextPage): AsyncIterable<ServiceAnswer> {
    let at = path
    let query = options.query
    for (let count = 0; count < mostPages; count++) {
      const answer = await this.get(at, { ...options, query })
      yield answer
      const following = next(answer)
      if (following === undefined || following === null || following === '') return
      const before = JSON.stringify([at, query])
      if (typeof following === 'string') {
        at = following
        query = undefined
      } else query = { ...query, ...following }
      if (JSON.stringify([at, query]) === before)
        throw new NotApplied(`${this.#title} gives a page as the one after itself: ${briefLine(at, 200)}`)
    }
    throw new NotApplied(`${this.#title} gives page after page: ${mostPages} were read, and there are more.`)
  }

  expects(requests: number): void {
    this.#turns.expects(requests)
  }

  async at(name?: string): Promise<string> {
    const { url, endpoints } = await this.#services.targetOf(this.#place)
    if (name === undefined) return url
    const address = endpoints[name]
    if (address !== undefined) return address
    throw new ReeveError(
      'bad-connector',
      `The connector "${this.#place.connection.definition.name}" has no address "${name}".`,
    )
  }

  async credential(): Promise<Signed['credential']> {
    return (await this.#services.sign(this.#place)).credential
  }

  refused(refusal: Refusal): Promise<ReeveError> {
    return this.#errorOf(refusal, { status: 0 }, {}, true)
  }

  get #title(): string {
    return this.#place.connection.definition.title
  }

  async #request(method: HttpMethod, path: string, options: RequestOptions = {}): Promise<ServiceAnswer> {
    const isRead = method === 'GET' || method === 'HEAD' || options.reads === true
    let signed = await this.#signing(() => this.#services.sign(this.#place))
    for (let isFirst = true; ; isFirst = false) {
      const arrived = await this.#turns.next(options.class, this.#changes > 0)
      const answer = await this.#exchange(method, path, options, signed, isRead).finally(() => {
        // What was given up may still be under way.
        if (!this.signal.aborted) arrived()
      })
      const { definition } = this.#place.connection
      const said = saidOf(definition, answer)
      if (said) await this.#services.learn(this.#classed(options), said)
      if (options.accept?.includes(answer.status)) return answer
      const refusal = definition.refusal?.(answer) ?? refusalOf(answer)
      if (!refusal) {
        if (!isRead) this.#changes++
        this.#services.worked(this.#place)
        return answer
      }
      if (refusal.kind === 'credential' && signed.isRenewable && isFirst) {
        const { version } = signed
        signed = await this.#signing(() => this.#services.renewed(this.#place, version, this.signal))
        continue
      }
      throw await this.#errorOf(refusal, answer, options, isRead)
    }
  }

  /** Whatever is missing of the credential: of this request nothing was sent, or nothing taken. */
  async #signing(sign: () => Promise<Signed>): Promise<Signed> {
    try {
      return await sign()
    } catch (error) {
      if (this.signal.aborted || !(error instanceof ReeveError)) throw error
      const { message, retryable, details } = error
      throw this.#unlessChanged(
        error instanceof NotApplied ? error : new NotApplied(message, { retryable, cause: error, details }),
        details,
      )
    }
  }

  #classed(options: RequestOptions): CallPlace {
    return { ...this.#place, class: options.class ?? this.#place.class }
  }

  async #exchange(
    method: HttpMethod,
    path: string,
    options: RequestOptions,
    signed: Signed,
    isRead: boolean,
  ): Promise<ServiceAnswer> {
    const { definition } = this.#place.connection
    const target = await this.#services.targetOf(this.#place)
    const base = options.at === undefined ? target.url : await this.at(options.at)
    const { url, headers, body } = prepare(base, path, options)
    const { vendorApi, idempotencyHeader } = definition
    if (vendorApi.header !== undefined) headers[vendorApi.header] ??= vendorApi.version
    if (!isRead && idempotencyHeader !== undefined)
      headers[idempotencyHeader] ??= this.#changes === 0 ? this.key : `${this.key}:${this.#changes + 1}`
    if (this.#attempt.traceparent !== undefined) headers.traceparent = this.#attempt.traceparent
    const { host, origin } = new URL(url)
    const client = new HttpClient({
      allow: target.isPrivate ? [] : [host],
      ...(target.isPrivate && { allowPrivate: [host] }),
      methods: [method],
      credentials: { [origin]: signed.headers },
      responseHeaders: [...rateHeadersOf(definition), ...(definition.responseHeaders ?? [])],
      contentTypes: ['application/json', 'application/*+json', 'text/*', ...(definition.contentTypes ?? [])],
      maxBytes: definition.maxBytes ?? 5 * 1_048_576,
      maxRequestBytes: 64 * 1_048_576,
      // The attempt has a limit of its own.
      timeout: '10m',
      maxRedirects: isRead ? 3 : 0,
    })
    try {
      return answerOf(
        await client.request({
          url,
          method,
          ownHeaders: headers,
          signal: this.signal,
          secrets: this.#services.secrets,
          ...(body !== undefined && { body }),
        }),
      )
    } catch (error) {
      throw this.#afterFailure(error, isRead)
    }
  }

  #afterFailure(error: unknown, isRead: boolean): unknown {
    if (this.signal.aborted || !(error instanceof ReeveError)) return error
    if (isRetryable(error)) this.#services.failed(this.#place, messageOf(error))
    const isUnsent = error.details.sent === false || isRead
    const { message, retryable } = error
    const details = { ...error.details, ...(retryable && { outage: true }) }
    if (isUnsent && this.#changes === 0) return new NotApplied(message, { retryable, cause: error, details })
    return new ReeveError(error.code, message, { retryable, cause: error, details })
  }

  async #errorOf(
    refusal: Refusal,
    { status }: Pick<ServiceAnswer, 'status'>,
    options: RequestOptions,
    isRead: boolean,
  ): Promise<ReeveError> {
    const { kind, code, waitMs, isLasting = false } = refusal
    const { connection, action } = this.#place
    const its = [code, refusal.message].filter((part) => part !== undefined).join(': ')
    const words = `${this.#title} answered ${connection.name}.${action}${status === 0 ? '' : ` with ${status}`}${its === '' ? '' : ` (${briefLine(its, 300)})`}`
    const details = { service: connection.name, status, ...(code !== undefined && { code }) }
    switch (kind) {
      case 'credential':
      case 'account':
        return this.#unlessChanged(await this.#services.lost(this.#place, words), details)
      case 'rate': {
        const forMs = waitMs ?? unsaidWaitMs
        const at = this.#services.clock.now() + forMs
        const place = this.#classed(options)
        await this.#services.learn(place, { waitMs: forMs })
        const backAt = await this.#turns.back(place, at)
        return this.#unlessChanged(new PutOff(`${words}: it takes no more for now`, { at: backAt }), {
          ...details,
          retryAfterMs: forMs,
        })
      }
      case 'scope': {
        const missing = refusal.scopes?.join(', ') || 'more than it was granted'
        const { account, mode } = this
        const how = ['reeve', ...connectWords({ connection: connection.name, account, mode })].join(' ')
        const more = { ...details, problem: 'missing-scope', scopes: refusal.scopes ?? [] }
        const advice = `The account "${this.account}" lacks ${missing}. Grant it there, or connect it anew: ${how}`
        return this.#unlessChanged(new NotApplied(`${words}. ${advice}`, { details: more }), more)
      }
      case 'refused':
        return this.#unlessChanged(
          new NotApplied(`${words}. ${this.#changes === 0 ? 'Nothing was done' : 'It was refused'}.`, {
            details,
          }),
          details,
        )
      case 'failed': {
        this.#services.failed(this.#place, words)
        const outage = !isLasting
        const more = {
          ...details,
          sent: true,
          ...(outage && { outage }),
          ...(waitMs !== undefined && { retryAfterMs: waitMs }),
        }
        if (isRead && this.#changes === 0)
          return new NotApplied(`${words}.`, { retryable: outage, details: more })
        return new ReeveError('service-failed', `${words}. Whether it was done is not known.`, {
          retryable: outage,
          details: more,
        })
      }
    }
  }

  /** Once something was changed in this attempt, no answer makes that undone. */
  #unlessChanged(error: NotApplied, details: Readonly<Record<string, unknown>>): ReeveError {
    if (this.#changes === 0) return error
    return new ReeveError('service-failed', `${error.message} A part of the call was done before.`, {
      retryable: error.retryable,
      cause: error,
      details,
    })
  }
}
