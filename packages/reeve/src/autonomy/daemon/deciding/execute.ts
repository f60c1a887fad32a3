import { messageOf, ReeveError } from '../../../base/errors.ts'
import type { CoreContext } from '../../../engine/context.ts'
import { outcomeOf } from '../../../inspect/ledger/run-outcome.ts'
import { claimDecision } from '../../../store/autonomy/decision-claims.ts'
import type { DecisionResult } from '../../../store/journal/vocabulary/autonomy-events.ts'
import type { Acting } from '../acting.ts'
import { keyOfInputs } from '../cycle-memory.ts'
import type { CheckedDecision } from './choice.ts'

/** What became of an execution within its cycle. */
export interface Executed {
  result: DecisionResult
  detail: string
  run: string | null
  costUsd: number
  endedAt: number | null
}

/** So long another daemon does not do again what one has done with success (ms). */
const freshMs = 3_600_000

/**
 * Has a decision executed, once:
 *
 *   asked, where a person switched its directive to ask → claimed, unless another daemon has it → its workflow started as a child
 *   → awaited, as long as the daemon is patient → what came of it
 *
 * The start commits with the event that says so, so that no death makes it two. What takes longer goes on by itself.
 */
export async function execute(ctx: CoreContext, acting: Acting, decided: CheckedDecision): Promise<Executed> {
  const { decision, inputs } = decided
  const { daemon } = acting.named
  const nothing = { run: null, costUsd: 0, endedAt: null }
  const refusal = await whyRefused(ctx, acting, decided)
  if (refusal !== undefined) return { ...nothing, result: 'refused', detail: refusal }
  const { database } = acting.services
  const taken = await ctx.step('claim the decision', async () => {
    const claim = {
      key: keyOfInputs(decision, inputs),
      daemon: daemon.name,
      run: ctx.runId,
      at: acting.look.now,
    }
    const held = await database.transaction((session) => claimDecision(session, claim, freshMs))
    return held
      ? `daemon ${held.daemon} has it since ${new Date(held.at).toISOString()} (run ${held.run})`
      : null
  })
  if (taken !== null) return { ...nothing, result: 'taken', detail: taken }
  const [, workflow] = acting.terms.workflows.find(([directive]) => directive === decision) ?? []
  if (workflow === undefined)
    return { ...nothing, result: 'refused', detail: `the project has no directive "${decision}" any more` }
  let run: string
  try {
    const child = await ctx.start(workflow, inputs, { whenParentEnds: 'detach' })
    run = child.id
    await ctx
      .race([child.result(), (signal) => ctx.sleep(acting.terms.patienceMs, { signal })])
      .catch(() => undefined)
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    return { ...nothing, result: 'failed', detail: `it could not be started: ${messageOf(error)}` }
  }
  const outcome = await ctx.step('see what came of it', () => outcomeOf(database, run))
  return { ...outcome, run }
}

/** Of a directive that a person switched to `ask` each execution is approved. */
async function whyRefused(
  ctx: CoreContext,
  { services, terms, named: { daemon } }: Acting,
  { decision, inputs, reason, goal }: CheckedDecision,
): Promise<string | undefined> {
  const mode = await ctx.step('ask whether it may', () => {
    const standing = services.authority.current()
    return standing.mode({ tool: `directive.${decision}`, connector: 'directive' }) ?? 'allow'
  })
  if (mode === 'allow') return undefined
  if (mode === 'off') return 'a person switched it off'
  const show = { directive: decision, inputs, reason, goal, daemon: daemon.name }
  const allowed = ['approve', 'reject'] as const
  const asked = await ctx.approve(`execute ${decision}`, { show, timeout: terms.patienceMs, allowed })
  if (asked.status === 'approved') return undefined
  return asked.note ?? (asked.status === 'rejected' ? 'a person rejected it' : 'nobody approved it in time')
}
