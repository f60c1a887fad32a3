import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { shownId } from '../../../base/text/text.ts'
import { pauseSchedule } from '../../../engine/starting/pause-schedule.ts'
import { schedulesView } from '../../../inspect/lists/schedules.ts'
import { listOccurrences, listSchedules } from '../../../store/dispatch/schedules.ts'
import { read, type WriteCall, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
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
  summary: 'List the occurrences of a schedule with what became of each, the newest first',
  params: z.strictObject({ schedule: name }),
  query: z.strictObject({ limit: numberIn(1, 500).default(50) }),
  answer: z.object({
    items: z.array(
      z.object({
        nominalAt: time,
        outcome: z.enum(['started', 'skipped']),
        reason: z.string().nullable(),
        runId: z.string().nullable(),
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
        runId: run,
      })),
    }
  },
})

const aSchedule = z.strictObject({ schedule: name })

const pause = write({
  method: 'POST',
  path: '/api/schedules/:schedule/pause',
  role: 'operator',
  summary: 'Pause a schedule: its times that pass meanwhile are skipped',
  params: aSchedule,
  answer: scheduleView,
  subjectOf: ({ params }) => params.schedule,
  act: (call) => setPaused(call, true),
  tell: ({ service }, its) => oneView(service, its),
})

const resume = write({
  method: 'POST',
  path: '/api/schedules/:schedule/resume',
  role: 'operator',
  summary: 'Resume a schedule, from its next time on',
  params: aSchedule,
  answer: scheduleView,
  subjectOf: ({ params }) => params.schedule,
  act: (call) => setPaused(call, false),
  tell: ({ service }, its) => oneView(service, its),
})

type ScheduleCall = WriteCall<z.output<typeof aSchedule>, unknown, unknown>

/** @throws `unknown-schedule` */
async function setPaused(
  { service, database, caller, params: { schedule } }: ScheduleCall,
  paused: boolean,
): Promise<{ subject: string }> {
  await database.transaction(async (session) => {
    if (await pauseSchedule(session, schedule, paused, actingOf(service, caller))) return
    throw unknownSchedule(schedule)
  })
  // A worker is told of what others commit, and sleeps until the next time that it knows.
  service.engine.worker.nudge()
  return { subject: schedule }
}

function unknownSchedule(its: string): ReeveError {
  return new ReeveError(
    'unknown-schedule',
    `There is no schedule ${shownId(its)}. See them at /api/schedules.`,
  )
}

async function oneView({ database }: Service, its: string): Promise<z.input<typeof scheduleView>> {
  const found = (await schedulesView(database)).find((each) => each.name === its)
  if (found) return found
  throw unknownSchedule(its)
}

export const schedules = { list, occurrences, pause, resume }
