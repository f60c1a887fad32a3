import { z } from 'zod'
import { action } from '../shape/action.ts'

const collection = z
  .string()
  .regex(/^[\w.-]{1,255}$/, 'a name of a collection has letters, digits, dots, dashes and underscores')
const id = z.union([z.int().nonnegative(), z.uuid()]).describe('A whole number or a UUID')
const vector = z.array(z.number()).min(1).max(65_536)
const payload = z.record(z.string(), z.unknown())
const ids = z.array(id).min(1).max(1_000)
const filter = z
  .record(z.string(), z.unknown())
  .describe('A filter of the Qdrant API: { must: [{ key, match: { value } }] }')

export const search = action({
  description: 'Find the points of a collection whose vectors are nearest to one',
  endpoint: 'POST /collections/{collection}/points/query',
  input: z.object({
    collection,
    vector,
    /** Of a collection that has several vectors a point. */
    using: z.string().min(1).max(255).optional(),
    filter: filter.optional(),
    minScore: z.number().optional(),
    limit: z.int().min(1).max(100).default(10),
  }),
  output: z.object({ points: z.array(z.object({ id, score: z.number(), payload })) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['collection'],
  roles: { vector: 'query', using: 'plain', filter: 'query', minScore: 'count', limit: 'count' },
  answers: 'untrusted',
  place: 'points of Qdrant',
  run: async ({ collection, vector, minScore, ...asked }, api) => {
    const json = {
      ...asked,
      query: vector,
      with_payload: true,
      ...(minScore !== undefined && { score_threshold: minScore }),
    }
    const answer = await api.post(`/collections/${collection}/points/query`, { json, reads: true })
    return { points: answer.json.result.points.map(pointOf) }
  },
})

export const getPoints = action({
  description: 'Read points of a collection by their ids; those that are not there are left out',
  endpoint: 'POST /collections/{collection}/points',
  input: z.object({ collection, ids }),
  output: z.object({ points: z.array(z.object({ id, payload })) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['collection', 'ids'],
  answers: 'untrusted',
  place: 'points of Qdrant',
  run: async ({ collection, ids }, api) => {
    const json = { ids, with_payload: true }
    const answer = await api.post(`/collections/${collection}/points`, { json, reads: true })
    return { points: answer.json.result.map(pointOf) }
  },
})

/** Written again, a point is what it was: its id is the caller's. */
export const upsertPoints = action({
  description: 'Write points of a collection; those of the same ids are replaced',
  endpoint: 'PUT /collections/{collection}/points',
  input: z.object({
    collection,
    points: z
      .array(z.object({ id, vector, payload: payload.default({}) }))
      .min(1)
      .max(500),
  }),
  output: z.object({ written: z.int() }),
  effect: 'idempotent',
  keyIn: 'body.points.id',
  reads: 'none',
  sends: 'inside',
  directs: ['collection'],
  roles: { points: 'content' },
  run: async ({ collection, points }, api) => {
    await api.put(`/collections/${collection}/points`, { query: { wait: 'true' }, json: { points } })
    return { written: points.length }
  },
})

export const removePoints = action({
  description: 'Remove points of a collection by their ids',
  endpoint: 'POST /collections/{collection}/points/delete',
  input: z.object({ collection, ids }),
  output: z.object({ removed: z.int() }),
  effect: 'idempotent',
  keyIn: 'body.points',
  reads: 'none',
  sends: 'inside',
  directs: ['collection', 'ids'],
  run: async ({ collection, ids }, api) => {
    const json = { points: ids }
    await api.post(`/collections/${collection}/points/delete`, { query: { wait: 'true' }, json })
    return { removed: ids.length }
  },
})

interface Point {
  id: number | string
  score?: number
  payload?: Record<string, unknown> | null
}

/** Its version and its vector are left out of journals and prompts. */
function pointOf<Given extends Point>({ id, score, payload }: Given) {
  return { id, ...(score !== undefined && { score }), payload: payload ?? {} } as {
    id: number | string
    score: number
    payload: Record<string, unknown>
  }
}
