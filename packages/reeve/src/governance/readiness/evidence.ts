import type { Session } from '../../store/database.ts'
import {
  type ActorOfRuns,
  decisionsAbout,
  deniedSince,
  endedSince,
  keysOfRuns,
  modelSince,
} from '../../store/runs/figures/trust-evidence.ts'
import { undoing } from '../../store/spending/business-keys.ts'
import type { Evidence } from './readiness.ts'

/** So many decisions of people are looked at, the last ones. */
const mostDecisions = 200

/** Of which agent or workflow, and since when it is what it is. */
export interface EvidenceOf extends ActorOfRuns {
  /** Of an agent: only what it did since its code was seen first as it is (ms). */
  since: number
}

/** What the journals say of an agent or of a workflow's current version. A new version begins with nothing, and so does a new model. */
export async function evidenceOf(session: Session, of: EvidenceOf): Promise<Omit<Evidence, 'evals'>> {
  const from = Math.max(await modelSince(session, of), of.since)
  const decided = await decisionsAbout(session, of, { since: from, limit: mostDecisions })
  const since = Math.max(from, decided.at(-1)?.decided_at ?? 0)
  return {
    decisions: decided.map(({ status, answer }) => ({ status, isEdited: answer !== null })),
    runs: await endedSince(session, of, since),
    denied: await deniedSince(session, of, since),
    undone: await keysOfRuns(session, of, undoing),
  }
}
