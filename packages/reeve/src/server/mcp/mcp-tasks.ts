import type { Server } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { requireRun } from '../../store/runs/runs.ts'
import type { ServerSdk } from './load-sdk.ts'
import { canOf, elicitations } from './mcp-asks.ts'
import { describeFailure, type ServedRun, type ServeView, serveRun } from './mcp-views.ts'

/** How often a client should ask (ms): while a run moves, and while it waits for somebody. */
const movingPollMs = 1000
const waitingPollMs = 10_000

type TaskStatus = 'working' | 'input_required' | 'completed' | 'cancelled'

/** A run as a task of the extension: its id is the run's, so it is as durable as the run and needs no row of its own. */
export function taskOf(run: ServedRun) {
  const isWaiting = run.status === 'waiting' || run.status === 'stuck'
  return {
    taskId: run.runId,
    status: taskStatusOf(run),
    statusMessage: `${run.status}${run.reason === null ? '' : `: ${run.reason}`}`,
    createdAt: run.startedAt,
    lastUpdatedAt: run.endedAt ?? run.startedAt,
    // Runs stay until the project's retention removes them.
    ttlMs: null,
    pollIntervalMs: isWaiting ? waitingPollMs : movingPollMs,
  }
}

/** A run that failed is a completed task, whose result says so: `failed` is for errors of the protocol alone. */
function taskStatusOf({ status }: ServedRun): TaskStatus {
  if (status === 'cancelled') return 'cancelled'
  return status === 'succeeded' || status === 'failed' ? 'completed' : 'working'
}

/**
 * Serves `tasks/get`, `tasks/update` and `tasks/cancel`. An update is acknowledged and decides nothing: a person decides on the
 * page that the task's `inputRequests` lead to.
 */
export function serveTasks(
  server: Server,
  sdk: ServerSdk,
  runtime: Runtime,
  options: {
    view: ServeView
    resultOf: (run: ServedRun) => object
    mayAct: boolean
    principal: string
  },
): void {
  const { view, resultOf, mayAct, principal } = options
  const { ProtocolError, ProtocolErrorCode, CLIENT_CAPABILITIES_META_KEY } = sdk
  const params = z.object({ taskId: z.string().max(100) })
  const refused = (error: unknown) =>
    new ProtocolError(ProtocolErrorCode.InvalidParams, describeFailure(error).message)
  server.setRequestHandler('tasks/get', { params }, async ({ taskId }, { mcpReq }) => {
    const run = await serveRun(runtime, taskId, view).catch((error: unknown) => {
      throw refused(error)
    })
    const task = taskOf(run)
    if (task.status === 'completed') return { ...task, result: resultOf(run) }
    const { elicitUrl } = canOf(
      (mcpReq.envelope as Record<string, unknown> | undefined)?.[CLIENT_CAPABILITIES_META_KEY],
    )
    const inputRequests = elicitUrl && task.status === 'working' ? elicitations(sdk, run) : undefined
    return inputRequests ? { ...task, status: 'input_required', inputRequests } : task
  })
  server.setRequestHandler('tasks/update', { params }, async ({ taskId }) => {
    await requireRun(internalsOf(runtime).database, taskId).catch((error: unknown) => {
      throw refused(error)
    })
    return {}
  })
  server.setRequestHandler('tasks/cancel', { params }, async ({ taskId }) => {
    if (!mayAct)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        'This token may look at runs, not cancel them.',
      )
    const { status } = await requireRun(internalsOf(runtime).database, taskId).catch((error: unknown) => {
      throw refused(error)
    })
    // What is over stays as it is; that is no error of whoever cancels.
    if (status === 'succeeded' || status === 'failed' || status === 'cancelled') return {}
    await runtime.cancel(taskId, { by: principal }).catch((error: unknown) => {
      throw refused(error)
    })
    return {}
  })
}
