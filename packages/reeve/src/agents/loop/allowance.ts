import type { ReeveError } from '../../base/errors.ts'
import type { BudgetScope } from '../../models/asking/budget.ts'
import type { AnyAgent } from '../agent.ts'
import { agentStopped, type StopReason } from '../agent-stopped.ts'

/**
 * What one loop may use and has used. A loop below another one counts in both and gets no more than the upper one has
 * left. Money is held by the ledger, before each call; tokens are known only after a turn, so they are looked at before
 * the next one, with what its prompt weighs.
 */
export class Allowance {
  /** Ceilings that each question of the loop counts in. */
  readonly ceilings: BudgetScope[]
  /** When its time is up (ms). */
  readonly deadline: number
  readonly #agent: AnyAgent
  readonly #above: Allowance | undefined
  #turns = 0
  #tokens = 0
  #costUsd = 0

  /** `scope`: the ledger's name for this loop. */
  constructor(agent: AnyAgent, start: { scope: string; now: number }, above: Allowance | undefined) {
    const { costUsd, timeMs } = agent.limits
    this.#agent = agent
    this.#above = above
    const own = costUsd === undefined ? [] : [{ scope: start.scope, ceilingUsd: costUsd }]
    this.ceilings = [...(above?.ceilings ?? []), ...own]
    const until = timeMs === undefined ? Number.POSITIVE_INFINITY : start.now + timeMs
    this.deadline = Math.min(until, above?.deadline ?? Number.POSITIVE_INFINITY)
  }

  get turns(): number {
    return this.#turns
  }

  get figures(): { turns: number; tokens: number; costUsd: number } {
    return { turns: this.#turns, tokens: this.#tokens, costUsd: this.#costUsd }
  }

  get isLastButOne(): boolean {
    const { iterations } = this.#agent.limits
    return iterations > 1 && this.#turns === iterations - 1
  }

  /** @throws `agent-stopped` when the turn begun last may not be asked */
  requireTurn(prompt: { fits: boolean; tokens: number }, now: number): void {
    const { iterations, context } = this.#agent.limits
    const { fits, tokens } = prompt
    if (this.#turns > iterations) throw this.stopped('iterations', `it had its ${iterations} turns`)
    if (!fits) {
      const reason = `its input and last turn need ${tokens} tokens; its context holds ${context}`
      throw this.stopped('context', reason)
    }
    const left = this.#tokensLeft()
    if (tokens > left) {
      const reason = `the next turn needs about ${tokens} tokens and ${Math.max(0, left)} are left`
      throw this.stopped('tokens', reason)
    }
    if (now >= this.deadline) throw this.late()
  }

  beginTurn(): void {
    this.#turns++
  }

  count(tokens: number, costUsd: number): void {
    this.#tokens += tokens
    this.#costUsd += costUsd
    this.#above?.count(tokens, costUsd)
  }

  late(): ReeveError {
    return this.stopped('time', 'its time was up')
  }

  stopped(why: StopReason, reason: string): ReeveError {
    return agentStopped(this.#agent.name, why, reason, this.figures)
  }

  #tokensLeft(): number {
    const above = this.#above ? this.#above.#tokensLeft() : Number.POSITIVE_INFINITY
    return Math.min(this.#agent.limits.tokens - this.#tokens, above)
  }
}
