import type { Json } from '../../base/json/json.ts'
import { isoText } from '../../base/time/time.ts'
import {
  bodyOf,
  type ProposalKind,
  type ProposalRow,
  type ProposalStatus,
} from '../../store/proposals/proposals.ts'

/** Something that a machine would change and a person decides. Times are ISO 8601 in UTC. */
export interface ProposalView {
  id: string
  kind: ProposalKind
  /** One line. Foreign text. */
  title: string
  /** What would change, and what it rests on: runs, events, figures. Foreign text. */
  body: { [field: string]: Json }
  /** Whoever decides names it, so that only what was seen is decided. */
  hash: string
  madeBy: string
  madeAt: string
  status: ProposalStatus
  decided: { by: string; at: string; note: string | null } | null
  /** Whether what was decided is done, outside of the database too; null: there is nothing to do. */
  isDone: boolean | null
  /** Why it could not be done; the same decision again tries once more. */
  problem: string | null
}

/** A proposal from its row alone. */
export function proposalView(row: ProposalRow): ProposalView {
  const { id, kind, title, hash, status, problem } = row
  const isToDo = status === 'adopted' || (status === 'withdrawn' && row.decided_by !== null)
  return {
    id,
    kind,
    title,
    body: bodyOf(row),
    hash,
    madeBy: row.made_by,
    madeAt: isoText(row.made_at),
    status,
    decided:
      row.decided_by === null || row.decided_at === null
        ? null
        : { by: row.decided_by, at: isoText(row.decided_at), note: row.note },
    isDone: isToDo ? row.carried_out_at !== null : null,
    problem,
  }
}
