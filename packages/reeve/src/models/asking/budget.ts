import { ReeveError } from '../../base/errors.ts'
import { ceilingInNanoUsd, fromNanoUsd, toNanoUsd, toUsd, type Usd } from '../../base/money.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { Database } from '../../store/database.ts'
import { budgetInWords } from '../../store/spending/budget-words.ts'
import {
  type BudgetRow,
  ensureBudget,
  hold,
  listBudgets,
  type Reservation,
  reserve,
  setCeiling,
  settle,
  settleAbandoned,
} from '../../store/spending/budgets.ts'
import type { CallBill } from '../../store/spending/model-calls.ts'
import { soundUsage } from '../route/heal.ts'
import type { Answer, Question, SolveOptions, Solver, Usage } from '../solver.ts'

/** A scope that a run's spending counts in, with the ceiling it has when it is first met. */
export interface BudgetScope {
  scope: string
  ceilingUsd: number | null
}

/** Ceilings on money spent for models. Each covers everything below it; a run's own is `limits.cost` of its workflow. */
export interface BudgetPlan {
  /** For ever. */
  project?: Usd
  /** From midnight to midnight, UTC. */
  day?: Usd
  /** For ever, by workflow. */
  workflows?: Record<string, Usd>
  /** For ever, by agent. */
  agents?: Record<string, Usd>
  /**
   * What a question does that would exceed a ceiling: `wait` until there is budget (default), `fail`, or go on to the
   * `next` solver of its route, which may be cheaper or free. Beyond its run's own ceiling a question never waits.
   */
  whenExhausted?: 'wait' | 'fail' | 'next'
}

/** The scope of a day, UTC. */
export function dayScope(now: number): string {
  return `day:${new Date(now).toISOString().slice(0, 10)}`
}

/** The scope of all runs of a workflow on a day, with what they start. */
export function dayScopeOf(workflow: string, now: number): string {
  return `${dayScope(now)}:${workflow}`
}

/** Makes the ceilings of a project's configuration those of the ledger; what it no longer names has none. */
export async function installCeilings(database: Database, plan: BudgetPlan, now: number): Promise<void> {
  const ceilings = new Map<string, Usd | undefined>([
    ['project', plan.project],
    [dayScope(now), plan.day],
  ])
  for (const [name, usd] of Object.entries(plan.workflows ?? {})) ceilings.set(`workflow:${name}`, usd)
  for (const [name, usd] of Object.entries(plan.agents ?? {})) ceilings.set(`agent:${name}`, usd)
  await database.transaction(async (session) => {
    for (const { scope } of await listBudgets(session)) {
      if (!ceilings.has(scope) && !scope.startsWith('day:')) ceilings.set(scope, undefined)
    }
    for (const [scope, usd] of ceilings) {
      await setCeiling(session, scope, usd === undefined ? null : ceilingInNanoUsd(toUsd(usd)))
    }
  })
}

/** A run's access to money: reserves before each paid call, settles after it. */
export interface BudgetAccount {
  /**
   * For a call of `model`. `more`: scopes that it counts in besides the run's own.
   * @throws `over-budget` (details: `scope`)
   */
  reserve(model: string, usd: number, more?: BudgetScope[]): Promise<string>
  /** `usage`: of an answer; absent: the call failed. `isUnknown`: nobody knows what was billed. */
  settle(reservation: string, usd: number, end?: { usage?: Usage; isUnknown?: boolean }): Promise<void>
}

/** A run's own account: it can also hold money for work that outlasts whoever drives the run. */
export interface RunAccount extends BudgetAccount {
  /**
   * Reserves for all of them or for none, under ids that begin with `heldPrefix`; what is held already stands.
   * @throws `over-budget` (details: `scope`)
   */
  hold(holdings: readonly Holding[], more?: BudgetScope[]): Promise<void>
}

export interface Holding {
  id: string
  model: string
  usd: number
}

/** An account on the ledger. What an earlier worker of this run left unsettled is counted as spent first. */
export function openAccount(options: {
  database: Database
  newId: () => string
  run: number
  runId: string
  workflow: string
  now: () => number
  /** Hears of a run that waited for the room that a settlement made. */
  woken?: (run: number) => void
  /** Asked before the first reservation, and again on another day: days have scopes of their own. */
  scopes: () => Promise<BudgetScope[]>
}): RunAccount {
  const { database, newId, run, runId, workflow, now } = options
  let opened: Promise<string[]> | undefined
  let openedOn: string | undefined
  const open = async (isFirst: boolean) => {
    const scopes = await options.scopes()
    await database.transaction(async (session) => {
      for (const { scope, ceilingUsd } of scopes) {
        await ensureBudget(session, scope, ceilingUsd === null ? null : ceilingInNanoUsd(ceilingUsd))
      }
      if (isFirst) await settleAbandoned(session, run)
    })
    return scopes.map(({ scope }) => scope)
  }
  const reserveAll = async (holdings: readonly Holding[], more: BudgetScope[], take: typeof reserve) => {
    const today = dayScope(now())
    if (openedOn !== today) opened = open(opened === undefined)
    openedOn = today
    const scopes = [...(await opened!), ...more.map(({ scope }) => scope)]
    await database.transaction(async (session) => {
      for (const { scope, ceilingUsd } of more) {
        await ensureBudget(session, scope, ceilingUsd === null ? null : ceilingInNanoUsd(ceilingUsd))
      }
      for (const { id, model, usd } of holdings) {
        const call = { run_id: runId, workflow, agent: agentOf(scopes), model, at: now() }
        const reservation: Reservation = { id, run, scopes, nanousd: toNanoUsd(usd), call }
        const full = await take(session, reservation)
        if (full) throw overBudget(full, sumOf(holdings))
      }
    })
  }
  return {
    async reserve(model, usd, more = []) {
      const id = newId()
      await reserveAll([{ id, model, usd }], more, reserve)
      return id
    },
    hold: (holdings, more = []) => reserveAll(holdings, more, hold),
    async settle(reservation, usd, { usage, isUnknown = false } = {}) {
      const bill: CallBill = {
        outcome: usage ? 'answered' : isUnknown ? 'unknown' : 'failed',
        inputTokens: tokensOf(usage?.inputTokens),
        outputTokens: tokensOf(usage?.outputTokens),
        cachedTokens: tokensOf(usage?.cachedInputTokens),
      }
      const woken: number[] = []
      await database.transaction((session) => settle(session, reservation, toNanoUsd(usd), bill, woken))
      for (const run of woken) options.woken?.(run)
    },
  }
}

/** As the ledger keeps it, whatever a provider or a project's own solver says. */
function tokensOf(count: number | undefined): number {
  return count !== undefined && count > 0 ? Math.min(Math.ceil(count), Number.MAX_SAFE_INTEGER) : 0
}

/** The agent among the scopes that a call counts in. */
function agentOf(scopes: readonly string[]): string | null {
  return scopes.find((scope) => scope.startsWith('agent:'))?.slice('agent:'.length) ?? null
}

/** All of it is reserved, or nothing (billionths). */
function sumOf(holdings: readonly Holding[]): number {
  return holdings.reduce((sum, { usd }) => sum + toNanoUsd(usd), 0)
}

function overBudget(budget: BudgetRow, nanousd: number): ReeveError {
  const usd = fromNanoUsd(nanousd)
  const [most, ceiling, spent, reserved] = [
    usd,
    fromNanoUsd(budget.ceiling_nanousd ?? 0),
    fromNanoUsd(budget.spent_nanousd),
    fromNanoUsd(budget.reserved_nanousd),
    // To the last digit that counts: rounded to cents, a question of $0.0101 would cost no more than $0.01.
  ].map((amount) => `$${Number(amount.toFixed(6))}`)
  return new ReeveError(
    'over-budget',
    `The next question may cost ${most}, and ${budgetInWords(budget.scope)} has less left: of ${ceiling}, ${spent} are spent and ${reserved} reserved by calls in progress. Raise it, or give the model a lower maxOutputTokens (an option of hostedSolver): an answer of that length is reserved.`,
    { details: { scope: budget.scope, usd, nanousd } },
  )
}

/**
 * A paid solver that asks its account before each call, heals and retries included. A call whose bill is unknown (cut
 * off, timed out) is settled at the most that it may have cost. Free solvers are answered as they are.
 */
export function budgeted(
  solver: Solver,
  account: BudgetAccount,
  scopes: () => BudgetScope[] = () => [],
): Solver {
  if (!solver.worstCaseUsd) return solver
  return {
    name: solver.name,
    kind: solver.kind,
    ...(solver.identity === undefined ? {} : { identity: solver.identity }),
    worstCaseUsd: (question, options) => solver.worstCaseUsd!(question, options),
    solve(question, options) {
      const usd = solver.worstCaseUsd!(question, options)
      if (usd === 0) return solver.solve(question, options)
      if (!(usd > 0)) {
        throw new ReeveError(
          'bad-solver',
          `The solver "${solver.name}" says that a call costs ${describeValue(usd)} dollars at most. Its worstCaseUsd must give 0 or more.`,
        )
      }
      return pay(solver, question, options, account, scopes(), usd)
    },
  }
}

async function pay(
  solver: Solver,
  question: Question,
  options: SolveOptions,
  account: BudgetAccount,
  scopes: BudgetScope[],
  usd: number,
): Promise<Answer> {
  const reservation = await account.reserve(solver.name, usd, scopes)
  let answer: Answer
  try {
    answer = await solver.solve(question, options)
  } catch (error) {
    const isUnknown = billIsUnknown(error, options.signal)
    await account.settle(reservation, isUnknown ? usd : 0, { isUnknown })
    throw error
  }
  const usage = soundUsage(answer.usage ?? { inputTokens: 0, outputTokens: 0, costUsd: usd }, usd)
  // What is no amount counts as the most that the call may have cost.
  await account.settle(reservation, usage.costUsd >= 0 ? usage.costUsd : usd, { usage })
  return answer
}

/** A provider that refused the request billed nothing; one that was cut off may have. */
function billIsUnknown(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return true
  return !(error instanceof ReeveError) || error.details.billUnknown === true
}
