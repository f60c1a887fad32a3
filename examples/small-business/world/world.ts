import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Books } from './books.ts'
import { type Chance, chanceOf } from './chance.ts'
import {
  type FaultPlan,
  hasDrifted,
  isOut,
  isSettling,
  noFaults,
  planFaults,
  type ServiceName,
  services,
} from './faults.ts'
import { Life } from './life.ts'
import { mailOf } from './mail.ts'
import { modelOf } from './model.ts'
import { paymentsOf } from './payments.ts'
import { searchConsoleOf } from './search-console.ts'
import type { Call, Reply, Service } from './service.ts'
import { siteOf } from './site.ts'
import { dayNumber } from './time.ts'

export interface WorldOptions {
  /** Where its books are. */
  folder: string
  seed: number
  days: number
  /** Of the site; the others follow. 0: free ones, and later the same ones again. */
  port: number
  /** Whether services fail and change, and the worker is killed. */
  hasFaults: boolean
  /** The world kills the worker (SIGKILL). */
  onKill: () => void
  /** Called when a request has come, and again when what it asks for is done and nobody knows yet. */
  onMoment: () => void
}

const mostBytes = 1_048_576

/** The outside: five services on ports of this machine, the people who use them, and books of what really happened. */
export class World {
  readonly books: Books
  readonly life: Life
  readonly chance: Chance
  readonly plan: FaultPlan
  readonly #services: Record<ServiceName, Service>
  readonly #onKill: () => void
  readonly #onMoment: () => void
  #servers: Server[] = []
  /** Addresses of the services, by the variable that scripts find them in. */
  addresses: Record<string, string> = {}

  private constructor({ folder, seed, days, hasFaults, onKill, onMoment }: WorldOptions) {
    const chance = chanceOf(seed)
    this.chance = chance
    this.books = new Books(join(folder, 'world.db'))
    this.plan = hasFaults ? planFaults(chance, days) : noFaults
    this.life = new Life(this.books, chance, this.plan)
    this.#onKill = onKill
    this.#onMoment = onMoment
    const drifted = (name: string) => hasDrifted(this.plan, name, this.life.now)
    this.#services = {
      site: siteOf(this.books, drifted),
      payments: paymentsOf(this.books, this.life, {
        hasDrifted: drifted,
        isSettling: (now) => isSettling(this.plan, now),
      }),
      mail: mailOf(this.books, this.life),
      search: searchConsoleOf(this.books, drifted),
      model: modelOf(this.books, chance),
    }
  }

  static async open(options: WorldOptions): Promise<World> {
    const world = new World(options)
    world.life.begin()
    for (const [index, name] of services.entries()) {
      const server = createServer((request, response) => void world.#serve(name, request, response))
      world.#servers.push(server)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(options.port === 0 ? world.#portOf(name) : options.port + index, '127.0.0.1', resolve)
      })
      const { port } = server.address() as AddressInfo
      world.books.setFact(`port of ${name}`, port)
      world.addresses[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${port}`
    }
    return world
  }

  /** Scripts and directives know the addresses that it had the first time. */
  #portOf(name: ServiceName): number {
    return Number(this.books.fact(`port of ${name}`) ?? 0)
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    this.books.close()
  }

  async #serve(name: ServiceName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request, this.life.now)
    if (call === undefined) return void response.writeHead(400).end()
    this.#onMoment()
    const isWriting = call.method !== 'GET'
    const kill = this.#killBy(name, isWriting)
    if (kill === 'before') return this.#kill(response)
    const reply = this.#answer(name, call)
    this.#onMoment()
    if (kill === 'after') return this.#kill(response)
    const isText = typeof reply.body === 'string'
    response
      .writeHead(reply.status, {
        'content-type': isText ? 'text/html; charset=utf-8' : 'application/json',
        date: new Date(call.now).toUTCString(),
        connection: 'close',
      })
      .end(isText ? reply.body : JSON.stringify(reply.body))
  }

  /** The deed and the answer that is kept for its key are one transaction. */
  #answer(name: ServiceName, call: Call): Reply {
    if (isOut(this.plan, name, call.now)) return { status: 503, body: { error: `${name} is down` } }
    if (call.method === 'GET' || call.key === undefined)
      return this.books.together(() => this.#services[name](call))
    const { key } = call
    return this.books.together(() => {
      const kept = this.books.one<{ status: number; body: string }>(
        'select status, body from answers where service = ? and key = ?',
        ...[name, key],
      )
      if (kept) return { status: kept.status, body: JSON.parse(kept.body) as object }
      const reply = this.#services[name](call)
      if (reply.status < 400)
        this.books.run(
          'insert into answers values (?, ?, ?, ?)',
          name,
          key,
          reply.status,
          JSON.stringify(reply.body),
        )
      return reply
    })
  }

  /** Whether the worker dies at this request: once for each kill that is planned, and once more where that says so. */
  #killBy(name: ServiceName, isWriting: boolean): 'before' | 'after' | undefined {
    const kill = this.plan.kills.find(({ day }) => day === dayNumber(this.life.now))
    if (!kill) return undefined
    const fact = `kill ${kill.day}`
    const done = Number(this.books.fact(fact) ?? 0)
    if (done === 0 ? !isWriting || name !== kill.service : done > 1 || !kill.twice) return undefined
    this.books.setFact(fact, done + 1)
    return done === 0 ? kill.moment : 'before'
  }

  #kill(response: ServerResponse): void {
    this.#onKill()
    response.destroy()
  }
}

async function readCall(request: IncomingMessage, now: number): Promise<Call | undefined> {
  const url = new URL(request.url ?? '/', 'http://world')
  const key = request.headers['idempotency-key']
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > mostBytes) return undefined
  }
  let body: unknown = null
  try {
    if (text !== '') body = JSON.parse(text)
  } catch {
    return undefined
  }
  return {
    method: request.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    body,
    key: typeof key === 'string' ? key : undefined,
    now,
  }
}
