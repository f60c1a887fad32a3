import { ReeveError } from '../../base/errors.ts'
import { toUsd } from '../../base/money.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { Database } from '../../store/database.ts'
import { decodeVectors, embedderRoute, toBatches } from '../providers/embedding.ts'
import { askRoute } from '../route/route.ts'
import type { Question, Usage } from '../solver.ts'
import {
  type BudgetAccount,
  type BudgetPlan,
  type BudgetScope,
  budgeted,
  dayScope,
  openAccount,
} from './budget.ts'
import type { Questions } from './questions.ts'

/** Whose call embeds, and how it may be ended. */
export interface EmbeddingCaller {
  /** Pays from its run's budgets. Absent: memory itself asks, and pays from the project's. */
  site?: CallSite | undefined
  signal?: AbortSignal | undefined
}

/** A recall does not wait longer for one answer than this: words answer without. */
const timeoutMs = 15_000
const maxRetries = 1

/**
 * Asks embedders where no call of a run's own is: inside a recall, which writes down what it paid, and for what is taken in and
 * embedded anew. Reserved before, settled after, as every paid call.
 */
export class EmbeddingCalls {
  readonly #questions: Questions
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #budgets: BudgetPlan
  readonly #account: BudgetAccount

  constructor(parts: {
    questions: Questions
    database: Database
    clock: Clock
    secrets: Secrets
    newId: () => string
    budgets: BudgetPlan
  }) {
    const { questions, database, clock, secrets, newId, budgets } = parts
    this.#questions = questions
    this.#clock = clock
    this.#secrets = secrets
    this.#budgets = budgets
    this.#account = openAccount({
      database,
      newId,
      // Of nobody's run: no run has such a number.
      run: -clock.now(),
      runId: 'memory',
      workflow: 'memory',
      now: () => clock.now(),
      scopes: async () => [{ scope: 'project', ceilingUsd: orNone(budgets.project) }],
    })
  }

  /** Vectors in the order of the texts. @throws `route-exhausted` `over-budget` `bad-text`, the reason of `signal` */
  async embed(
    embedder: string,
    texts: readonly string[],
    { site, signal }: EmbeddingCaller = {},
  ): Promise<{ vectors: Float32Array[]; usage: Usage }> {
    const route = this.#questions.route(embedderRoute(embedder))
    const account = site ? this.#questions.accountOf(site) : this.#account
    const scopes = () => (site ? this.#questions.scopesOfCall(site) : this.#scopes())
    const refusal = new AbortController()
    const strict: BudgetAccount = {
      settle: account.settle,
      reserve: (...asked) =>
        account.reserve(...asked).catch((error) => {
          if (error instanceof ReeveError && error.code === 'over-budget') refusal.abort(error)
          throw error
        }),
    }
    const paid = {
      ...route,
      timeoutMs,
      maxRetries,
      solvers: route.solvers.map((solver) => budgeted(solver, strict, scopes)),
    }
    const vectors: Float32Array[] = []
    const usage: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
    const given = [signal, site?.signal].filter((one) => one !== undefined)
    for (const batch of toBatches(texts)) {
      const question: Question = { task: 'embed', name: 'memory', input: batch.texts }
      const answer = await askRoute(paid, this.#secrets.redactData(question), undefined, {
        clock: this.#clock,
        breakers: this.#questions.breakers,
        signal: AbortSignal.any([...given, refusal.signal]),
      })
      vectors.push(...decodeVectors(String(answer.value)))
      usage.inputTokens += answer.usage.inputTokens
      usage.costUsd += answer.usage.costUsd + answer.unsettledUsd
    }
    if (vectors.length !== texts.length)
      throw new ReeveError(
        'bad-embedding',
        `Embedder "${embedder}" gave ${vectors.length} vectors for ${texts.length} texts. Every text needs one.`,
      )
    return { vectors, usage }
  }

  #scopes(): BudgetScope[] {
    return [{ scope: dayScope(this.#clock.now()), ceilingUsd: orNone(this.#budgets.day) }]
  }
}

function orNone(usd: BudgetPlan['project']): number | null {
  return usd === undefined ? null : toUsd(usd)
}
