import { z } from 'zod'
import { planRunUndo, startUndo } from '../../../runtime/undoing.ts'
import { effectClasses } from '../../../store/journal/vocabulary/effect-class.ts'
import { Reply, read, write } from '../../http/endpoint.ts'
import { aRun, id, json, numberIn, time } from '../parts.ts'
import { runView } from '../shapes.ts'
import { tellRun } from './runs.ts'

const from =
  'The first call of the run whose effects are undone, with those of the runs that it and later ones started'

const undoStep = z.object({
  runId: id,
  workflow: z.string(),
  call: z.number(),
  tool: z.string(),
  class: z.enum(effectClasses),
  at: time,
  args: json.optional().describe('What the tool was handed; absent where the journal has it no more'),
  state: z.enum(['open', 'impossible', 'undoing', 'undone']),
  why: z.string().nullable().describe('Why it cannot be undone'),
  until: time.nullable().describe('Until when it can be undone; null: for ever, or never'),
  byRunId: id.nullable().describe('The run that undoes it, or has undone it'),
})

const planUndo = read({
  path: '/api/runs/:run/undo',
  role: 'viewer',
  summary: 'Preview the undo of a run: what would be undone, the last effect first',
  params: aRun,
  query: z.strictObject({ from: numberIn(0, Number.MAX_SAFE_INTEGER).default(0).describe(from) }),
  answer: z.object({
    runId: id,
    from: z.number(),
    steps: z.array(undoStep),
    hash: z.string().describe('As `plan` of the request that undoes'),
    open: z.number().describe('How many would be undone'),
    gaps: z.array(z.string()).describe('What the plan cannot know'),
  }),
  tell: ({ service, params, query }) => planRunUndo(service.internals, params.run, query),
})

const undo = write({
  method: 'POST',
  path: '/api/runs/:run/undo',
  role: 'operator',
  summary: 'Undo what a run did outside, as a run of its own',
  description:
    'Answers 202 with the run that undoes. An undo that fails is asked as an approval: to approve tries it again, to reject leaves it and goes on.',
  params: aRun,
  body: z.strictObject({
    from: z.number().int().min(0).default(0).describe(from),
    plan: z.string().max(100).describe('`hash` of the plan that was looked at'),
  }),
  answer: runView,
  keepsKey: true,
  async act({ service, params, body, caller, idempotencyKey }) {
    const { id: subject } = await startUndo(service.internals, params.run, {
      ...body,
      by: caller.principal,
      isCallers: true,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
    return { subject }
  },
  tell: async ({ service }, run) =>
    new Reply(await tellRun(service, run), 202, { location: `/api/runs/${run}` }),
})

export const runUndo = { planUndo, undo }
