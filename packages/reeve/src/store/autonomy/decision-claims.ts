import type { Session } from '../database.ts'
import type { RunStatus } from '../runs/runs.ts'

/** Whoever has a directive with these inputs. */
export interface DecisionClaim {
  key: string
  daemon: string
  /** The id of the cycle that decided it. */
  run: string
  at: number
}

/** What became of a claimed decision. */
interface ClaimedWork {
  cycle: RunStatus | null
  child: RunStatus | null
  child_ended_at: number | null
}

/**
 * In a transaction: takes the claim for a cycle, unless another daemon has it: its cycle or what it started is under way, or
 * succeeded within `freshMs`. Answers who has it; undefined: this cycle has.
 */
export async function claimDecision(
  session: Session,
  claim: DecisionClaim,
  freshMs: number,
): Promise<DecisionClaim | undefined> {
  const { key, daemon, run, at } = claim
  const isNew = await session.run(
    'insert into decision_claims (key, daemon, run, at) values (?, ?, ?, ?) on conflict (key) do nothing',
    [key, daemon, run, at],
  )
  if (isNew === 1) return undefined
  const held = (await session.get<DecisionClaim>('select * from decision_claims where key = ? {lock}', [
    key,
  ]))!
  if (held.run === run) return undefined
  if (await stands(session, held, held.daemon === daemon ? 0 : freshMs, at)) return held
  await session.run('update decision_claims set daemon = ?, run = ?, at = ? where key = ?', [
    daemon,
    run,
    at,
    key,
  ])
  return undefined
}

async function stands(session: Session, held: DecisionClaim, freshMs: number, now: number): Promise<boolean> {
  const works = await session.all<ClaimedWork>(
    `select c.status as cycle, r.status as child, r.ended_at as child_ended_at
     from runs c left join runs r on r.parent = c.no where c.id = ?`,
    [held.run],
  )
  return works.some(({ cycle, child, child_ended_at }) => {
    if (child === null) return cycle !== null && isOpen(cycle)
    return isOpen(child) || (child === 'succeeded' && (child_ended_at ?? 0) + freshMs > now)
  })
}

function isOpen(status: RunStatus): boolean {
  return status !== 'succeeded' && status !== 'failed' && status !== 'cancelled'
}
