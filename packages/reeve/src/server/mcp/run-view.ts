import { ReeveError, toErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { isoText, systemClock } from '../../base/time/time.ts'
import { wantedOf } from '../../engine/outside/answer.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { drivenVersions, lackOf } from '../../store/dispatch/workers.ts'
import { readChapter } from '../../store/journal/journal.ts'
import { costsOfRuns } from '../../store/ledger/model-calls.ts'
import type { ApprovalRow, ApprovalView as PendingRow } from '../../store/runs/approvals.ts'
import { type RunStatus, requireRun } from '../../store/runs/runs.ts'
import { pendingOf, standingOf } from '../../store/runs/standing.ts'

/** What a person is asked, as an outsider sees it. */
export interface AskedView {
  approval: string
  kind: ApprovalRow['kind']
  subject: string
  /** Exactly what is approved or asked. Untrusted: parts of it may come from a model. */
  shown: Json
  /** Of `shown`: whoever decides names it, so that only what was seen is decided. */
  argsHash: string
  expiresAt: string | null
  /** JSON Schema of the answer to a question, or of the result of an effect that happened; null where it is not known. */
  answerSchema: Json | null
}

/** A run as an outsider sees it. */
export interface RunView {
  run: string
  workflow: string
  version: string
  status: RunStatus
  reason: string | null
  startedAt: string
  endedAt: string | null
  costUsd: number
  output?: Json
  error?: { code: string; message: string }
  waitsFor: AskedView[]
}

export interface EventView {
  seq: number
  at: string
  type: string
  call: number | null
  name: string | null
  payload: Json
}

const mostEvents = 500
const longestPayload = 4000

/** @throws `unknown-run` */
export async function viewRun(runtime: Runtime, id: string): Promise<RunView> {
  const row = await requireRun(internalsOf(runtime).database, id)
  // What its children ask is asked of whoever looks at it, too.
  const asked = await pendingOf(internalsOf(runtime).database, row.no)
  const view: RunView = {
    run: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    reason: row.reason ?? lackOf(row, await drivenVersions(internalsOf(runtime).database)) ?? null,
    startedAt: isoText(row.created_at),
    endedAt: row.ended_at === null ? null : isoText(row.ended_at),
    costUsd: fromNanoUsd((await costsOfRuns(internalsOf(runtime).database, [row.no])).get(row.no) ?? 0),
    waitsFor: asked.map(viewAsked),
  }
  if (row.status !== 'succeeded' && row.status !== 'failed') return view
  const result = await runtime.result(id)
  if (result.status === 'succeeded') view.output = (result.output ?? null) as Json
  if (result.status === 'failed') {
    const { code, message } = toErrorRecord(result.error)
    view.error = { code, message }
  }
  return view
}

export function viewAsked(row: ApprovalRow | PendingRow): AskedView {
  return {
    approval: row.id,
    kind: row.kind,
    subject: row.subject,
    shown: JSON.parse(row.shown) as Json,
    argsHash: row.args_hash,
    expiresAt: row.expires_at === null ? null : isoText(row.expires_at),
    answerSchema: wantedOf(row)?.schema ?? null,
  }
}

/** The last events of a run; long payloads are cut. @throws `unknown-run` */
export async function viewEvents(runtime: Runtime, id: string): Promise<EventView[]> {
  const row = await requireRun(internalsOf(runtime).database, id)
  const events = await readChapter(internalsOf(runtime).database, row)
  return events.slice(-mostEvents).map(({ seq, at, type, step, name, payload }) => ({
    seq,
    at: isoText(at),
    type,
    call: step,
    name,
    payload: viewPayload(payload),
  }))
}

function viewPayload(payload: string | null): Json {
  if (payload === null) return null
  if (payload.length > longestPayload)
    return `${firstCharacters(payload, longestPayload).toWellFormed()}… (cut)`
  return JSON.parse(payload) as Json
}

const lookPauseMs = 50

/**
 * Waits until a run rests (it ended, is stuck, or goes on only when somebody does something), or until the time is up; then
 * answers how it stands.
 */
export async function untilRest(
  runtime: Runtime,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<RunView> {
  const { promise: rest, resolve } = Promise.withResolvers<void>()
  let looking: 'no' | 'once' | 'again' = 'no'
  const look = async () => {
    for (;;) {
      looking = 'once'
      const { state } = await standingOf(
        internalsOf(runtime).database,
        await requireRun(internalsOf(runtime).database, id),
      )
      if (state !== 'moving') return resolve()
      if ((looking as string) !== 'again') break
      // Others may wait as well, and much may change: each looks now and then.
      await new Promise<void>((next) => systemClock.after(lookPauseMs, next))
    }
    looking = 'no'
  }
  const lookAgain = () => {
    if (looking === 'no') void look().catch(resolve)
    else looking = 'again'
  }
  const stopWatching = [
    // Any run's end may be that of a child.
    internalsOf(runtime).engine.onEnded(lookAgain),
    internalsOf(runtime).database.onOutsideChange(lookAgain),
    systemClock.after(waitMs, resolve),
  ]
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (waitMs > 0 && !signal.aborted) {
      await look()
      await rest
    }
    signal.throwIfAborted()
    return await viewRun(runtime, id)
  } finally {
    for (const stop of stopWatching) stop()
    signal.removeEventListener('abort', onAbort)
  }
}

/** What went wrong, for a program that may try again: never a stack. */
export function describeFailure(error: unknown): { code: string; message: string } {
  if (error instanceof ReeveError) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong inside Reeve; its own log says more.' }
}
