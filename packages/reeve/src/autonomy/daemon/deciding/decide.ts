import { messageOf, ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { shorten } from '../../../base/text/shorten.ts'
import { CoreContext } from '../../../engine/context.ts'
import { shownSchema } from '../../../models/reading/shown-schema.ts'
import type { Question } from '../../../models/solver.ts'
import type { DecidedBy } from '../../../store/journal/vocabulary/autonomy-events.ts'
import type { Acting } from '../acting.ts'
import { dayAt } from '../cycle-memory.ts'
import type { DaemonState } from '../daemon-state.ts'
import { type CheckedDecision, type Choices, checkDecision, decisionSchema, idle } from './choice.ts'
import { closedDecisions, exhaustedGoals } from './openings.ts'

/** The one decision of a cycle. */
export interface Decided extends CheckedDecision {
  by: DecidedBy
  /** What deciding cost (US dollars). */
  costUsd: number
  /** Why there is no decision, and so none to be idle either. */
  problem?: string
  /** There is no money left to decide with. */
  isBroke: boolean
}

/** Asks the route; where there is none, or nobody of it can answer, the rules. Whoever gives nothing that is open: idle. */
export async function decide(ctx: CoreContext, acting: Acting): Promise<Decided> {
  const { route } = acting.terms
  const choices = choicesOf(acting)
  if (route === null) return byRules(ctx, acting, choices, { kind: 'rules' }, undefined)
  try {
    return await byRoute(ctx, acting, choices, route)
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    const { code } = error
    if (
      code !== 'route-exhausted' &&
      code !== 'over-budget' &&
      code !== 'unknown-route' &&
      code !== 'missing-key'
    )
      throw error
    const isBroke = code === 'over-budget'
    const why = shorten(messageOf(error), 600)
    const costUsd = costIn(error)
    if (acting.named.daemon.rules === undefined) return noDecision(why, { costUsd, isBroke })
    const by: DecidedBy = { kind: 'rules', instead: why }
    return { ...(await byRules(ctx, acting, choices, by, why)), costUsd, isBroke: false }
  }
}

function choicesOf({ look, state, memory }: Acting): Choices {
  const fingerprints = new Map(look.fingerprints)
  return {
    directives: state.directives,
    goals: state.goals.map(({ name }) => name),
    exhausted: exhaustedGoals(state.goals, memory.spent, dayAt(look.now, memory.spent.day)),
    closed: closedDecisions(memory, fingerprints),
    pending: memory.pending,
    bars: look.lessons?.barred ?? [],
  }
}

async function byRoute(ctx: CoreContext, acting: Acting, choices: Choices, route: string): Promise<Decided> {
  const site = CoreContext.callSiteOf(ctx)
  const schema = decisionSchema(choices)
  const question: Question = {
    task: 'extract',
    name: 'decide',
    instructions: acting.terms.instructions,
    input: shownState(acting.state),
    schema: shownSchema(schema),
  }
  const answer = await acting.services.questions.ask(site, { route, question, schema, failsOverBudget: true })
  const { value, solver, kind, usage, unsettledUsd } = answer
  return {
    ...(value as CheckedDecision),
    by: { kind: 'route', solver, solverKind: kind },
    costUsd: usage.costUsd + unsettledUsd,
    isBroke: false,
  }
}

/** The state as the route is asked about it: what is closed for good is no choice, and is left out. */
function shownState({ directives, ...state }: DaemonState): Json {
  const open = directives.filter(({ closed }) => closed === null)
  return { ...state, directives: open.map(({ closed: _, ...shown }) => shown) } as unknown as Json
}

/** What the rules of the daemon's file say, once: the journal keeps it. */
async function byRules(
  ctx: CoreContext,
  { named: { daemon }, state }: Acting,
  choices: Choices,
  by: DecidedBy,
  instead: string | undefined,
): Promise<Decided> {
  const given = await ctx.step('ask the rules', (): { decision: Json } | { problem: string } => {
    try {
      return { decision: (daemon.rules?.(structuredClone(state)) ?? null) as Json }
    } catch (error) {
      return { problem: `the rules threw: ${messageOf(error)}` }
    }
  })
  if ('problem' in given) return noDecision(given.problem, { costUsd: 0, isBroke: false })
  if (given.decision === null) {
    const reason = `no rule applies${instead === undefined ? '' : `, and the route could not answer: ${instead}`}`
    const settled: Decided = {
      decision: idle,
      inputs: {},
      reason,
      goal: null,
      by,
      costUsd: 0,
      isBroke: false,
    }
    // Of a route that cannot be asked nobody knows what it would have decided: it is asked again.
    return instead === undefined ? settled : { ...settled, problem: instead }
  }
  const checked = checkDecision(given.decision, choices)
  if (!('problem' in checked)) return { ...checked, by, costUsd: 0, isBroke: false }
  const where = checked.path.length === 0 ? '' : `${checked.path.join('.')}: `
  return noDecision(`the rules gave no decision that is open: ${where}${checked.problem}`, {
    costUsd: 0,
    isBroke: false,
  })
}

function noDecision(problem: string, rest: Pick<Decided, 'costUsd' | 'isBroke'>): Decided {
  const reason = rest.isBroke ? `there is no money left to decide with: ${problem}` : problem
  return { decision: idle, inputs: {}, reason, goal: null, by: { kind: 'nobody' }, problem, ...rest }
}

function costIn({ details }: ReeveError): number {
  const { usage, unsettledUsd } = details as { usage?: { costUsd?: number }; unsettledUsd?: number }
  return (usage?.costUsd ?? 0) + (unsettledUsd ?? 0)
}
