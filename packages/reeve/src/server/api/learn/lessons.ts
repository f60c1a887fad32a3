import { z } from 'zod'
import { addLessonBy } from '../../../autonomy/lessons/add-lesson.ts'
import { type LessonView, lessonView, lessonViews } from '../../../autonomy/lessons/lesson-view.ts'
import { correctAnswer } from '../../../engine/outside/correct-answer.ts'
import { learnWorkflowName } from '../../../runtime/learning/learn-workflow.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { aRun, id, json, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const count = z.number()
const arm = z.object({ runs: count, good: count })
const change = z.object({
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  p: z.number(),
  verdict: z.enum(['better', 'worse', 'unclear']),
})

const lesson = z.object({
  id: id.describe('Decide it as a proposal: `/api/proposals/:proposal/adopt`'),
  status: z.enum(['open', 'adopted', 'rejected', 'withdrawn', 'superseded']),
  hash: z.string(),
  rule: z.enum([
    'fails-when',
    'costs-when',
    'people-change',
    'people-add',
    'people-drop',
    'people-say',
    'by-hand',
  ]),
  workflow: name,
  question: z.string().nullable().describe('Only to questions of that name; null: to all'),
  condition: z.object({ at: z.string(), is: z.string() }).nullable(),
  act: z.enum(['advise', 'avoid']).describe('`advise`: questions are told; `avoid`: daemons do not start it'),
  text: z.string().describe('Untrusted'),
  wording: z.string(),
  matter: z.object({ subject: z.string(), field: z.string(), from: json, to: json }).nullable(),
  evidence: z.object({
    runs: z.array(z.string()),
    decisions: z.array(z.string()),
    figures: z.record(z.string(), z.number()),
    from: time,
    until: time,
  }),
  trial: z
    .object({
      cases: count,
      better: count,
      worse: count,
      change: change.extend({ cases: count }),
      costUsd: z.number(),
    })
    .nullable()
    .describe('On recorded runs that it was not found in; null: there was nothing to try it on'),
  madeAt: time,
  decided: z.object({ by: z.string(), at: time, note: z.string().nullable() }).nullable(),
  inForce: z
    .object({
      since: time,
      withheldPercent: count.describe('Of 100 runs so many go without it'),
      measured: z
        .object({ with: arm, without: arm, change: change.nullable(), against: z.string().nullable() })
        .nullable(),
    })
    .nullable(),
}) satisfies z.ZodType<LessonView>

const params = z.strictObject({ lesson: id })

const list = read({
  path: '/api/lessons',
  role: 'viewer',
  summary: 'List lessons that were learnt, or are proposed, the newest first',
  query: z.strictObject({ status: lesson.shape.status.optional(), ...paging }),
  answer: pageOf(lesson),
  async tell({ service: { database }, query: { cursor, limit, ...filter } }) {
    const below = placeOf(cursor, 'string')
    const items = await lessonViews(database, { ...filter, below, limit: limit + 1 })
    return paged(items, limit, { view: (each) => each, place: (each) => each.id })
  },
})

const one = read({
  path: '/api/lessons/:lesson',
  role: 'viewer',
  summary: 'Get a lesson: what it rests on, how it was tried, and how it does',
  params,
  answer: lesson,
  tell: ({ service: { database }, params: { lesson: which } }) => lessonView(database, which),
})

const add = write({
  method: 'POST',
  path: '/api/lessons',
  role: 'approver',
  summary: 'Create a lesson of your own: questions of that workflow are told it',
  body: z.strictObject({
    workflow: name,
    question: name.optional().describe('Only to questions of that name'),
    text: z.string().min(1).max(500),
    why: z.string().max(1000).optional(),
  }),
  answer: lesson,
  async act({ service, database, caller, newSubject, body: { why, ...given } }) {
    const { proposals } = service.internals
    const acting = actingOf(service, caller, why)
    const parts = { database, proposals, newId: newSubject }
    return { subject: await addLessonBy(parts, given, { acting, role: caller.role }) }
  },
  tell: ({ service: { database } }, which) => lessonView(database, which),
})

const learn = write({
  method: 'POST',
  path: '/api/lessons/learn',
  role: 'operator',
  summary: 'Learn lessons from what happened now, as the schedule does by night',
  body: z.strictObject({}),
  answer: z.object({ runId: id.describe('The run that does it') }),
  keepsKey: true,
  async act({ service, caller, idempotencyKey }) {
    const { id: run } = await service.engine.startRun(
      learnWorkflowName,
      {},
      {
        principal: caller.principal,
        startedBy: `${caller.principal}, over HTTP`,
        channel: 'api',
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
      { isCallers: true },
    )
    return { subject: run }
  },
  tell: async (_, run) => ({ runId: run }),
})

const correct = write({
  method: 'POST',
  path: '/api/runs/:run/correct',
  role: 'approver',
  summary: 'Correct an answer of a run: later lessons learn from it',
  params: aRun,
  body: z.strictObject({
    question: name,
    call: z.number().int().min(1).optional().describe('Where the run asked it several times'),
    value: json.describe('What the answer should have been, whole'),
    why: z.string().max(1000).optional(),
  }),
  answer: z.object({ runId: id, question: z.string() }),
  subjectOf: ({ params: { run } }) => run,
  async act({ service, database, caller, params: { run }, body: { why, ...said } }) {
    await database.transaction((session) => correctAnswer(session, run, said, actingOf(service, caller, why)))
    return { subject: run }
  },
  tell: async ({ body: { question } }, run) => ({ runId: run, question }),
})

export const lessons = { list, one, add, learn, correct }
