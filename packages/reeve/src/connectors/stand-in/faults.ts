import type { StandInRequest } from './exchange.ts'

/**
 * What a service may do wrong:
 * `rate-limited` refuses with 429 · `server-error` answers 5xx, before the deed · `error-page` the same as HTML, as a proxy in front
 * of it would · `no-answer` never answers, and does nothing · `lost-answer` does the deed, and nobody hears of it · `unauthorized`
 * refuses the credentials · `changed-field` renames or leaves out a field of each answer · `duplicate-events` and `reordered-events`
 * are for what the service posts.
 */
export type FaultKind =
  | 'rate-limited'
  | 'server-error'
  | 'error-page'
  | 'no-answer'
  | 'lost-answer'
  | 'unauthorized'
  | 'changed-field'
  | 'duplicate-events'
  | 'reordered-events'

/** A fault that is switched on. */
export interface Fault {
  kind: FaultKind
  /** How many requests it meets. Default: each, until it is switched off. */
  times?: number
  /** Which requests it meets, as a route has it: `POST /tickets`; or a function. Default: all. */
  on?: string | ((request: StandInRequest) => boolean)
  /** Of `rate-limited`: how long the service asks to wait (s). Default 1. */
  retryAfterS?: number
  /** Of `server-error` and `error-page`. Default 503. */
  status?: number
  /** Of `lost-answer`: the connection stays open (`silence`), or breaks (`reset`, the default). */
  how?: 'silence' | 'reset'
  /** Of `changed-field`: the name that a field has. */
  field?: string
  /** Of `changed-field`: its new name. Default: the field is gone. */
  as?: string
}

/** The switches of one stand-in. */
export class Faults {
  #on: { fault: Fault; left: number }[] = []

  /** Switches one on; the function that comes back switches it off. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
    this.#on.push(entry)
    return () => {
      this.#on = this.#on.filter((each) => each !== entry)
    }
  }

  /** Switches all off. */
  clear(): void {
    this.#on = []
  }

  /** The first of these kinds that meets the request; it counts as met. */
  meet(kinds: readonly FaultKind[], request: StandInRequest): Fault | undefined {
    return this.#take((fault) => kinds.includes(fault.kind) && isMetBy(fault, request))
  }

  /** Whether a fault of what is posted is on; it counts as met. */
  meetPosting(kind: 'duplicate-events' | 'reordered-events'): boolean {
    return this.#take((fault) => fault.kind === kind) !== undefined
  }

  #take(isMet: (fault: Fault) => boolean): Fault | undefined {
    const entry = this.#on.find(({ fault, left }) => left > 0 && isMet(fault))
    if (entry) entry.left -= 1
    return entry?.fault
  }
}

function isMetBy({ on }: Fault, request: StandInRequest): boolean {
  if (on === undefined) return true
  return typeof on === 'string' ? on === request.route : on(request)
}

/** A value with a field renamed, or left out, wherever it stands. */
export function withChangedField(value: unknown, field: string, as: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => withChangedField(each, field, as))
  if (typeof value !== 'object' || value === null) return value
  const entries: [string, unknown][] = []
  for (const [name, inner] of Object.entries(value)) {
    const changed = withChangedField(inner, field, as)
    if (name !== field) entries.push([name, changed])
    else if (as !== undefined) entries.push([as, changed])
  }
  return Object.fromEntries(entries)
}
