import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../base/time/time.ts'
import { Books } from './books.ts'
import {
  findRoute,
  readRequest,
  type StandInAnswer,
  type StandInRequest,
  type StandInRoute,
  sendAnswer,
} from './exchange.ts'
import { type Fault, Faults, withChangedField } from './faults.ts'
import { presencePath } from './presence.ts'
import { type RateStanding, RateWindows, type StandInLimit } from './rate-limit.ts'

/** What a service says when it refuses a request, whatever it is about. */
export type Refusal =
  | { why: 'not-found' | 'unauthorized' }
  | { why: 'unavailable'; status: number }
  | { why: 'rate-limited'; retryAfterS: number; rate?: RateStanding }

/** A service as it is on the wire. */
export interface StandInDefinition {
  /** As the connector's. */
  name: string
  /** By method and path: `GET /api/v2/tickets/:id`, `PUT /files/*path`. The first that fits is taken. */
  routes: Readonly<Record<string, StandInRoute>>
  /** Refuses what has no good credentials, before any route; undefined: they are good. */
  admit?(request: StandInRequest): StandInAnswer | undefined
  /** Refusals in the service's own form. */
  refuse(refusal: Refusal, request: StandInRequest): StandInAnswer
  /** Headers of every answer, such as those of a rate limit. */
  headers?(request: StandInRequest, rate: RateStanding | undefined): Record<string, string>
  /** What it knows, as JSON: kept in the file of its options, where there is one, before a request that may have changed it is answered. */
  state?: { save(): unknown; restore(kept: never): void }
  /** Whose limit a request counts on. Default: all count on one. */
  accountOf?(request: StandInRequest): string
}

/** For a stand-in. */
export interface StandInOptions {
  /** Default: any free one. */
  port?: number | undefined
  /** Its clock (ms since 1970). Default: the system's. */
  now?: () => number
  /** What it takes of one account. Default: everything. */
  limit?: StandInLimit
  /** Where it keeps what it knows, so that this outlives its process. Default: in memory. */
  file?: string | undefined
}

/** What routes of a stand-in work with. */
export interface StandInServer {
  books: Books
  /** Its time, with its skew (ms since 1970). */
  now(): number
}

/** A service on loopback that speaks the wire format of the real one, with faults that can be switched on. */
export interface StandIn {
  /** Without a slash at its end. */
  url: string
  /** As `allowPrivate` of an HTTP client has it. */
  host: string
  faults: Faults
  books: Books
  /** What came, with credentials, the oldest first; the last 10,000 are kept. */
  requests: StandInRequest[]
  /** How far its clock is off (ms); it shows in its answers, in what it posts, and in what it takes for fresh. */
  skewMs: number
  limit: StandInLimit | undefined
  /** The most requests that came of one account in one window of the limit. */
  busiest(): number
  now(): number
  /** Ends its connections, too. */
  close(): Promise<void>
}

const mostKept = 10_000

/**
 * Starts a stand-in on loopback. A request meets, in this order: the faults that come before any deed, the credentials, the rate
 * limit, its route, and the faults that come after the deed.
 * @example
 * import { startStandIn } from 'reeve/connectors/stand-in'
 *
 * const desk = await startStandIn(({ books }) => ({
 *   name: 'desk',
 *   refuse: ({ why }) => ({ status: why === 'rate-limited' ? 429 : 404, body: { error: why } }),
 *   routes: {
 *     'POST /tickets': () => {
 *       books.record('ticket-created')
 *       return { status: 201, body: { id: 't1' } }
 *     },
 *   },
 * }))
 * desk.faults.add({ kind: 'lost-answer', times: 1 })
 * await desk.close()
 */
export async function startStandIn(
  define: (server: StandInServer) => StandInDefinition,
  { port = 0, now = systemClock.now, limit, file }: StandInOptions = {},
): Promise<StandIn> {
  const windows = new RateWindows()
  const time = () => Math.trunc(now() + standIn.skewMs)
  const server = createServer((incoming, response) => {
    void serve(incoming, response).catch(() => response.destroy())
  })
  const standIn: StandIn = {
    url: '',
    host: '',
    faults: new Faults(),
    books: new Books(time),
    requests: [],
    skewMs: 0,
    limit,
    busiest: () => windows.busiest,
    now: time,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  const definition = define({ books: standIn.books, now: time })
  const save = keptIn(file, definition)

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.url === presencePath) return void response.writeHead(204).end()
    const read = await readRequest(incoming, time())
    const found = findRoute(definition.routes, read)
    const request: StandInRequest = found ? { ...read, route: found.name, params: found.params } : read
    standIn.requests.push(request)
    if (standIn.requests.length > mostKept) standIn.requests.shift()
    const { limit } = standIn
    const rate = limit && windows.take(definition.accountOf?.(request) ?? '', limit, request.at)
    const send = (answer: StandInAnswer) => {
      const common = { date: new Date(request.at).toUTCString(), ...definition.headers?.(request, rate) }
      sendAnswer(response, { ...answer, headers: { ...common, ...answer.headers } })
    }
    const early = standIn.faults.meet(beforeTheDeed, request)
    if (early?.kind === 'no-answer') return
    if (early) return send(answerOf(early, definition, request))
    const refused = definition.admit?.(request)
    if (refused) return send(refused)
    if (rate?.isOver) {
      const retryAfterS = Math.max(1, Math.ceil((rate.resetAt - request.at) / 1000))
      return send(definition.refuse({ why: 'rate-limited', retryAfterS, rate }, request))
    }
    if (!found) return send(definition.refuse({ why: 'not-found' }, request))
    const answer = await found.route(request)
    if (request.method !== 'GET') save()
    const lost = standIn.faults.meet(['lost-answer'], request)
    if (lost) {
      if (lost.how !== 'silence') response.destroy()
      return
    }
    const changed = standIn.faults.meet(['changed-field'], request)
    const isData = typeof answer.body === 'object' && !(answer.body instanceof Uint8Array)
    if (!changed || !isData) return send(answer)
    send({ ...answer, body: withChangedField(answer.body, changed.field ?? 'id', changed.as) })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  standIn.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  standIn.url = `http://${standIn.host}`
  return standIn
}

/** Reads what was kept; gives what keeps it from now on. */
function keptIn(file: string | undefined, { state }: StandInDefinition): () => void {
  if (file === undefined || !state) return () => {}
  if (existsSync(file)) state.restore(JSON.parse(readFileSync(file, 'utf8')) as never)
  return () => {
    writeFileSync(`${file}.new`, JSON.stringify(state.save()), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
}

const beforeTheDeed = ['rate-limited', 'server-error', 'error-page', 'no-answer', 'unauthorized'] as const

function answerOf(fault: Fault, definition: StandInDefinition, request: StandInRequest): StandInAnswer {
  const { retryAfterS = 1, status = 503 } = fault
  switch (fault.kind) {
    case 'rate-limited':
      return definition.refuse({ why: 'rate-limited', retryAfterS }, request)
    case 'unauthorized':
      return definition.refuse({ why: 'unauthorized' }, request)
    case 'error-page': {
      const body = `<!doctype html><html><head><title>${status}</title></head><body><h1>Service unavailable</h1></body></html>`
      return { status, headers: { 'content-type': 'text/html' }, body }
    }
    default:
      return definition.refuse({ why: 'unavailable', status }, request)
  }
}
