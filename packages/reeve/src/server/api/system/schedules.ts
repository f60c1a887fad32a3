import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { schedulesView } from '../../../inspect/lists/schedules.ts'
import { listOccurrences, listSchedules } from '../../../store/dispatch/schedules.ts'
import { read } from '../../http/endpoint.ts'
import { json, name, numberIn, time } from '../parts.ts'
import { scheduleView } from '../today-shapes.ts'

const list = read({
  path: '/api/schedules',
  role: 'viewer',
  summary: 'List the schedules, what comes next first',
  answer: z.object({
    items: z.array(scheduleView.extend({ definition: json.describe('As reeve.config.ts has it') })),
  }),
  async tell({ service: { database } }) {
    const rows = await listSchedules(database)
    const definitions = new Map(rows.map((row) => [row.name, JSON.parse(row.definition) as Json]))
    const views = await schedulesView(database)
    return { items: views.map((view) => ({ ...view, definition: definitions.get(view.name) ?? null })) }
  },
})

const occurrences = read({
  path: '/api/schedules/:schedule/occurrences',
  role: 'viewer',
  summary: 'List what became of the times of a schedule, the newest first',
  params: z.strictObject({ schedule: name }),
  query: z.strictObject({ limit: numberIn(1, 500).default(50) }),
  answer: z.object({
    items: z.array(
      z.object({
        nominalAt: time,
        outcome: z.enum(['started', 'skipped']),
        reason: z.string().nullable(),
        run: z.string().nullable(),
      }),
    ),
  }),
  async tell({ service: { database }, params, query }) {
    const rows = await listOccurrences(database, params.schedule, query.limit)
    return {
      items: rows.map(({ nominal, outcome, reason, run }) => ({
        nominalAt: new Date(nominal).toISOString(),
        outcome,
        reason,
        run,
      })),
    }
  },
})

export const schedules = { list, occurrences }
