import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { silentLog } from '../../base/log.ts'
import { toUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import type { EvalData } from '../../evals/cases.ts'
import type { Evaluation, Mocks } from '../../evals/evaluation.ts'
import { type Baseline, judged } from '../../evals/result.ts'
import { type EvalRuns, runCases, within } from '../../evals/run/evaluate.ts'
import { seenIn } from '../../evals/run/seen.ts'
import type { CaseOutcome, Score } from '../../evals/scorers/scorer.ts'
import type { CaseResult, EvalResult } from '../../inspect/evals/eval-view.ts'
import { standingOf } from '../../inspect/run-standing.ts'
import {
  type BudgetAccount,
  type BudgetPlan,
  budgeted,
  dayScope,
  openAccount,
} from '../../models/asking/budget.ts'
import { listPending } from '../../store/approvals/approvals.ts'
import { readEvents } from '../../store/journal/journal.ts'
import { topOf } from '../../store/runs/family.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { composeRuntime } from '../compose.ts'
import type { RuntimeParts } from '../internals.ts'
import { internalsOf, type Runtime } from '../runtime.ts'
import { judgeWorkflow, workflowOf } from './case-workflows.ts'
import { substitutesFor } from './mocks.ts'

export interface EvaluateOptions {
  evaluation: Evaluation
  data: EvalData
  baseline?: Baseline | undefined
  by: string
  onCase?: (result: CaseResult, done: number) => void
  /** A file of SQLite that the journals are kept in. Default: they go with the process. */
  journals?: string | undefined
}

/**
 * Runs an evaluation of a project that is open here. Its runs go to a database of their own, so that no worker elsewhere takes
 * one up, and neither memory nor figures nor inboxes of the project see them; the project's budgets pay.
 * @throws `bad-eval` `judge-is-producer` `unknown-workflow`
 */
export async function evaluate(runtime: Runtime, options: EvaluateOptions): Promise<EvalResult> {
  const { evaluation, data, baseline, by, onCase } = options
  const { clock, engine } = internalsOf(runtime)
  const at = clock.now()
  const began = performance.now()
  const opened = await openRuns(runtime, options)
  try {
    const cases = await runCases(evaluation, data, opened.runs, onCase)
    const names = evaluation.scorers.map(({ name }) => name)
    const costs = cases.map(({ outcome }) => outcome.costUsd)
    return {
      id: engine.services.newId(),
      name: evaluation.name,
      at: isoText(at),
      dataHash: data.hash,
      by,
      count: cases.length,
      baseline: baseline ? { id: baseline.id, sameData: baseline.dataHash === data.hash } : null,
      ...judged(cases, names, { baseline, least: evaluation.least }),
      costUsd: costs.reduce((sum, each) => sum + each, 0) + opened.judgingUsd(),
      seconds: Math.round(performance.now() - began) / 1000,
      cases,
    }
  } finally {
    await opened.close()
  }
}

async function openRuns(runtime: Runtime, { evaluation, journals, data }: EvaluateOptions) {
  const { project, environment } = runtime
  const { routes, log } = internalsOf(runtime)
  const { mocks = {} } = evaluation
  const { workflow, routes: producing } = workflowOf(evaluation.task, project.workflows)
  const isTheirs = project.workflows.some((each) => each === workflow)
  let refusal: unknown
  const parts = await composeRuntime({
    project: {
      ...project,
      // Nothing begins by itself: neither the clock nor the outside starts a run.
      config: {
        ...project.config,
        routes: paidRoutes(runtime, evaluation, (error) => {
          refusal ??= error
        }),
        schedules: {},
        budgets: budgetsOf(runtime, evaluation),
      },
      workflows: project.workflows.map((each) => ({ ...each, on: [] })),
    },
    environment: {
      ...environment,
      variables: {},
      database: { kind: 'sqlite', file: journals ?? ':memory:' },
    },
    log: silentLog,
    seams: { substitutes: substitutesFor(mocks) },
  })
  for (const each of isTheirs ? [judgeWorkflow] : [workflow, judgeWorkflow])
    parts.engine.workflows.add({ ...each, on: [] })
  await begin(parts)
  const cases = new CaseRuns(parts, mocks)
  let judgingUsd = 0
  const runs: EvalRuns = {
    producing,
    refusal: () => refusal,
    solversOf(route) {
      const known = routes.get(route)
      if (known) return known.solvers.map(({ name }) => name)
      throw new ReeveError('unknown-route', `There is no route "${route}" to judge; see reeve.config.ts.`)
    },
    run: (input, timeoutMs) => cases.run(workflow.name, input, timeoutMs),
    async judge({ route, criteria, case: one, outcome }) {
      const { input, expected } = one
      const { output = null } = outcome
      const material = { criteria, input, output, ...(expected !== undefined && { expected }) }
      const judgement = await cases.run(judgeWorkflow.name, { route, material }, judgeTimeoutMs)
      judgingUsd += judgement.costUsd
      if (judgement.status === 'succeeded') return judgement.output as unknown as Score
      const why = judgement.error?.message ?? judgement.status
      throw new ReeveError('bad-eval', `The route "${route}" did not judge: ${why}`)
    },
  }
  log.info('an evaluation begins', { evaluation: evaluation.name, data: data.hash })
  return {
    runs,
    judgingUsd: () => judgingUsd,
    close: () => end(parts),
  }
}

const judgeTimeoutMs = 120_000

/** Only what runs need: no trigger, no service, no pruning, no telemetry. */
async function begin({ policies, projectKnowledge, engine }: RuntimeParts): Promise<void> {
  await projectKnowledge.begin()
  await projectKnowledge.read()
  await policies.begin()
  await engine.start()
}

async function end(parts: RuntimeParts): Promise<void> {
  try {
    await parts.projectKnowledge.end()
    await parts.authority.end()
    await parts.engine.stop(0)
  } finally {
    await parts.policies.end()
    parts.letters.close()
    await parts.database.close()
  }
}

/** In the eval's own database, beside the project's ledger: its own ceiling in the place of the project's. */
function budgetsOf(runtime: Runtime, { budget }: Evaluation): BudgetPlan {
  const { project: _project, day: _day, ...others } = runtime.project.config.budgets ?? {}
  return { ...others, whenExhausted: 'fail', ...(budget !== undefined && { project: budget }) }
}

/** The routes as they are, each paid solver asking the project's own ledger before each call. */
function paidRoutes(runtime: Runtime, { name }: Evaluation, onRefused: (error: unknown) => void) {
  const { database, routes, engine, clock } = internalsOf(runtime)
  const { project, day } = runtime.project.config.budgets ?? {}
  const orNone = (usd: typeof project) => (usd === undefined ? null : toUsd(usd))
  const id = engine.services.newId()
  const account = openAccount({
    database,
    newId: engine.services.newId,
    // Of nobody's run: no run has such a number.
    run: -clock.now(),
    runId: `eval:${id}`,
    workflow: `eval:${name}`,
    now: () => clock.now(),
    scopes: async () => [{ scope: 'project', ceilingUsd: orNone(project) }],
  })
  const reporting: BudgetAccount = {
    settle: account.settle,
    async reserve(...asked) {
      try {
        return await account.reserve(...asked)
      } catch (error) {
        onRefused(error)
        throw error
      }
    },
  }
  const today = () => [{ scope: dayScope(clock.now()), ceilingUsd: orNone(day) }]
  return Object.fromEntries(
    [...routes].map(([route, definition]) => [
      route,
      { ...definition, solvers: definition.solvers.map((solver) => budgeted(solver, reporting, today)) },
    ]),
  )
}

/** Runs of cases, each until it ends, or waits for what nobody gives it. */
class CaseRuns {
  readonly #parts: RuntimeParts
  readonly #mocks: Mocks

  constructor(parts: RuntimeParts, mocks: Mocks) {
    this.#parts = parts
    this.#mocks = mocks
    parts.engine.onEnded(({ id }, { status }) => {
      if (status === 'waiting') this.#answer(id).catch((error) => this.#giveUp(id, String(error)))
    })
  }

  readonly #waiting = new Map<string, (why: string) => void>()

  async run(workflow: string, input: Json, timeoutMs: number): Promise<CaseOutcome> {
    const { engine, database } = this.#parts
    const began = performance.now()
    let started: Awaited<ReturnType<typeof engine.startRun>>
    try {
      started = await engine.startRun(workflow, input, { channel: 'operator' })
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error
      const { code, message } = error
      return {
        status: 'failed',
        error: { code, message },
        calls: [],
        solvers: [],
        costUsd: 0,
        ms: 0,
        runId: '',
      }
    }
    const { id } = started
    const rest = Promise.withResolvers<string>()
    this.#waiting.set(id, rest.resolve)
    const waits = rest.promise.then((why) => ({ status: 'waits' as const, why }))
    const ended = await within(Promise.race([started.result(), waits]), timeoutMs)
    this.#waiting.delete(id)
    const ms = Math.round((performance.now() - began) * 10) / 10
    const { no } = await requireRun(database, id)
    const outcome = { ...seenIn(await readEvents(database, no)), ms, runId: id }
    if (ended === 'timeout') {
      await engine.control.cancel(id, 'reeve')
      return {
        ...outcome,
        status: 'timeout',
        error: { code: 'timeout', message: `It took longer than ${timeoutMs} ms.` },
      }
    }
    if (ended.status === 'waits') {
      await engine.control.cancel(id, 'reeve')
      return { ...outcome, status: 'waits', error: { code: 'run-waits', message: ended.why } }
    }
    if (ended.status === 'succeeded') return { ...outcome, status: 'succeeded', output: ended.output as Json }
    const error =
      ended.status === 'failed'
        ? { code: ended.error.code, message: ended.error.message }
        : { code: `run-${ended.status}`, message: ended.reason ?? ended.status }
    return { ...outcome, status: ended.status, error }
  }

  /** What a person would say, where the evaluation says it; a question, an unknown outcome or a signal stays open. */
  async #answer(id: string): Promise<void> {
    const { database, engine } = this.#parts
    const own = (await listPending(database, mostPending)).filter(({ run_id }) => run_id === id)
    for (const { id: approval, kind, subject } of own) {
      const answer = kind === 'question' ? this.#mocks.answers?.[subject] : undefined
      if (kind === 'approval')
        await engine.control.decide(approval, { verdict: this.#mocks.approvals ?? 'approve', by: 'eval' })
      else if (answer)
        await engine.control.decide(approval, { verdict: 'answer', answer: answer(), by: 'eval' })
      else continue
      return
    }
    const standing = await standingOf(database, await topOf(database, await requireRun(database, id)))
    if (standing.state !== 'waiting') return
    const what = own[0]
      ? `a person is asked: ${own[0].subject}`
      : (standing.run.reason ?? 'it does not say for what')
    this.#giveUp(standing.run.id, `It waits, and nobody answers in an eval: ${what}`)
  }

  #giveUp(id: string, why: string): void {
    this.#waiting.get(id)?.(why)
  }
}

const mostPending = 1000
