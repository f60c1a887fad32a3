import type { z } from 'zod'
import type { Api } from '../server/api/index.ts'
import { ApiError, errorOf } from './api-error.ts'
import { type EventOptions, followEvents, type JournalEvent } from './events.ts'
import { routes } from './routes.ts'
import { searchOf } from './search.ts'

/** For `createClient`. */
export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:4100`. Default: the origin of the page that this runs in. */
  url?: string
  /** Of a program (`reeve token create`). A page that is signed in needs none. */
  token?: string
  /** Default: `fetch`. */
  fetch?: typeof fetch
}

type Part<E, K extends string> = E extends { [_ in K]?: infer S extends z.ZodType } ? z.input<S> : unknown
type Needs<T> = unknown extends T ? false : Record<never, never> extends T ? false : true
type Field<Name extends string, T> = unknown extends T
  ? unknown
  : Needs<T> extends true
    ? { [_ in Name]: T }
    : { [_ in Name]?: T }
type Given<E> = Field<'params', Part<E, 'params'>> &
  Field<'query', Part<E, 'query'>> &
  Field<'body', Part<E, 'body'>>

/** For one call. */
export interface CallOptions {
  /** For a write: the same request under the same key is done once. */
  idempotencyKey?: string
  /** Ends the call. */
  signal?: AbortSignal
}

type AnswerOf<E> = E extends { answer: infer S extends z.ZodType } ? z.output<S> : never

type Endpoint<E> =
  Record<never, never> extends Given<E>
    ? (given?: Given<E> & CallOptions) => Promise<AnswerOf<E>>
    : (given: Given<E> & CallOptions) => Promise<AnswerOf<E>>

type Resources = { readonly [R in keyof Api]: { readonly [V in keyof Api[R]]: Endpoint<Api[R][V]> } }

/** Who is signed in, and what they may do. */
export interface SessionInfo {
  principal: string
  kind: 'person' | 'service'
  role: 'viewer' | 'approver' | 'operator' | 'owner'
  via: 'session' | 'token'
  csrfToken: string | null
  /** All connections to services are in sandbox: nothing reaches a real account. */
  isSandbox: boolean
}

/** Each resource of the API with its verbs, and what a page needs besides. */
export interface Client extends Resources {
  /** Who is signed in. @throws ApiError `not-signed-in` */
  session(): Promise<SessionInfo>
  /** Ends the session of this browser. */
  signOut(): Promise<void>
  /**
   * Follows the journal. It connects again by itself and goes on where it was; `onEvent` may then hear an event twice, by
   * the same `id`. Ends when `signal` is aborted. @throws ApiError when whoever asks may not
   */
  follow(options: EventOptions, onEvent: (event: JournalEvent) => void): Promise<void>
}

/**
 * The API of a Reeve server, typed by the server's own endpoints. Runs in browsers, too.
 *
 * @example
 * import { createClient } from 'reeve/client'
 *
 * const reeve = createClient({ url: 'http://127.0.0.1:4100', token: process.env.REEVE_TOKEN })
 * const { items } = await reeve.runs.list({ query: { status: 'failed' } })
 * for (const { id } of items) await reeve.runs.cancel({ params: { run: id } })
 */
export function createClient(options: ClientOptions = {}): Client {
  const base = (options.url ?? '').replace(/\/+$/, '')
  const ask = options.fetch ?? ((...given) => fetch(...given))
  let csrfToken: Promise<string | null> | undefined

  const headersOf = (): Record<string, string> =>
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }

  async function send(method: string, path: string, given: Sent): Promise<Response> {
    const headers = { ...headersOf(), ...given.headers }
    if (method !== 'GET' && options.token === undefined) {
      csrfToken ??= session().then((known) => known.csrfToken)
      const token = await csrfToken.catch((error: unknown) => {
        csrfToken = undefined
        throw error
      })
      if (token !== null) headers['x-csrf-token'] = token
    }
    const response = await reach(`${base}${path}`, {
      method,
      headers,
      body: given.body,
      signal: given.signal,
    })
    if (response.ok) return response
    const error = await errorOf(response)
    // Signed in anew, as in another tab: the next write asks again.
    if (error.status === 401 || error.code === 'csrf-token-missing') csrfToken = undefined
    throw error
  }

  async function reach(
    url: string,
    init: Partial<Omit<RequestInit, 'signal' | 'body'>> & Sent,
  ): Promise<Response> {
    const { body, signal, ...rest } = init
    try {
      return await ask(url, {
        ...rest,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (cause) {
      if (signal?.aborted) throw cause
      const message = `No answer from ${base || 'this server'}. Is it running, and reachable from here?`
      throw new ApiError({ code: 'unreachable', message, status: 0, retryable: true, cause })
    }
  }

  async function session(): Promise<SessionInfo> {
    const known = (await (await send('GET', '/api/session', {})).json()) as SessionInfo
    // A page that has asked who is signed in can write without a question before: also while it is being left.
    csrfToken = Promise.resolve(known.csrfToken)
    return known
  }

  async function call(route: string, given: AnyGiven = {}): Promise<unknown> {
    const [method = '', path = ''] = route.split(' ')
    const { params = {}, query = {}, body, idempotencyKey, signal } = given
    const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
    const search = searchOf(query)
    const response = await send(method, filled + search, {
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    })
    return response.json()
  }

  const resources = Object.fromEntries(
    Object.entries(routes).map(([resource, verbs]) => [
      resource,
      Object.fromEntries(
        Object.entries(verbs as Record<string, string>).map(([verb, route]) => [
          verb,
          (given?: AnyGiven) => call(route, given),
        ]),
      ),
    ]),
  ) as unknown as Resources
  return {
    ...resources,
    session,
    async signOut() {
      await send('POST', '/sign-out', {})
      csrfToken = undefined
    },
    follow: (how, onEvent) =>
      followEvents(
        (search, cursor, signal) =>
          send('GET', `/api/events${search}`, {
            headers: {
              accept: 'text/event-stream',
              ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
            },
            signal,
          }),
        how,
        onEvent,
      ),
  }
}

interface Sent {
  headers?: Record<string, string>
  body?: string | undefined
  signal?: AbortSignal | undefined
}

interface AnyGiven extends CallOptions {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
}
