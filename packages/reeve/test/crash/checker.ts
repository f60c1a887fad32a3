import { verifyAudit } from '../../src/store/audit/audit.ts'
import type { Database } from '../../src/store/database.ts'
import type { JournalEvent } from '../../src/store/journal/journal.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { checkBodies } from './check-bodies.ts'
import { checkEffects } from './check-effects.ts'
import { type Facts, jsonOf, payloadOf } from './facts.ts'
import { checkReplay } from './replay.ts'
import type { Shape } from './shapes/shape.ts'

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'shape'

export interface Violation {
  invariant: Invariant
  what: string
}

/** The events that give a call its one outcome. Written out here, so that the engine cannot redefine them. */
const settling = new Set([
  'step-completed',
  'step-failed',
  'effect-completed',
  'effect-failed',
  'timer-fired',
  'signal-received',
  'signal-timed-out',
  'approval-decided',
  'signal-given-up',
  'timer-given-up',
  'approval-given-up',
  'child-result-given-up',
  'child-started',
  'child-finished',
])

/** Checks what a trial left against the invariants. Reads the database and the oracle's log only. */
export async function checkInvariants(shape: Shape, database: Database, facts: Facts): Promise<Violation[]> {
  const say = (invariant: Invariant) => (what: string) => ({ invariant, what })
  const audit = await verifyAudit(database)
  return [
    ...acknowledgementsKept(facts).map(say('I1')),
    ...resultsOnce(facts).map(say('I2')),
    ...checkBodies(facts).map(say('I2')),
    ...checkEffects(facts).map(say('I3')),
    ...runsRest(shape, facts).map(say('I4')),
    ...audit.faults.map((fault) => say('I5')(`run ${fault.runId}: ${fault.problem}`)),
    ...headsAgree(facts).map(say('I5')),
    ...(await checkReplay(shape, facts)).map(say('I5')),
    ...audit.integrity.map(say('I6')),
    ...(shape.verify?.(facts) ?? []).map(say('shape')),
  ]
}

/** I1: what a client or a workflow was told is in the database. */
function acknowledgementsKept(facts: Facts): string[] {
  const problems: string[] = []
  const runOfKey = new Map<string, string>()
  for (const said of facts.heardOf('started')) {
    const run = facts.run(said.run)
    if (!run) problems.push(`run ${said.run} was acknowledged and is not there`)
    else if (run.idempotency !== null && run.idempotency !== said.key && !isDebounced(run))
      problems.push(`run ${said.run} has key ${run.idempotency}, not ${said.key}`)
    const before = runOfKey.get(said.key)
    if (before !== undefined && before !== said.run && run && run.idempotency === said.key)
      problems.push(`key ${said.key} was acknowledged as ${before} and as ${said.run}`)
    runOfKey.set(said.key, said.run)
  }
  for (const said of facts.heardOf('signalled')) {
    const run = facts.run(said.run)
    const item = facts.inbox.find((one) => one.run === run?.no && one.dedup === `signal:${said.id}`)
    const kept = run && item && facts.payloadOf(run, item)
    if (kept === undefined || !facts.same(kept, said.payload))
      problems.push(`signal ${said.id} to run ${said.run} was acknowledged and is not in its inbox`)
  }
  for (const said of facts.heardOf('decided')) {
    const approval = facts.approvals.find((one) => one.id === said.approval)
    if (approval?.status !== said.status || approval.decided_by !== said.by)
      problems.push(`approval ${said.approval} was acknowledged as ${said.status}, is ${approval?.status}`)
    if (!facts.inbox.some((item) => item.name.endsWith(`:${said.approval}`)))
      problems.push(`the decision on approval ${said.approval} never reached its run`)
  }
  for (const said of facts.heardOf('cancelled')) {
    if (facts.run(said.run)?.ended_at === null) problems.push(`run ${said.run} was cancelled and goes on`)
  }
  for (const said of facts.heardOf('saw')) {
    const run = facts.run(said.run)
    const event = run && facts.eventsOf(run).find((one) => outcomeOf(one, said.name, said.value, facts))
    if (!event)
      problems.push(`run ${said.run} went on from "${said.name}", whose outcome is not in its journal`)
  }
  for (const said of facts.heardOf('ended')) {
    const run = facts.run(said.run)
    const ended = run && facts.eventsOf(run).some((event) => event.type === `run-${said.status}`)
    if (!ended) problems.push(`run ${said.run} was said to have ${said.status}; its journal does not say so`)
    else if (said.status === 'succeeded' && !facts.same(facts.outputOf(run), said.output))
      problems.push(`run ${said.run} was said to give another output than its journal has`)
  }
  return problems
}

function isDebounced(run: RunRow): boolean {
  return run.idempotency?.startsWith('reeve:debounce:') ?? false
}

function outcomeOf(event: JournalEvent, name: string, value: unknown, facts: Facts): boolean {
  return event.name === name && settling.has(event.type) && facts.same(jsonOf(event), value)
}

/** I2: one accepted result per step, one consumer per inbox item, one run per start and per child. */
function resultsOnce(facts: Facts): string[] {
  const problems: string[] = []
  for (const run of facts.runs) {
    const settled = new Map<number, string>()
    let ends = 0
    for (const event of facts.eventsOf(run)) {
      if (event.type === 'run-retried' && event.step !== null) settled.delete(event.step)
      if (event.type === 'run-retried') ends = 0
      if (['run-succeeded', 'run-failed', 'run-cancelled'].includes(event.type)) ends++
      if (event.step === null || !settling.has(event.type)) continue
      const before = settled.get(event.step)
      if (before) problems.push(`call ${event.step} of run ${run.id} has ${before} and ${event.type}`)
      settled.set(event.step, event.type)
    }
    if (ends > 1) problems.push(`run ${run.id} ended ${ends} times`)
    problems.push(...inboxOnce(facts, run), ...childrenOnce(facts, run))
  }
  const keys = facts.runs.filter((run) => run.idempotency !== null)
  if (new Set(keys.map((run) => `${run.workflow} ${run.idempotency}`)).size < keys.length)
    problems.push('two runs have one idempotency key')
  return problems
}

function inboxOnce(facts: Facts, run: RunRow): string[] {
  const events = facts.eventsOf(run)
  const taken = facts.inbox.filter((item) => item.run === run.no && (item.consumed_step ?? 0) > 0)
  return taken.flatMap((item) => {
    const takers = events.filter((event) => event.step === item.consumed_step && settling.has(event.type))
    const same = taken.filter((other) => other.consumed_step === item.consumed_step)
    // A call takes more than one item only when it asks people more than once about an unknown outcome.
    const isOutcome = item.name.startsWith('outcome:')
    if (same.length > 1 && !isOutcome) return [`call ${item.consumed_step} of run ${run.id} took two items`]
    return takers.length === 1 || isOutcome
      ? []
      : [`item ${item.name} of run ${run.id} was taken and call ${item.consumed_step} has no outcome`]
  })
}

function childrenOnce(facts: Facts, run: RunRow): string[] {
  const named = facts
    .eventsOf(run)
    .filter((event) => event.type === 'child-started')
    .map((event) => payloadOf(event).run as string)
  const born = facts.runs.filter((child) => child.parent === run.no).map((child) => child.id)
  const problems = named.filter((id) => !born.includes(id)).map((id) => `child ${id} of ${run.id} is missing`)
  const strays = born
    .filter((id) => !named.includes(id))
    .map((id) => `child ${id} of ${run.id} is not journaled`)
  return [...problems, ...strays]
}

/** I4: every run ended as it may, or waits for a person with a stated reason. */
function runsRest(shape: Shape, facts: Facts): string[] {
  const allowed = shape.ends ?? ['succeeded']
  return facts.runs.flatMap((run) => {
    if (!allowed.includes(run.status))
      return [`run ${run.id} is ${run.status} (${run.reason ?? 'no reason'})`]
    if (run.status !== 'waiting') return run.ended_at === null ? [`run ${run.id} has no end time`] : []
    const asked = facts.approvals.some((one) => one.run === run.no && one.status === 'pending')
    return asked && run.reason ? [] : [`run ${run.id} waits for nobody`]
  })
}

/** I5: a resting run's row names the last event of its journal. */
function headsAgree(facts: Facts): string[] {
  return facts.runs.flatMap((run) => {
    const last = facts.eventsOf(run).at(-1)
    return last?.hash === run.head && last?.seq === run.head_seq
      ? []
      : [`the row of run ${run.id} names event ${run.head_seq}; its journal ends with ${last?.seq}`]
  })
}
