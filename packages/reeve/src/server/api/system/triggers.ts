import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import { listDeliveries } from '../../../store/dispatch/deliveries.ts'
import { deliveryView, triggersView } from '../../../triggers/trigger-view.ts'
import { read } from '../../http/endpoint.ts'
import { name, numberIn, time } from '../parts.ts'

const delivery = z.object({
  id: z.string().describe('Names it: a repeat has the same'),
  at: time,
  outcome: z.enum(['started', 'skipped', 'refused']),
  reason: z.string().nullable().describe('Why nothing was started'),
  runId: z.string().nullable(),
})

const list = read({
  path: '/api/triggers',
  role: 'viewer',
  summary: 'List the triggers that start runs from outside, with what came last',
  answer: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        on: z.enum(['webhook', 'schedule', 'mail', 'files', 'event', 'service']),
        workflow: z.string(),
        path: z.string().nullable().describe('Where others post to'),
        signature: z.string().nullable().describe('How they sign'),
        folder: z.string().nullable().describe('The folder that is watched, with its pattern'),
        cron: z.string().nullable(),
        event: z.string().nullable(),
        service: z.string().nullable(),
        closed: z.string().nullable().describe('Why nothing can come, such as a secret that is not set'),
        last: delivery.nullable(),
      }),
    ),
  }),
  async tell({ service: { database, internals, variables } }) {
    return {
      items: await triggersView(database, internals.triggers.values(), { vault: internals.vault, variables }),
    }
  },
})

const deliveries = read({
  path: '/api/triggers/:trigger/deliveries',
  role: 'viewer',
  summary: 'List the deliveries to a trigger, the newest first',
  params: z.strictObject({ trigger: name }),
  query: z.strictObject({ limit: numberIn(1, 500).default(50) }),
  answer: z.object({ items: z.array(delivery) }),
  async tell({ service: { database, internals }, params, query }) {
    if (!internals.triggers.has(params.trigger)) {
      throw new ReeveError(
        'unknown-trigger',
        `The project has no trigger ${JSON.stringify(params.trigger)}. GET /api/triggers lists those that it has.`,
      )
    }
    const rows = await listDeliveries(database, params.trigger, query.limit)
    return { items: rows.map(deliveryView) }
  },
})

export const triggers = { list, deliveries }
