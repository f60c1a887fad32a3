import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { type Decisions, decisionsBetween, outcomesBetween } from '../../store/runs/figures/outcomes.ts'

/** How runs ended in a stretch of time. */
export interface SuccessRate {
  /** Of those that succeeded or failed, the share that succeeded: 0 to 1; null: none did either. */
  rate: number | null
  succeeded: number
  failed: number
  cancelled: number
  /** From when on runs were counted (ISO 8601): later than was asked for where there are very many. */
  since: string
}

export interface Success {
  now: SuccessRate
  /** The stretch of the same length before. */
  before: SuccessRate
  /** `now.rate` less `before.rate`; null where either is not known. */
  change: number | null
  /** What people decided meanwhile. */
  decisions: Decisions
  /** Of what they approved, the share that they edited: 0 to 1; null: they approved nothing. */
  correctionRate: number | null
}

const mostRuns = 20_000

/** How well it went in the `lengthMs` up to `now`, against the time as long before. */
export async function successOf(session: Session, now: number, lengthMs: number): Promise<Success> {
  const current = await rateOf(session, now - lengthMs, now + 1)
  const before = await rateOf(session, now - 2 * lengthMs, now - lengthMs)
  const decisions = await decisionsBetween(session, now - lengthMs, now + 1, mostRuns)
  return {
    now: current,
    before,
    change: current.rate === null || before.rate === null ? null : current.rate - before.rate,
    decisions,
    correctionRate: decisions.approved === 0 ? null : decisions.edited / decisions.approved,
  }
}

async function rateOf(session: Session, since: number, until: number): Promise<SuccessRate> {
  const { counts, from } = await outcomesBetween(session, since, until, mostRuns)
  const succeeded = counts.get('succeeded') ?? 0
  const failed = counts.get('failed') ?? 0
  const cancelled = counts.get('cancelled') ?? 0
  const isAll = succeeded + failed + cancelled < mostRuns
  return {
    rate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
    succeeded,
    failed,
    cancelled,
    since: isoText(isAll ? since : from!),
  }
}
