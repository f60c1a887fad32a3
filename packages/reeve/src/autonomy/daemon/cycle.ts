import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { CoreContext } from '../../engine/context.ts'
import { defineWorkflow, type Workflow } from '../../engine/workflow.ts'
import { checkedEvent } from '../../store/journal/events.ts'
import type { DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'
import type { Acting, Note } from './acting.ts'
import {
  type CycleMemory,
  emptyMemory,
  isStalling,
  keyOfInputs,
  notStalled,
  type PendingDecision,
  withEnded,
  withPending,
} from './cycle-memory.ts'
import { daemonWorkflowName } from './daemon.ts'
import { idle } from './deciding/choice.ts'
import { type Decided, decide } from './deciding/decide.ts'
import { execute } from './deciding/execute.ts'
import { daemonQueue } from './look/facts.ts'
import {
  type DaemonServices,
  type Look,
  lookAround,
  type NamedDaemon,
  type Terms,
  termsOf,
} from './look/look.ts'
import { nextWake, type Wake } from './next-wake.ts'

/** What a cycle is given: by the keeper alone. */
export interface CycleInput {
  cycle: number
  memory: CycleMemory
}

/** What a cycle comes to. */
export interface CycleOutput {
  result: DecisionResult
  wake: Wake
  memory: CycleMemory
}

const Input = z.object({
  cycle: z.number().int().min(1),
  memory: z.custom<CycleMemory>((value) => value != null),
})

/** The most `ctx` calls of one cycle: it makes nine. */
const mostSteps = 50

/**
 * One cycle of a daemon:
 *
 *   look around (no model) → nothing changed, or barred: skipped
 *                          → decide once → idle
 *                                        → claim → execute → see what came of it
 *   → what later cycles must know, and when the next one begins
 *
 * It returns both, and the keeper starts the next cycle with them. Everything between two calls is a function of what the
 * calls gave: killed at any line, it goes on where it was.
 */
export function daemonWorkflow(named: NamedDaemon, services: DaemonServices): Workflow {
  const { daemon } = named
  const workflow = defineWorkflow({
    name: daemonWorkflowName(daemon.name),
    input: Input as unknown as z.ZodType<CycleInput>,
    queue: daemonQueue,
    limits: { steps: mostSteps, ...(daemon.dayUsd !== null && { dailyCost: daemon.dayUsd }) },
    run: (ctx: CoreContext, input: CycleInput) => runCycle(ctx, named, services, input),
  }) as Workflow
  return daemon.grants === undefined ? workflow : { ...workflow, grants: daemon.grants }
}

async function runCycle(
  ctx: CoreContext,
  named: NamedDaemon,
  services: DaemonServices,
  { cycle, memory: given }: CycleInput,
): Promise<CycleOutput> {
  const { daemon } = named
  const before: CycleMemory = { ...emptyMemory, ...given }
  const look = await ctx.step('look around', ({ signal }) =>
    lookAround(services, named, { runId: ctx.runId, cycle, memory: before }, signal),
  )
  if (!look.isCurrent) throw notCurrent(daemon.name, cycle)
  const note = noteFor(ctx, daemon.name, cycle)
  const seen = afterLook(before, look, note)
  const { state } = look
  const turn =
    look.barred !== null
      ? skipped(seen, look.barred.why, note, look)
      : state === null
        ? skipped({ ...seen, idleDigest: look.digest }, nothingChanged, note, look)
        : await act(ctx, {
            named,
            services,
            look,
            state,
            terms: termsIn(look, services, daemon),
            memory: seen,
            note,
          })
  const stalled = stalledAfter(turn.memory, look)
  const sleep = {
    now: ctx.now().getTime(),
    result: turn.result,
    isBroke: look.barred?.isBroke ?? turn.isBroke,
  }
  const wake = nextWake(daemon, { ...sleep, sleptMs: before.sleptMs, fruitless: stalled.fruitless })
  note('wake-chosen', {
    message: `daemon ${daemon.name} wakes next at ${new Date(wake.at).toISOString()}: ${wake.why}`,
    at: wake.at,
    why: wake.why,
    isStalled: stalled.stalledDigest !== null,
  })
  return { result: turn.result, wake, memory: { ...stalled, sleptMs: wake.at - sleep.now } }
}

function termsIn({ terms }: Look, services: DaemonServices, daemon: NamedDaemon['daemon']): Terms {
  return terms ?? termsOf(services, daemon)
}

const nothingChanged = 'nothing has changed since it last decided to be idle: nobody was asked'

interface Turn {
  result: DecisionResult
  memory: CycleMemory
  isBroke: boolean
}

function noteFor(ctx: CoreContext, daemon: string, cycle: number): Note {
  const site = CoreContext.callSiteOf(ctx)
  return (type, payload) =>
    site.log(checkedEvent(type, { ...payload, daemon, cycle } as never, `what daemon ${daemon} notes`))
}

/** The memory with what the look found, and what had been pending noted. */
function afterLook(before: CycleMemory, look: Look, note: Note): CycleMemory {
  const isReopened = look.reopened > before.reopenedSeen
  let memory: CycleMemory = {
    ...before,
    cursor: look.cursor,
    wakesSeen: look.wakes,
    reopenedSeen: look.reopened,
    facts: look.facts,
    ...(isReopened && { failures: [], ...notStalled }),
  }
  if (memory.stalledDigest !== null && memory.stalledDigest !== look.outside)
    memory = { ...memory, ...notStalled }
  for (const { key, result, detail, costUsd } of look.settled) {
    const pending = memory.pending.find((each) => each.key === key)
    if (!pending) continue
    const { directive, run } = pending
    note('decision-settled', {
      message: `${directive}, decided earlier, came to: ${result}`,
      decision: directive,
      run,
      result,
      detail,
      costUsd,
    })
    memory = withEnded(memory, { ...pending, result, detail, costUsd }, look.now)
  }
  return memory
}

function skipped(memory: CycleMemory, why: string, note: Note, look: Look): Turn {
  note('decision-ended', {
    message: `no decision: ${why}`,
    decidedAt: look.now,
    decision: idle,
    params: {},
    why,
    goal: null,
    by: { kind: 'nobody' },
    result: 'skipped',
    detail: '',
    run: null,
    costUsd: 0,
    durationMs: 0,
  })
  return { result: 'skipped', memory, isBroke: false }
}

async function act(ctx: CoreContext, acting: Acting): Promise<Turn> {
  const { look, state, memory, note, named } = acting
  note('daemon-looked', {
    message: `daemon ${named.daemon.name} looks: ${look.changed.join('; ') || 'nothing changed'}`,
    woken: look.woken,
    digest: look.digest,
    changed: look.changed,
    open: state.directives.filter(({ closed }) => closed === null).map(({ name }) => name),
    ...lessonsNoted(look),
    closed: [
      ...state.directives.flatMap(({ name, closed }) =>
        closed === null ? [] : [{ directive: name, why: closed }],
      ),
      ...state.closed.map(({ directive, why }) => ({ directive, why: `with some inputs: ${why}` })),
    ],
  })
  const decidedAt = look.now
  const decided = await decide(ctx, acting)
  const { decision, inputs, reason, goal, by, costUsd } = decided
  const said = { decision, params: inputs, why: reason, goal, by }
  note('daemon-decided', { message: `decided: ${decision}, because ${reason}`, ...said })
  const entry = { ...said, decidedAt }
  if (decision === idle) {
    note('decision-ended', {
      message: `idle: ${reason}`,
      ...entry,
      result: 'idle',
      detail: decided.problem ?? '',
      run: null,
      costUsd,
      durationMs: 0,
    })
    // Who could not decide has not decided to be idle.
    if (decided.problem !== undefined)
      return {
        result: 'idle',
        memory: { ...memory, idleDigest: null, fruitless: memory.fruitless + 1 },
        isBroke: decided.isBroke,
      }
    return {
      result: 'idle',
      memory: { ...memory, idleDigest: look.digest, fruitless: 0, repeats: 0 },
      isBroke: false,
    }
  }
  const done = await execute(ctx, acting, decided)
  note('decision-ended', {
    message: `${decision}: ${done.result}${done.detail === '' ? '' : ` (${done.detail})`}`,
    ...entry,
    result: done.result,
    detail: done.detail,
    run: done.run,
    costUsd: costUsd + done.costUsd,
    durationMs: Math.max(0, (done.endedAt ?? ctx.now().getTime()) - decidedAt),
  })
  return { result: done.result, memory: afterActing(acting, decided, done), isBroke: false }
}

/** Which lessons it went by, and without. */
function lessonsNoted({ lessons }: Look): { lessons?: { used: string[]; withheld: string[] } } {
  const { barred = [], withheld = [] } = lessons ?? {}
  if (barred.length + withheld.length === 0) return {}
  return { lessons: { used: barred.map(({ id }) => id), withheld } }
}

function afterActing(
  { look, memory }: Acting,
  { decision, inputs, reason, goal, costUsd }: Decided,
  done: Awaited<ReturnType<typeof execute>>,
): CycleMemory {
  const fingerprints = new Map(look.fingerprints)
  const what: Omit<PendingDecision, 'run'> = {
    directive: decision,
    key: keyOfInputs(decision, inputs),
    params: inputs,
    goal,
    why: reason,
    at: look.now,
    fingerprint: fingerprints.get(decision) ?? '',
  }
  const active = { ...memory, idleDigest: null }
  if (done.result === 'pending' && done.run !== null)
    return withPending(active, { ...what, run: done.run }, look.now)
  const { result, detail } = done
  const ended = { ...what, result, detail, costUsd: costUsd + done.costUsd, digest: look.outside }
  return withEnded(active, ended, look.now)
}

/** Who has decided often enough for nothing stops until what it decides upon changes. */
function stalledAfter(memory: CycleMemory, look: Look): CycleMemory {
  return isStalling(memory) && memory.stalledDigest === null
    ? { ...memory, stalledDigest: look.outside }
    : memory
}

function notCurrent(daemon: string, cycle: number): ReeveError {
  return new ReeveError(
    'not-current-cycle',
    `This run is not the cycle that daemon "${daemon}" is in (it says cycle ${cycle}): its cycles are started by Reeve, one after the other. To have it decide now: reeve daemons wake ${daemon}`,
  )
}
