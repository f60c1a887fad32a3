import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import {
  type BulkActionRow,
  beginBulkAction,
  bulkVerbs,
  listBulkActions,
  requireBulkAction,
  stopBulkAction,
} from '../../../store/runs/bulk-actions.ts'
import { countFitting } from '../../../store/runs/run-counts.ts'
import { Reply, read, write } from '../../http/endpoint.ts'
import { id, iso, json, paged, pageOf, paging, placeOf, time } from '../parts.ts'
import { filterOf, runFilter } from '../shapes.ts'

/** Which runs are acted on as one: by what they are. `named` finds one, and says nothing of a list that is gone through. */
const { named: _, ...bulkFilter } = runFilter

const bulkAction = z.object({
  id,
  action: z.enum(bulkVerbs),
  filter: json,
  by: z.string(),
  status: z.enum(['running', 'done', 'stopped']),
  done: z.number().describe('Runs that it was done to'),
  refused: z.number().describe('Runs that it does not fit, such as those that ended meanwhile'),
  problem: z.string().nullable().describe('Why the last of them was refused'),
  startedAt: time,
  endedAt: time.nullable(),
})

const anAction = z.strictObject({ bulk: id })

const list = read({
  path: '/api/bulk',
  role: 'viewer',
  summary: 'List bulk actions, the newest first',
  query: z.strictObject(paging),
  answer: pageOf(bulkAction),
  async tell({ service: { database }, query: { cursor, limit } }) {
    const rows = await listBulkActions(database, { before: placeOf(cursor, 'string'), limit: limit + 1 })
    return paged(rows, limit, { view, place: (row) => row.id })
  },
})

const one = read({
  path: '/api/bulk/:bulk',
  role: 'viewer',
  summary: 'Get a bulk action: how far it has come',
  params: anAction,
  answer: bulkAction,
  tell: async ({ service, params }) => view(await requireBulkAction(service.database, params.bulk)),
})

const count = read({
  path: '/api/bulk/count',
  role: 'viewer',
  summary: 'Count the runs of a bulk action: those that a filter finds now',
  query: z.strictObject(bulkFilter),
  answer: z.object({
    total: z.number(),
    isMore: z.boolean().describe('There may be more: it looked at the newest 50,000'),
  }),
  tell: ({ service: { database }, query }) => countFitting(database, filterOf(query)),
})

const start = write({
  method: 'POST',
  path: '/api/bulk',
  role: 'operator',
  summary: 'Start a bulk action on all runs that a filter finds now',
  description:
    'Answers 202 at once, however many they are: follow it at its `location`, and stop it there. Runs that start later are not meant. The filter is that of `GET /api/runs`; an empty one means all runs and must be asked for with `all: true`.',
  body: z
    .strictObject({
      action: z.enum(bulkVerbs),
      filter: z.strictObject(bulkFilter),
      all: z.literal(true).optional(),
    })
    .refine(({ filter, all }) => all === true || !isEveryRun(filter), {
      message: 'an empty filter means all runs; say `all: true` if that is meant',
      path: ['filter'],
    }),
  answer: bulkAction,
  async act({ service, database, newSubject, body, caller }) {
    const subject = newSubject()
    await database.transaction((session) =>
      beginBulkAction(session, {
        id: subject,
        action: body.action,
        filter: JSON.stringify(filterOf(body.filter)),
        created_by: caller.principal,
        created_at: service.clock.now(),
      }),
    )
    service.bulkStarted()
    return { subject }
  },
  tell: async ({ service }, its) =>
    new Reply(view(await requireBulkAction(service.database, its)), 202, { location: `/api/bulk/${its}` }),
})

const stop = write({
  method: 'POST',
  path: '/api/bulk/:bulk/stop',
  role: 'operator',
  summary: 'Stop a bulk action; what is done stays done',
  params: anAction,
  answer: bulkAction,
  subjectOf: ({ params }) => params.bulk,
  async act({ database, params }) {
    await database.transaction(async (session) => {
      const { id: its } = await requireBulkAction(session, params.bulk)
      await stopBulkAction(session, its)
    })
    return { subject: params.bulk }
  },
  tell: async ({ service }, its) => view(await requireBulkAction(service.database, its)),
})

/** Nothing is asked of a run, as by an empty text. */
function isEveryRun(filter: object): boolean {
  return Object.values(filter).every((part) => part === undefined || part === '')
}

function view(row: BulkActionRow): z.input<typeof bulkAction> {
  return {
    id: row.id,
    action: row.action,
    filter: JSON.parse(row.filter) as Json,
    by: row.created_by,
    status: row.status,
    done: row.done,
    refused: row.refused,
    problem: row.problem,
    startedAt: iso(row.created_at),
    endedAt: iso(row.ended_at),
  }
}

export const bulk = { list, count, one, start, stop }
