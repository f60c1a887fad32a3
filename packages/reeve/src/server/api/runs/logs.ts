import { z } from 'zod'
import { type FollowedEvent, followed } from '../../../inspect/follow/follow-events.ts'
import { toldEvents } from '../../../inspect/follow/told-events.ts'
import { type EventType, events } from '../../../store/journal/events.ts'
import { lastEvents } from '../../../store/journal/last-events.ts'
import { requireRun } from '../../../store/runs/runs.ts'
import { read } from '../../http/endpoint.ts'
import { id, name, numberIn, time } from '../parts.ts'

const line = z.object({
  runId: id,
  workflow: name,
  seq: z.number(),
  at: time,
  type: z.string(),
  call: z.number().nullable(),
  name: z.string().nullable().describe('Untrusted'),
  tone: z.enum(['good', 'bad', 'wait', 'plain']),
  words: z.string().describe('What it means, on one line. Untrusted'),
}) satisfies z.ZodType<Omit<FollowedEvent, 'approvalId'>>

const list = read({
  path: '/api/logs',
  role: 'viewer',
  summary: 'List log lines and errors of runs, in the order in which they were written',
  description: 'What comes after it: `/api/events`.',
  query: z.strictObject({
    run: id.optional().describe('Only of the run with this id'),
    workflow: name.optional().describe('Only of its runs'),
    all: z.enum(['true', 'false']).optional().describe('Every event'),
    limit: numberIn(1, 10_000).default(50),
  }),
  answer: z.object({ items: z.array(line) }),
  async tell({ service: { database }, query: { run: its, workflow, all, limit } }) {
    const run = its === undefined ? undefined : (await requireRun(database, its)).no
    const types = all === 'true' ? (Object.keys(events) as EventType[]) : toldEvents
    const found = await lastEvents(database, { types, run, workflow }, limit)
    return { items: found.map(followed).map(({ approvalId: _, ...event }) => event) }
  },
})

export const logs = { list }
