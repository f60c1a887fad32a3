import { z } from 'zod'
import type { Control } from '../../engine/outside/control.ts'
import type { Database } from '../../store/database.ts'
import type { Role } from '../../store/identity/principals.ts'
import type { Recognised } from '../../store/identity/tokens.ts'
import type { Service } from '../service.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Who asks. */
export interface Caller extends Recognised {
  /** By a browser's cookie, or by a token. */
  via: 'session' | 'token'
}

/** One request, read and checked. */
export interface Call<P, Q, B> {
  service: Service
  caller: Caller
  params: P
  query: Q
  body: B
  /** The W3C trace context that the request came with, as it stands there. */
  traceparent: string | undefined
  /** Aborted when whoever asked is gone. */
  signal: AbortSignal
}

/** A request that changes something. */
export interface WriteCall<P, Q, B> extends Call<P, Q, B> {
  /** Its first commit records the request's idempotency key. All that the request changes goes through it. */
  database: Database
  /** The same for what is done to runs. */
  control: Control
  idempotencyKey: string | undefined
  /** An id for what the request makes: repeated with its key, it is told of that again. */
  newSubject(): string
}

/** An answer with another status than the endpoint's own. */
export class Reply<A> {
  readonly value: A
  readonly status: 200 | 201 | 202
  readonly headers: Record<string, string>

  constructor(value: A, status: Reply<A>['status'], headers: Record<string, string> = {}) {
    this.value = value
    this.status = status
    this.headers = headers
  }
}

type Shape = z.ZodType
export const nothing = z.strictObject({})
export type Nothing = typeof nothing

interface Told<
  M extends Method,
  Path extends string,
  P extends Shape,
  Q extends Shape,
  B extends Shape,
  A extends Shape,
> {
  method: M
  path: Path
  /** What it does, as a sentence without its end. */
  summary: string
  description?: string
  /** Who may; absent: everybody who is signed in. */
  role: Role
  /** Whom the role keeps out is told that there is no such thing. */
  hidden?: boolean
  /**
   * Whoever may decide gets what they decide on as it is, also what looks like a secret in it: else whoever wrote it could have a part
   * of it masked.
   */
  isDecidedOn?: boolean
  params?: P
  query?: Q
  body?: B
  answer: A
}

/** An endpoint that only looks. */
export interface ReadEndpoint<
  Path extends string = string,
  P extends Shape = Shape,
  Q extends Shape = Shape,
  A extends Shape = Shape,
> extends Told<'GET', Path, P, Q, Nothing, A> {
  tell(call: Call<z.output<P>, z.output<Q>, unknown>): Promise<z.input<A>>
}

/**
 * An endpoint that changes something: `act` does, and names by an id what it was about; `tell` says how that stands now.
 * A request that is repeated with its idempotency key is only told.
 */
export interface WriteEndpoint<
  M extends Method = Method,
  Path extends string = string,
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
  A extends Shape = Shape,
  Made = unknown,
> extends Told<M, Path, P, Q, B, A> {
  /** The idempotency key is kept by what `act` starts: it is called again for a repeated request. */
  keepsKey?: boolean
  /** The id of what it is about, where that is there already. */
  subjectOf?: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => string
  act(call: WriteCall<z.output<P>, z.output<Q>, z.output<B>>): Promise<{ subject: string; made?: Made }>
  /** `made` is there the first time only. */
  tell(
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
    subject: string,
    made: Made | undefined,
  ): Promise<z.input<A> | Reply<z.input<A>>>
}

export type Endpoint = Told<Method, string, Shape, Shape, Shape, Shape> & {
  keepsKey?: boolean
  subjectOf?: (call: Call<unknown, unknown, unknown>) => string
  act?: (call: WriteCall<unknown, unknown, unknown>) => Promise<{ subject: string; made?: unknown }>
  tell: (call: Call<unknown, unknown, unknown>, subject: string, made: unknown) => Promise<unknown>
}

/** Declares an endpoint that only looks. */
export function read<
  const Path extends string,
  A extends Shape,
  P extends Shape = Nothing,
  Q extends Shape = Nothing,
>(declared: Omit<ReadEndpoint<Path, P, Q, A>, 'method'>): ReadEndpoint<Path, P, Q, A> {
  return { ...declared, method: 'GET' }
}

/** Declares an endpoint that changes something. */
export function write<
  const M extends Method,
  const Path extends string,
  A extends Shape,
  P extends Shape = Nothing,
  Q extends Shape = Nothing,
  B extends Shape = Nothing,
  Made = unknown,
>(declared: WriteEndpoint<M, Path, P, Q, B, A, Made>): WriteEndpoint<M, Path, P, Q, B, A, Made> {
  return declared
}
