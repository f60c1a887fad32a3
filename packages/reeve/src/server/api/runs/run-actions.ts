import { z } from 'zod'
import { toMs } from '../../../base/time/time.ts'
import { isTraceparent } from '../../../base/trace-context.ts'
import { untilRest } from '../../../inspect/follow/until-rest.ts'
import type { Channel } from '../../../store/journal/events.ts'
import { requireRun } from '../../../store/runs/runs.ts'
import { type Caller, Reply, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { aRun, id, json, name } from '../parts.ts'
import { runView } from '../shapes.ts'
import { tellRun } from './runs.ts'

const longestWaitMs = 60_000
const wait = z
  .string()
  .regex(/^\d{1,5}(ms|s|m)?$/)
  .optional()
  .describe('Answer with the result if the run comes to rest within this time, such as `25s`; at most `60s`')

const start = write({
  method: 'POST',
  path: '/api/runs',
  role: 'operator',
  summary: 'Start a run',
  description:
    'The `Idempotency-Key` is that of the run, as `reeve run --key` has it: the same key and input start nothing twice. Each caller has keys of their own. Answers 202 with the run as it stands; with `wait` 200 when it has come to rest: it ended, is stuck, or waits for somebody.',
  query: z.strictObject({ wait }),
  body: z.strictObject({
    workflow: name,
    input: json.optional(),
    queue: name.optional(),
    key: name.optional().describe('Runs with the same key count together in the limits of a queue'),
    priority: z.number().int().optional(),
    delay: z.string().max(20).optional().describe('Not before this time has passed, such as `5m`'),
    ifKeyExists: z.enum(['sameInput', 'return']).optional(),
  }),
  answer: runView.extend({
    isNew: z.boolean().describe('false: its key had started this run before'),
  }),
  keepsKey: true,
  async act({ service, caller, body, idempotencyKey, traceparent }) {
    const { workflow, input = null, queue, key, priority, delay, ifKeyExists } = body
    const options = {
      principal: caller.principal,
      startedBy: `${caller.principal}, over HTTP`,
      channel: channelOf(caller),
      ...(isTraceparent(traceparent) ? { traceparent } : {}),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(queue === undefined ? {} : { queue }),
      ...(key === undefined ? {} : { key }),
      ...(priority === undefined ? {} : { priority }),
      ...(delay === undefined ? {} : { delay: toMs(delay, 'delay') }),
      ...(ifKeyExists === undefined ? {} : { ifKeyExists }),
    }
    const { id: run, isNew } = await service.engine.startRun(workflow, input, options, { isCallers: true })
    return { subject: run, made: isNew }
  },
  async tell({ service, query, signal }, run, isNew = false) {
    const headers = { location: `/api/runs/${run}` }
    const told = async () => ({ ...(await tellRun(service, run)), isNew })
    if (query.wait === undefined) return new Reply(await told(), 202, headers)
    const waitMs = Math.min(toMs(/^\d+$/.test(query.wait) ? `${query.wait}s` : query.wait), longestWaitMs)
    const { engine, database } = service
    const source = { database, onEnded: (callback: () => void) => engine.onEnded(callback) }
    await untilRest(source, run, waitMs, signal)
    const view = await told()
    return new Reply(view, view.standing.state === 'moving' ? 202 : 200, headers)
  },
})

function channelOf({ via }: Caller): Channel {
  return via === 'session' ? 'operator' : 'api'
}

const cancel = write({
  method: 'POST',
  path: '/api/runs/:run/cancel',
  role: 'operator',
  summary: 'Cancel a run and its children',
  params: aRun,
  answer: runView,
  subjectOf: ({ params }) => params.run,
  async act({ control, params, caller }) {
    await control.cancel(params.run, caller.principal)
    return { subject: params.run }
  },
  tell: ({ service }, run) => tellRun(service, run),
})

const pause = write({
  method: 'POST',
  path: '/api/runs/:run/pause',
  role: 'operator',
  summary: 'Pause a run where it is',
  params: aRun,
  answer: runView,
  subjectOf: ({ params }) => params.run,
  async act({ service, control, params, caller }) {
    await control.pause(params.run, actingOf(service, caller))
    return { subject: params.run }
  },
  tell: ({ service }, run) => tellRun(service, run),
})

const resume = write({
  method: 'POST',
  path: '/api/runs/:run/resume',
  role: 'operator',
  summary: 'Resume a paused run',
  params: aRun,
  answer: runView,
  subjectOf: ({ params }) => params.run,
  async act({ service, control, params, caller }) {
    await control.resume(params.run, actingOf(service, caller))
    return { subject: params.run }
  },
  tell: ({ service }, run) => tellRun(service, run),
})

const retry = write({
  method: 'POST',
  path: '/api/runs/:run/retry',
  role: 'operator',
  summary: 'Retry a failed or stuck run; what is done stays done',
  params: aRun,
  body: z.strictObject({
    children: z.boolean().default(false).describe('Retry the children too whose failure failed it'),
  }),
  answer: runView,
  subjectOf: ({ params }) => params.run,
  async act({ control, params, body, caller }) {
    await control.retry(params.run, caller.principal, { children: body.children })
    return { subject: params.run }
  },
  tell: ({ service }, run) => tellRun(service, run),
})

const fork = write({
  method: 'POST',
  path: '/api/runs/:run/fork',
  role: 'operator',
  summary: 'Fork a run: start one that shares the journal of this one up to a call',
  description:
    'With `input` its function is given that; calls before `from` keep their results, and one of them that would now be made with other arguments makes the fork `stuck`. What it would ask and send again is told by `GET /api/runs/{run}/fork-plan`.',
  params: aRun,
  body: z.strictObject({
    from: z.number().int().min(0).describe('The first call to make again'),
    repeatEffects: z.boolean().default(false).describe('Send effects again that were sent already'),
    input: json.optional().describe('In place of what this run was given'),
  }),
  answer: runView,
  async act({ service, database, newSubject, params, body, caller }) {
    const subject = newSubject()
    const control = service.engine.controlOn(database, () => subject)
    const { from, repeatEffects, input } = body
    const by = { principal: caller.principal, channel: channelOf(caller) }
    const given = input === undefined ? {} : { input: await service.engine.forkInput(params.run, input, by) }
    await control.fork(params.run, from, caller.principal, { repeatEffects, ...given })
    return { subject }
  },
  tell: async ({ service }, run) =>
    new Reply(await tellRun(service, run), 201, { location: `/api/runs/${run}` }),
})

const signal = write({
  method: 'POST',
  path: '/api/runs/:run/signal',
  role: 'operator',
  summary: 'Signal a run that waits',
  params: aRun,
  body: z.strictObject({
    name,
    payload: json.optional(),
    id: name.optional().describe('The same id counts once'),
  }),
  answer: z.object({
    runId: id,
    isNew: z.boolean().describe('false: one with this id, or this request, had come before'),
    awaited: z.array(z.string()).describe('The signals that the run waited for when this one came'),
  }),
  subjectOf: ({ params }) => params.run,
  async act({ service, control, params, body, caller }) {
    const acting = actingOf(service, caller)
    const awaited = await control.awaitedSignals(params.run)
    const isNew = await control.signal(
      params.run,
      body.name,
      body.payload ?? null,
      body.id === undefined ? { acting } : { acting, id: body.id },
    )
    return { subject: params.run, made: { isNew, awaited: awaited.map((each) => each.name) } }
  },
  async tell({ service }, runId, made) {
    const { id: run } = await requireRun(service.database, runId)
    if (made) return { runId: run, ...made }
    const awaited = await service.engine.control.awaitedSignals(run)
    return { runId: run, isNew: false, awaited: awaited.map((each) => each.name) }
  },
})

export const runActions = { start, cancel, pause, resume, retry, fork, signal }
