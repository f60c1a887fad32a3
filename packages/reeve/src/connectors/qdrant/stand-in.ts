import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../base/json/record.ts'
import { jsonOf, type StandInAnswer, type StandInRequest } from '../stand-in/exchange.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  startStandIn,
} from '../stand-in/stand-in.ts'

/** For a stand-in of Qdrant. */
export interface QdrantStandInOptions extends StandInOptions {
  /** Default `stand-in-key-of-qdrant`. */
  key?: string
  /** The collections that there are, by name, with the dimensions of their vectors. Default: `articles` with 3. */
  collections?: Readonly<Record<string, number>>
}

interface Point {
  id: number | string
  vector: number[]
  payload: Record<string, unknown>
}

/** Qdrant's API as it is on the wire: collections of points with one vector each, by cosine, and filters that must match. */
export async function startQdrant(options: QdrantStandInOptions = {}): Promise<StandIn> {
  const { key = 'stand-in-key-of-qdrant', collections = { articles: 3 } } = options
  return startStandIn((server) => {
    const points = new Map(Object.keys(collections).map((name) => [name, new Map<string, Point>()]))
    const within = (
      then: (held: Map<string, Point>, given: Record<string, unknown>, name: string) => StandInAnswer,
    ) => {
      return (request: StandInRequest): StandInAnswer => {
        const { name = '' } = request.params
        const held = points.get(name)
        const given = jsonOf(request)
        if (!held) return refused(404, `Not found: Collection \`${name}\` doesn't exist!`)
        return isRecord(given) ? then(held, given, name) : refused(400, 'Format error in JSON body')
      }
    }
    return {
      name: 'qdrant',
      refuse: ({ why, ...more }) => {
        if (why === 'unauthorized') return unauthorized
        if (why === 'rate-limited' && 'retryAfterS' in more)
          return {
            ...refused(429, 'Rate limiting exceeded'),
            headers: { 'retry-after': String(more.retryAfterS) },
          }
        if (why === 'unavailable' && 'status' in more) return refused(more.status, 'Service unavailable')
        return refused(404, 'Not found')
      },
      admit: ({ headers }) => (headers['api-key'] === key ? undefined : unauthorized),
      state: {
        save: () => [...points].map(([name, held]) => [name, [...held]]),
        restore: (kept: [string, [string, Point][]][]) => {
          for (const [name, held] of kept) points.set(name, new Map(held))
        },
      },
      routes: {
        'GET /collections': () => ok({ collections: [...points.keys()].map((name) => ({ name })) }),
        'POST /collections/:name/points/query': within((held, given, name) => {
          const wanted = vectorOf(given.query, collections[name]!)
          if (!wanted) return wrongVector(given.query, collections[name]!)
          const least = typeof given.score_threshold === 'number' ? given.score_threshold : -1
          const found = [...held.values()]
            .filter(({ payload }) => matches(payload, given.filter))
            .map(({ id, vector, payload }) => ({ id, version: 0, score: cosine(vector, wanted), payload }))
            .filter(({ score }) => score >= least)
            .sort((left, right) => right.score - left.score)
          return ok({ points: found.slice(0, Number(given.limit ?? 10)) })
        }),
        'POST /collections/:name/points': within((held, given) =>
          ok(
            idsIn(given.ids).flatMap((id) => {
              const point = held.get(id)
              return point ? [{ id: point.id, payload: point.payload }] : []
            }),
          ),
        ),
        'PUT /collections/:name/points': within((held, given, name) => {
          const written = (Array.isArray(given.points) ? given.points : []).filter(isRecord)
          const wrong = written.find(({ vector }) => !vectorOf(vector, collections[name]!))
          if (wrong) return wrongVector(wrong.vector, collections[name]!)
          for (const { id, vector, payload } of written) {
            const point = { id, vector, payload: isRecord(payload) ? payload : {} } as Point
            // Written again as it was, nothing is done.
            if (isDeepStrictEqual(held.get(String(id)), point)) continue
            held.set(String(id), point)
            server.books.record('point-written', { id: String(id) })
          }
          return ok({ operation_id: server.books.deeds.length, status: 'completed' })
        }),
        'POST /collections/:name/points/delete': within((held, given) => {
          for (const id of idsIn(given.points))
            if (held.delete(id)) server.books.record('point-removed', { id })
          return ok({ operation_id: server.books.deeds.length, status: 'completed' })
        }),
      },
    } satisfies StandInDefinition
  }, options)
}

/** In plain words, unlike its other refusals. */
const unauthorized: StandInAnswer = {
  status: 401,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Must provide an API key or an Authorization bearer token',
}

const ok = (result: unknown): StandInAnswer => ({ body: { result, status: 'ok', time: 0.0001 } })

function refused(status: number, error: string): StandInAnswer {
  return { status, body: { status: { error }, time: 0.0001 } }
}

function wrongVector(given: unknown, dimensions: number): StandInAnswer {
  const got = Array.isArray(given) ? given.length : 0
  return refused(400, `Wrong input: Vector dimension error: expected dim: ${dimensions}, got ${got}`)
}

function vectorOf(given: unknown, dimensions: number): number[] | undefined {
  return Array.isArray(given) && given.length === dimensions ? given.map(Number) : undefined
}

const idsIn = (given: unknown) => (Array.isArray(given) ? given.map(String) : [])

function cosine(left: readonly number[], right: readonly number[]): number {
  const dot = left.reduce((sum, value, at) => sum + value * right[at]!, 0)
  const length = Math.hypot(...left) * Math.hypot(...right)
  return length === 0 ? 0 : dot / length
}

/** Of filters: each of `must` matches a value. */
function matches(payload: Record<string, unknown>, filter: unknown): boolean {
  if (!isRecord(filter) || !Array.isArray(filter.must)) return true
  return filter.must.every(
    (each) => isRecord(each) && isRecord(each.match) && payload[String(each.key)] === each.match.value,
  )
}
