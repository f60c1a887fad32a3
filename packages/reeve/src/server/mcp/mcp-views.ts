import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import { eventsOfRun } from '../../inspect/events/event-view.ts'
import { type RestSource, untilRest } from '../../inspect/follow/until-rest.ts'
import { type RunView, viewRun } from '../../inspect/run/run-view.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { keepingMarks } from '../../store/marks/open-kept.ts'
import { type RunStatus, requireRun } from '../../store/runs/runs.ts'

/** What a person is asked, as a client of MCP sees it. */
export interface ServedApproval {
  approvalId: string
  kind: ApprovalView['kind']
  subject: string
  /** Exactly what is approved or asked. Untrusted: parts of it may come from a model. */
  shown: Json
  /** Of `shown`: whoever decides names it, so that only what was seen is decided. */
  argsHash: string
  expiresAt: string | null
  /** Where a person signs in and decides it, where this server has pages. */
  decideAt?: string
  /** JSON Schema of the answer to a question, or of the result of an effect that happened; null where it is not known. */
  answerSchema: Json | null
}

/** A run as a client of MCP sees it. */
export interface ServedRun {
  runId: string
  workflow: string
  version: string
  status: RunStatus
  reason: string | null
  startedAt: string
  endedAt: string | null
  costUsd: number
  waitsFor: ServedApproval[]
  output?: Json
  error?: { code: string; message: string }
  /** Only of what a call told that starts runs or signals: false when its key or id was known. */
  isNew?: boolean
}

export interface ServeView {
  /** Where people open the dashboard. */
  pageUrl: string | undefined
}

const mostEvents = 500

/** @throws `unknown-run` */
export async function serveRun(runtime: Runtime, id: string, view: ServeView): Promise<ServedRun> {
  const database = keepingMarks(internalsOf(runtime).database)
  const {
    id: runId,
    workflow,
    version,
    status,
    reason,
    costUsd,
    ...rest
  }: RunView = await viewRun(database, id)
  const { createdAt: startedAt, endedAt, asks, output, error } = rest
  return {
    runId,
    workflow,
    version,
    status,
    reason,
    startedAt,
    endedAt,
    costUsd,
    waitsFor: asks.map((ask) => serveApproval(ask, view)),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  }
}

export function serveApproval(
  { id, kind, subject, shown, hash, expiresAt, wanted }: ApprovalView,
  { pageUrl }: ServeView,
): ServedApproval {
  return {
    approvalId: id,
    kind,
    subject,
    shown,
    argsHash: hash,
    expiresAt,
    ...(pageUrl !== undefined && { decideAt: `${pageUrl}/inbox?item=${encodeURIComponent(id)}` }),
    answerSchema: wanted?.schema ?? null,
  }
}

/** The last events of a run's chapter; long payloads are cut. @throws `unknown-run` */
export async function serveEvents(runtime: Runtime, id: string): Promise<object[]> {
  const { database } = internalsOf(runtime)
  const row = await requireRun(database, id)
  const range = {
    after: Math.max(row.chapter_seq - 1, 0),
    before: Number.MAX_SAFE_INTEGER,
    limit: mostEvents,
  }
  const { events } = await eventsOfRun(database, row.no, range)
  return events.map(({ seq, at, type, call, name, payload, isCut }) => ({
    seq,
    at,
    type,
    call,
    name,
    payload: isCut ? `${payload as string}… (cut)` : payload,
  }))
}

/** Waits until a run rests, or until the time is up; then answers how it stands. */
export async function serveUntilRest(
  runtime: Runtime,
  id: string,
  waitMs: number,
  signal: AbortSignal,
  view: ServeView,
): Promise<ServedRun> {
  await untilRest(sourceOf(runtime), id, waitMs, signal)
  return serveRun(runtime, id, view)
}

/** Waits until a run that waited for somebody rests elsewhere, or until the time is up; then answers how it stands. */
export async function serveUntilMoved(
  runtime: Runtime,
  id: string,
  waitMs: number,
  signal: AbortSignal,
  view: ServeView,
): Promise<ServedRun> {
  const source = sourceOf(runtime)
  const asked = (await serveRun(runtime, id, view)).waitsFor.map(({ approvalId }) => approvalId)
  await untilRest(source, id, waitMs, signal, async () => {
    const { waitsFor } = await serveRun(runtime, id, view)
    return (
      asked.length === 0 || !asked.every((known) => waitsFor.some(({ approvalId }) => approvalId === known))
    )
  })
  return serveRun(runtime, id, view)
}

function sourceOf(runtime: Runtime): RestSource {
  const { engine, database } = internalsOf(runtime)
  return { database, onEnded: (callback) => engine.onEnded(callback) }
}

/** What went wrong, for a program that may try again: never a stack. */
export function describeFailure(error: unknown): { code: string; message: string } {
  if (error instanceof ReeveError) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong inside Reeve; its own log says more.' }
}
