import { ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { describeIssues } from '../../base/schema/schema.ts'
import { checkText, shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../../store/authority/acting.ts'
import type { Session } from '../../store/database.ts'
import { definitionOf, errorOf, payloadOf, type SaidEvent } from '../../store/journal/events.ts'
import { eventsOfCall, retriesAfter } from '../../store/journal/said.ts'
import { deliver, hasUntaken } from '../../store/runs/inbox.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import { longestNote } from '../deciding/decide.ts'
import { requireRole } from '../deciding/deciders.ts'
import type { JsonSchemaCheck } from '../deciding/edit.ts'
import { whatRuns } from '../replay/inside-body.ts'
import { encodePayload } from '../replay/payload.ts'
import { type Overriding, overrideItem, refusalByKind } from './override.ts'

/** What a person says of a call, and why. */
export type GivenOverride = Overriding & { reason: string }

/** One call of a run, about to be overridden. */
export interface AboutToOverride {
  run: RunRow
  call: number
  given: GivenOverride
  acting: Acting
  check: JsonSchemaCheck | undefined
}

/** What is wrong with what was given, before the database is asked. @throws `cannot-override` `may-not-override` `not-serialisable` */
export function checkOverride(runId: string, call: number, given: GivenOverride): void {
  const within = whatRuns()
  if (within !== undefined) {
    const what = `An override of call ${call} of run ${runId} was given from within ${within}`
    throw new ReeveError('may-not-override', `${what}: only people override. Nothing was changed.`)
  }
  if (!Number.isInteger(call) || call < 1) throw refused(runId, call, 'calls have numbers from 1 on')
  if (typeof given.reason !== 'string' || given.reason.trim() === '')
    throw refused(runId, call, 'it takes a reason, which the run and the log of authority keep')
  if (given.reason.length > longestNote)
    throw refused(runId, call, `a reason has at most ${longestNote} characters`)
  if (given.how === 'error') checkText(given.error, 'The error')
  if (given.how === 'result') encodePayload(given.result, 'the result')
}

/**
 * In a transaction that has locked the run: puts the override into its inbox, and records who gave it. What the journal shows
 * to be impossible is refused; what only the worker can tell (whether a step acts) it tells the journal.
 * @throws `cannot-override` `may-not-override`
 */
export async function requestOverride(session: Session, about: AboutToOverride): Promise<void> {
  const { run, call, given, acting } = about
  const { by, at } = acting
  await requireRole(session, by, 'operator', `override call ${call} of run ${run.id}`)
  const { secrets } = session
  if (secrets && canonical(secrets.redactData(given as Json)) !== canonical(given as Json))
    throw refused(run.id, call, 'what is given holds a registered secret, which no journal takes')
  const { kind, name } = await requireOverridable(session, about)
  if (await hasUntaken(session, run.no, overrideItem(call)))
    throw refused(run.id, call, 'another override of it has not been taken yet')
  const payload = JSON.stringify({ ...given, by })
  await deliver(session, { run: run.no, name: overrideItem(call), dedup: null, payload, at })
  const details = { call, how: given.how, ...(kind && { kind }), ...(name && { name }) }
  await record(session, { ...acting, why: given.reason }, 'run-overridden', run.id, details, run.id)
}

interface OpenCall {
  /** Undefined for one that has written nothing yet: a step that runs for the first time, or none. */
  kind: string | undefined
  name: string | undefined
}

async function requireOverridable(
  session: Session,
  { run, call, given, check }: AboutToOverride,
): Promise<OpenCall> {
  const events = await eventsOfCall(session, run.no, call)
  const last = events.at(-1)
  const kind = last && definitionOf(last.type)?.call
  if (!last || kind === undefined) {
    if (run.status === 'waiting') throw refused(run.id, call, 'the run waits, and has no such call open')
    if (given.how === 'skip-wait') throw refused(run.id, call, 'it does not wait for a time')
    return { kind: undefined, name: undefined }
  }
  if (definitionOf(last.type)?.role === 'settlement') {
    if (!(await isForgotten(session, run, { call, settled: last })))
      throw refused(run.id, call, 'it has its result already')
    if (given.how === 'skip-wait') throw refused(run.id, call, 'it does not wait for a time')
    return { kind: undefined, name: undefined }
  }
  if (last.type === 'effect-unknown') {
    const { approval } = payloadOf(last, 'effect-unknown')
    throw refused(run.id, call, `nobody knows whether it happened. Say so: reeve answer ${approval}`)
  }
  if (last.type === 'effect-intended')
    throw refused(run.id, call, 'it was sent, and what became of it is not known yet: see reeve approvals')
  const refusal = refusalByKind(kind, given.how)
  if (refusal !== undefined) throw refused(run.id, call, refusal)
  if (last.type === 'signal-awaited') {
    const { dueAt, schema } = payloadOf(last, 'signal-awaited')
    if (given.how === 'skip-wait' && dueAt === null)
      throw refused(run.id, call, 'it waits without an end: give it a result')
    const issues =
      given.how === 'result' && check && isRecord(schema) ? await check(schema, given.result) : []
    if (issues.length > 0) throw refused(run.id, call, `the result does not fit: ${describeIssues(issues)}`)
  }
  return { kind, name: last.name ?? undefined }
}

/** Whether a retry of the run makes a settled call again, whatever that came to before: see `readHistory`. */
async function isForgotten(
  session: Session,
  run: RunRow,
  { call, settled }: { call: number; settled: SaidEvent & { seq: number } },
): Promise<boolean> {
  if (call <= run.chapter_call) return false
  const retries = await retriesAfter(session, run.no, settled.seq)
  if (retries.length === 0) return false
  if (definitionOf(settled.type)?.shape === 'error' && errorOf(settled).code === 'run-ending') return true
  return retries.some((event) => payloadOf(event, 'run-retried').again?.includes(call))
}

function refused(run: string, call: number, why: string): ReeveError {
  return new ReeveError(
    'cannot-override',
    `Call ${call} of run ${shownId(run)} cannot be overridden so: ${why}. Nothing was changed. See what it waits for: reeve show ${shownId(run)}`,
  )
}
