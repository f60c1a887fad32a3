import type { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { Log } from '../../base/log.ts'
import type { Mode, Settings } from '../shape/mode.ts'
import type { Refusal } from '../shape/refusal.ts'

/** What a request carries; of `json`, `form` and `body` one. */
export interface RequestOptions {
  /** What is undefined is left out. A list stands as often as it has items. */
  query?: Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>
  /** Beside those of the door. */
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  /** `application/x-www-form-urlencoded`; objects and lists inside as `a[b]=…`, `a[0]=…`. */
  form?: Readonly<Record<string, unknown>>
  /** Sent as it is. */
  body?: string | Uint8Array
  /** Default: by what is sent. */
  contentType?: string
  /** Statuses that are results and not errors, such as 404. */
  accept?: readonly number[]
  /** Which address of the definition's `endpoints`. Default: its `url`. */
  at?: string
  /** Which rate it counts towards. Default: the action's. */
  class?: string
  /** It changes nothing although its method could: a search that is posted. It is repeated at will and carries no key. */
  reads?: boolean
}

/** What a service answered. */
export interface ServiceAnswer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  contentType: string
  /** Of JSON, what it says; null for an empty body and anything else. Held to its schema by the action's own. */
  // biome-ignore lint/suspicious/noExplicitAny: what strangers answer is read by schemas
  json: any
  text: string
  bytes: Buffer
}

/** How one page leads to the next. Undefined or null: it was the last. */
export type NextPage = (answer: ServiceAnswer) => string | RequestOptions['query'] | undefined | null

/**
 * The one door of a connector to its service, for one attempt of an action: it signs in, pins the vendor's version, keeps to the
 * rate, carries the effect's key, reads the answer and says what an error means. Paths begin with `/`.
 */
export interface ServiceCall<Own extends Settings = Settings> {
  /** The same on every attempt of the effect: for services that take a key of the caller's in the body. */
  readonly key: string
  /** 1 for the first. */
  readonly attempt: number
  readonly signal: AbortSignal
  readonly account: string
  readonly mode: Mode
  readonly settings: Own
  readonly log: Log
  /** ms since 1970, for what is signed with the time. */
  now(): number
  get(path: string, options?: RequestOptions): Promise<ServiceAnswer>
  post(path: string, options?: RequestOptions): Promise<ServiceAnswer>
  put(path: string, options?: RequestOptions): Promise<ServiceAnswer>
  patch(path: string, options?: RequestOptions): Promise<ServiceAnswer>
  delete(path: string, options?: RequestOptions): Promise<ServiceAnswer>
  /** Reads page after page. `next` gives the next one: an address, or other parameters. */
  pages(path: string, options: RequestOptions, next: NextPage): AsyncIterable<ServiceAnswer>
  /**
   * Says how many requests of the action's own class come next, as soon as that is known: their turns in the rate are set aside
   * together, so that a call of many requests is not held up between them by calls that begin later. A hint: more or fewer may follow.
   */
  expects(requests: number): void
  /** The address that is behind a name of `endpoints`, in this mode; without a name, that of `url`. For what is not HTTP. */
  at(name?: string): Promise<string>
  /** The error to throw where something that is not HTTP refused: as for an answer, the account waits or the call fails. */
  refused(refusal: Refusal): Promise<ReeveError>
  /** The credential, opened, for what is not HTTP: never keep it beyond the attempt. @throws as a request */
  credential(): Promise<Readonly<Record<string, Json>>>
}
