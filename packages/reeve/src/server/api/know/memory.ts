import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { itemView } from '../../../inspect/memory/item-view.ts'
import { heldScopes } from '../../../store/memory/held-scopes.ts'
import type { RollbackOf } from '../../../store/memory/item-changes.ts'
import {
  countItems,
  itemKinds,
  readItemsAfter,
  readNewest,
  readVersions,
} from '../../../store/memory/items.ts'
import { originsOf } from '../../../store/memory/rests/item-origins.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { id, json, numberIn, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const kind = z.enum(itemKinds)

const version = z.object({
  no: z.number().describe('Of all versions of all items, in the order in which they came'),
  id: z.string(),
  version: z.number(),
  kind,
  scope: z.string().describe('A path; empty: found by unscoped searches only'),
  title: z.string(),
  heading: z.string().describe('The headings above it, a line each; of passages only'),
  text: z.string(),
  hash: z.string().describe('Of the text alone'),
  source: z.string().describe('Where it comes from, for people'),
  document: z.string().nullable().describe('The id of the document that it is a passage of'),
  place: z.string().nullable().describe('Where it stands there: `lines 12–30`, `page 3`'),
  untrusted: z.boolean().describe('It came from outside and may hold instructions, which are data'),
  runId: z.string().nullable().describe('The run that recorded it'),
  step: z.number().nullable().describe('The number of its call'),
  recordedAt: time,
  validFrom: time.nullable(),
  validUntil: time.nullable(),
  endedAt: time.nullable(),
  endedAs: z.enum(['amended', 'replaced', 'retracted', 'rolled-back', 'redacted']).nullable(),
  endedBy: z.string().nullable(),
  endedWhy: z.string().nullable(),
})

const search = read({
  path: '/api/memory',
  role: 'viewer',
  summary: 'Search memory, as a recall of the same text would',
  query: z.strictObject({
    text: z.string().min(1).max(2000),
    in: z.string().max(500).optional().describe('Only this scope and what lies below it'),
    kind: z.union([kind, z.array(kind).max(itemKinds.length)]).optional(),
    asOf: time.optional().describe('As things stood then'),
    trusted: z.stringbool().optional().describe('Nothing that came from outside'),
    limit: numberIn(1, 50).default(10),
  }),
  answer: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        version: z.number(),
        title: z.string(),
        text: z.string(),
        source: z.string(),
        place: z.string().nullable(),
        alsoFrom: z
          .array(z.string())
          .optional()
          .describe('Where near duplicates of it come from, which are left out'),
        untrusted: z.boolean(),
        score: z.number().describe('0 to 1'),
        words: z.number().nullable().describe('What its words gave; null: they took no part'),
        vectors: z.number().nullable().describe('The cosine of its vector; null: it took no part'),
      }),
    ),
    audit: json.describe('How it was searched, and what became of each candidate'),
    scopes: z.array(z.string()).describe('Where `in` holds nothing: some scopes that hold something'),
  }),
  async tell({ service: { internals, database }, query }) {
    const { text, asOf, trusted = false, limit } = query
    const { passages, audit } = await internals.memory.recall(text, {
      limit,
      trustedOnly: trusted,
      ...(query.in !== undefined && { in: query.in }),
      ...(query.kind && { kinds: [query.kind].flat() }),
      ...(asOf !== undefined && { asOf: Date.parse(asOf) }),
    })
    const scores = new Map(audit.candidates.map((one) => [one.id, one]))
    return {
      items: passages.map(({ id, title, text, source, place = null, alsoFrom, score, untrusted }) => {
        const { version = 1, words = null, vectors = null } = scores.get(id) ?? {}
        return {
          id,
          version,
          title,
          text,
          source,
          place,
          ...(alsoFrom && { alsoFrom }),
          untrusted: untrusted === true,
          score,
          words,
          vectors,
        }
      }),
      audit: audit as unknown as Json,
      scopes: audit.emptyScope ? await heldScopes(database, 10) : [],
    }
  },
})

const versions = read({
  path: '/api/memory/versions',
  role: 'viewer',
  summary: 'List all versions of all items of memory, in the order in which they came: for an export',
  query: z.strictObject(paging),
  answer: pageOf(version),
  async tell({ service: { database }, query: { cursor, limit } }) {
    const items = await readItemsAfter(database, placeOf(cursor, 'number') ?? 0, limit + 1)
    return paged(items, limit, { view: itemView, place: (item) => item.no })
  },
})

const newest = read({
  path: '/api/memory/newest',
  role: 'viewer',
  summary: 'List items of memory, what was recorded last first',
  query: z.strictObject({
    in: z.string().max(500).optional().describe('Only this scope and what lies below it'),
    kind: kind.optional(),
    limit: numberIn(1, 200).default(50),
  }),
  answer: z.object({ items: z.array(version), total: z.number().describe('Current items of these kinds') }),
  async tell({ service: { database }, query: { in: scope, kind: its, limit } }) {
    const items = await readNewest(database, { kind: its, scope: scope?.replace(/\/+$/, '') }, limit)
    return { items: items.map(itemView), total: await countItems(database, its ? [its] : []) }
  },
})

const history = read({
  path: '/api/memory/:item',
  role: 'viewer',
  summary: 'List all versions of an item of memory, the first one first',
  params: z.strictObject({ item: z.string().min(1).max(600) }),
  answer: z.object({
    items: z.array(version),
    restsOn: z.array(z.string()).describe('The ids of the items that it may be made of'),
    restingOnIt: z
      .array(z.string())
      .describe('The ids of those that may be made of it: they go along with it'),
  }),
  tell: async ({ service: { internals, database }, params }) => ({
    items: (await internals.memory.history(params.item)).map(itemView),
    ...(await originsOf(database, params.item)),
  }),
})

const why = z.string().min(1).max(1000).describe('Kept with the version that it ends')

const amend = write({
  method: 'POST',
  path: '/api/memory/:item/amend',
  role: 'operator',
  summary: 'Amend an item of memory: another text takes its place',
  params: z.strictObject({ item: z.string().min(1).max(600) }),
  body: z.strictObject({
    text: z.string().min(1).max(16_000),
    why,
    version: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('The one that was looked at: another one is a conflict'),
  }),
  answer: version,
  subjectOf: ({ params }) => params.item,
  async act({ service, database, params, body, caller }) {
    const by = { ...actingOf(service, caller), why: body.why }
    await service.internals.memory.through(database).amend(params.item, body.text, by, { from: body.version })
    return { subject: params.item }
  },
  tell: async ({ service: { database } }, item) => itemView((await readVersions(database, item)).at(-1)!),
})

const retract = write({
  method: 'POST',
  path: '/api/memory/:item/retract',
  role: 'operator',
  summary: 'Retract an item of memory: it is no longer found, and stays in its history',
  params: z.strictObject({ item: z.string().min(1).max(600) }),
  body: z.strictObject({ why, version: z.number().int().min(1).optional() }),
  answer: version,
  subjectOf: ({ params }) => params.item,
  async act({ service, database, params, body, caller }) {
    const by = { ...actingOf(service, caller), why: body.why }
    await service.internals.memory.through(database).retract(params.item, by, body.version)
    return { subject: params.item }
  },
  tell: async ({ service: { database } }, item) => itemView((await readVersions(database, item)).at(-1)!),
})

const redact = write({
  method: 'POST',
  path: '/api/memory/:item/redact',
  role: 'owner',
  summary: 'Redact an item of memory: its words are removed from all its versions, for good',
  params: z.strictObject({ item: z.string().min(1).max(600) }),
  body: z.strictObject({ why }),
  answer: version,
  subjectOf: ({ params }) => params.item,
  async act({ service, database, params, body, caller }) {
    await service.internals.memory
      .through(database)
      .redact(params.item, { ...actingOf(service, caller), why: body.why })
    return { subject: params.item }
  },
  tell: async ({ service: { database } }, item) => itemView((await readVersions(database, item)).at(-1)!),
})

const brought = z
  .strictObject({
    item: z.string().min(1).max(600).optional().describe('Its last version'),
    source: z.string().min(1).max(500).optional().describe('All that came from there'),
    run: id.optional().describe('All that this run recorded'),
    since: time.optional().describe('All that was recorded from then on'),
  })
  .refine((of) => Object.values(of).filter((one) => one !== undefined).length === 1, {
    message: 'names one of item, source, run, since',
  })

function rollbackOf({ item, source, run, since }: z.output<typeof brought>): RollbackOf {
  if (item !== undefined) return { item }
  if (source !== undefined) return { source }
  return run === undefined ? { since: Date.parse(since!) } : { run }
}

const preview = read({
  path: '/api/memory/rollback',
  role: 'operator',
  summary: 'Preview what a rollback of memory would take back',
  query: brought,
  answer: z.object({
    count: z.number(),
    ids: z.array(z.string()).describe('At most 1,000'),
    approvals: z.array(z.string()).describe('Pending approvals that rest on one of these'),
  }),
  tell: ({ service: { internals }, query }) => internals.memory.preview(rollbackOf(query)),
})

const rollback = write({
  method: 'POST',
  path: '/api/memory/rollback',
  role: 'operator',
  summary:
    'Roll back memory: take back what an item, a source, a run or a stretch of time brought, in one transaction',
  body: z.strictObject({
    of: brought,
    why,
    despiteApprovals: z.boolean().optional().describe('Also what a pending approval rests on'),
  }),
  answer: z.object({
    left: z.number().describe('Of what was to be taken back, what still stands'),
    ended: z.number().optional().describe('How many it took back; absent where the request is repeated'),
    restored: z.number().optional().describe('How many of them have what stood before again'),
  }),
  subjectOf: ({ body }) => JSON.stringify(body.of),
  async act({ service, database, body, caller }) {
    const by = { ...actingOf(service, caller), why: body.why }
    const memory = service.internals.memory.through(database)
    const options = { despiteApprovals: body.despiteApprovals === true }
    const made = await memory.rollBack(rollbackOf(body.of), by, options)
    return { subject: JSON.stringify(body.of), made }
  },
  async tell({ service: { internals } }, of, made) {
    const { count } = await internals.memory.preview(rollbackOf(JSON.parse(of)))
    return { left: count, ...made }
  },
})

export const memory = { search, newest, versions, history, amend, retract, redact, preview, rollback }
