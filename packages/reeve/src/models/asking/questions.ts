import { ReeveError } from '../../base/errors.ts'
import { toUsd, type Usd } from '../../base/money.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { type RetryPolicy, resolveRetry } from '../../engine/calls/retry.ts'
import { attempts, type StepAttempt } from '../../engine/calls/step.ts'
import { argumentsHash } from '../../engine/replay/arguments-hash.ts'
import type { WorkflowRegistry } from '../../engine/workflow.ts'
import type { Database } from '../../store/database.ts'
import { checkedEvent } from '../../store/journal/events.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import type { CircuitBreakers } from '../route/breaker.ts'
import { askRoute, type RouteDefinition } from '../route/route.ts'
import type { RouteAnswer } from '../route/route-answer.ts'
import { answerCacheFor } from './answer-cache.ts'
import { askPerson } from './ask-person.ts'
import {
  type BudgetAccount,
  type BudgetPlan,
  type BudgetScope,
  budgeted,
  dayScope,
  dayScopeOf,
  openAccount,
  type RunAccount,
} from './budget.ts'
import { lackingRoom } from './budget-room.ts'
import { type AppliedLessons, type LessonSource, taught } from './lessons.ts'
import type { QuestionRequest } from './question-request.ts'
import { readAgain } from './read-again.ts'
import { type TextListener, TextStream } from './text-stream.ts'

const outageRetry: RetryPolicy = { attempts: 4, delay: '2s', factor: 4, maxDelay: '5m' }

/** An answer as the journal has it. `given`: the value is what each life reads by the schema. */
export type KeptAnswer = Omit<RouteAnswer, 'given'> & {
  given?: true
  /** What was learnt from earlier runs and told with the question, or kept from it to measure that. */
  lessons?: Omit<AppliedLessons, 'texts'>
}

/** Asks routes in the name of runs: each question is one durable call, paid from the run's budgets. */
export class Questions {
  readonly #routes: ReadonlyMap<string, RouteDefinition>
  readonly breakers: CircuitBreakers
  readonly #budgets: BudgetPlan
  readonly #database: Database
  readonly #workflows: WorkflowRegistry
  readonly #textListener: TextListener | undefined
  readonly #lessons: LessonSource | undefined
  readonly #accounts = new WeakMap<CallSite, RunAccount>()
  readonly #spentUsd = new WeakMap<CallSite, number>()

  constructor(parts: {
    routes: ReadonlyMap<string, RouteDefinition>
    breakers: CircuitBreakers
    budgets: BudgetPlan
    database: Database
    workflows: WorkflowRegistry
    /** Hears what models write, while they write it. */
    textListener?: TextListener | undefined
    /** What was learnt. Default: nothing. */
    lessons?: LessonSource | undefined
  }) {
    this.#routes = parts.routes
    this.breakers = parts.breakers
    this.#budgets = parts.budgets
    this.#database = parts.database
    this.#workflows = parts.workflows
    this.#textListener = parts.textListener
    this.#lessons = parts.lessons
  }

  get #waits(): boolean {
    return this.whenExhausted === 'wait'
  }

  get whenExhausted(): NonNullable<BudgetPlan['whenExhausted']> {
    return this.#budgets.whenExhausted ?? 'wait'
  }

  /** The answer's value; when no solver can answer, a person is asked and the run waits. */
  async answer(site: CallSite, asked: QuestionRequest): Promise<unknown> {
    try {
      return (await this.ask(site, asked)).value
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'route-exhausted')) throw error
      return askPerson(site, asked, error)
    }
  }

  /** @throws `route-exhausted` `unknown-route` `over-budget` */
  async ask(site: CallSite, asked: QuestionRequest): Promise<KeptAnswer> {
    const { question, retry, deadline, schema, mark, failsOverBudget = false } = asked
    const args = asked.args ?? compared(asked)
    const call = { name: question.name, args, retry, deadline, schema, mark, failsOverBudget }
    const answer = await this.call(site, call, async ({ signal }) => {
      const clean = { ...asked, question: site.services.secrets.redactData(question) }
      const learnt = this.#lessons?.lessonsFor(site, clean.question)
      const { given, ...told } = await this.#attempt(site, learnt ? taught(clean, learnt) : clean, signal)
      const kept: KeptAnswer = given === undefined ? told : { ...told, value: given, given: true }
      return learnt ? { ...kept, lessons: { used: learnt.used, withheld: learnt.withheld } } : kept
    })
    return answer.given === undefined ? answer : { ...answer, value: readAgain(site, asked, answer.value) }
  }

  /** One durable call: outages and want of budget are waited out, and what its answer cost counts for the run. */
  call(
    site: CallSite,
    asked: Partial<QuestionRequest> & { name: string; args: string },
    body: (attempt: StepAttempt) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer> {
    const { name, args, retry, deadline, schema, mark, failsOverBudget } = asked
    const call = site.issue('question', name, args)
    site.perform(call, () =>
      attempts(site, call, {
        what: `question "${name}"`,
        policy: resolveRetry(retry ?? outageRetry),
        timeoutMs: deadline && Math.max(0, deadline.at - site.services.clock.now()),
        body,
        completed: (answer) => {
          if (mark) mark(answer.value)
          else if (schema) site.mark(schema, answer.value)
          return checkedEvent('question-completed', answer, `the result of question "${name}"`)
        },
        lacked: (error) =>
          this.#waits && !failsOverBudget
            ? lackingRoom(error, this.#database, site.services.clock.now())
            : undefined,
      }),
    )
    return this.#counted(site, call.promise as Promise<KeptAnswer>)
  }

  /** What the answers that a run has seen so far have cost. The same on replay, unlike what was really spent. */
  spentUsd(site: CallSite): number {
    return this.#spentUsd.get(site) ?? 0
  }

  /** Of a call that asked for itself, when it is settled: live as on replay. */
  countSpent(site: CallSite, usd: number): void {
    if (usd > 0) this.#spentUsd.set(site, this.spentUsd(site) + usd)
  }

  async #counted(site: CallSite, asked: Promise<KeptAnswer>): Promise<KeptAnswer> {
    let paid: Partial<Pick<RouteAnswer, 'usage' | 'unsettledUsd'>> = {}
    try {
      const answer = await asked
      paid = answer
      return answer
    } catch (error) {
      if (error instanceof ReeveError) paid = error.details
      throw error
    } finally {
      this.countSpent(site, (paid.usage?.costUsd ?? 0) + (paid.unsettledUsd ?? 0))
    }
  }

  async #attempt(site: CallSite, asked: QuestionRequest, signal: AbortSignal): Promise<RouteAnswer> {
    const { deadline } = asked
    if (deadline && site.services.clock.now() >= deadline.at) throw deadline.late()
    asked.onAsked?.()
    const route = this.route(asked.route)
    const cache = asked.cache === undefined ? undefined : answerCacheFor(this.#database, site, asked.cache)
    const texts = this.#textsOf(site, asked)
    const options = {
      signal,
      clock: site.services.clock,
      random: site.services.random,
      breakers: this.breakers,
      ...(cache && { cache }),
      ...(texts && { texts }),
    }
    if (!route.solvers.some((solver) => solver.worstCaseUsd))
      return askRoute(route, asked.question, asked.schema, options)
    const refusal = new AbortController()
    const account = this.#strict(this.accountOf(site), refusal)
    const scopes = () => this.scopesOfCall(site, asked)
    const paid = { ...route, solvers: route.solvers.map((solver) => budgeted(solver, account, scopes)) }
    const answer = await askRoute(paid, asked.question, asked.schema, {
      ...options,
      signal: AbortSignal.any([signal, refusal.signal]),
    })
    return answer
  }

  #textsOf(site: CallSite, { question, agent, isPrivate }: QuestionRequest): TextStream | undefined {
    if (!this.#textListener || isPrivate) return undefined
    const origin = { run: site.run.id, question: question.name, ...(agent !== undefined && { agent }) }
    return new TextStream(origin, this.#textListener, site.services)
  }

  /** Unless the plan says `next`, a refusal ends the whole question, not only the solver that was to be paid. */
  #strict(account: BudgetAccount, refusal: AbortController): BudgetAccount {
    if (this.#budgets.whenExhausted === 'next') return account
    return {
      settle: account.settle,
      reserve: async (model, usd, more) => {
        try {
          return await account.reserve(model, usd, more)
        } catch (error) {
          if (error instanceof ReeveError && error.code === 'over-budget') refusal.abort(error)
          throw error
        }
      },
    }
  }

  accountOf(site: CallSite): RunAccount {
    let account = this.#accounts.get(site)
    if (!account) {
      account = openAccount({
        database: this.#database,
        newId: site.services.newId,
        run: site.run.no,
        runId: site.run.id,
        workflow: site.workflow.name,
        now: () => site.services.clock.now(),
        woken: (run) => site.services.notices.tell('run-changed', run),
        scopes: () => this.#scopesOfRun(site),
      })
      this.#accounts.set(site, account)
    }
    return account
  }

  /** The project, the workflow, the run and the runs above it: children spend from their parents' ceilings. */
  async #scopesOfRun(site: CallSite): Promise<BudgetScope[]> {
    const { project, workflows = {} } = this.#budgets
    const { name, limits } = site.workflow
    const scopes: BudgetScope[] = [
      { scope: 'project', ceilingUsd: orNone(project) },
      { scope: `workflow:${name}`, ceilingUsd: orNone(workflows[name]) },
      { scope: `run:${site.run.no}`, ceilingUsd: orNone(limits.cost) },
    ]
    const now = site.services.clock.now()
    if (limits.dailyCost !== undefined) scopes.push(dailyScope(name, limits.dailyCost, now))
    for (let above = site.run.parent; above !== null; ) {
      const run = await readRunByNo(this.#database, above)
      if (!run) break
      const known = this.#workflows.find(run.workflow, run.version)
      scopes.push({ scope: `run:${above}`, ceilingUsd: orNone(known?.limits.cost) })
      const daily = known?.limits.dailyCost
      if (daily !== undefined) scopes.push(dailyScope(run.workflow, daily, now))
      above = run.parent
    }
    return scopes
  }

  /** Those that one question counts in besides its run's. */
  scopesOfCall(site: CallSite, asked: Pick<QuestionRequest, 'agent' | 'ceilings'> = {}): BudgetScope[] {
    const scopes: BudgetScope[] = [
      { scope: dayScope(site.services.clock.now()), ceilingUsd: orNone(this.#budgets.day) },
    ]
    const { agent } = asked
    if (agent !== undefined)
      scopes.push({ scope: `agent:${agent}`, ceilingUsd: orNone(this.#budgets.agents?.[agent]) })
    return asked.ceilings ? [...scopes, ...asked.ceilings] : scopes
  }

  /** @throws `unknown-route` */
  route(name: string): RouteDefinition {
    const route = this.#routes.get(name)
    if (route) return route
    throw new ReeveError(
      'unknown-route',
      `reeve.config.ts has no route ${describeValue(name)}. ${nameAdvice(String(name), [...this.#routes.keys()])}`,
    )
  }
}

/** What replay compares of a question. */
export function compared({ route, question }: Pick<QuestionRequest, 'route' | 'question'>): string {
  const { task, instructions = null, input, feedback = null, passages = [] } = question
  return argumentsHash({
    task,
    route,
    instructions,
    input,
    feedback,
    passages: passages.map(({ id }) => id),
  })
}

function dailyScope(workflow: string, most: Usd, now: number): BudgetScope {
  return { scope: dayScopeOf(workflow, now), ceilingUsd: toUsd(most) }
}

function orNone(amount: Usd | undefined): number | null {
  return amount === undefined ? null : toUsd(amount)
}
