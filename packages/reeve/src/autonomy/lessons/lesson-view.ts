import { ReeveError } from '../../base/errors.ts'
import { shownId } from '../../base/text/text.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { type LessonRow, readLessons } from '../../store/learning/lessons.ts'
import {
  listProposals,
  type ProposalFilter,
  type ProposalRow,
  type ProposalStatus,
  requireProposal,
} from '../../store/proposals/proposals.ts'
import type { LessonBody } from './lesson.ts'
import { lessonOf } from './lesson-effects.ts'
import type { MeasuredLesson } from './measure.ts'

/** A lesson, from the moment it was found. Times are ISO 8601 in UTC. Texts are foreign. */
export interface LessonView extends LessonBody {
  /** Of its proposal too, and of its item of memory. */
  id: string
  status: ProposalStatus
  /** Whoever decides names it. */
  hash: string
  madeAt: string
  decided: { by: string; at: string; note: string | null } | null
  /** Since when it counts, for how many of 100 runs it does not, and how it did; null: it does not count. */
  inForce: { since: string; withheldPercent: number; measured: MeasuredLesson | null } | null
}

function viewOf(row: ProposalRow, own: LessonRow | undefined): LessonView {
  const { id, status, hash, decided_by: by, decided_at: at, note } = row
  const counts = own !== undefined && own.ended_at === null
  return {
    ...lessonOf(row),
    ...{ id, status, hash, madeAt: isoText(row.made_at) },
    decided: by === null || at === null ? null : { by, at: isoText(at), note },
    inForce: counts
      ? {
          since: isoText(own.adopted_at),
          withheldPercent: own.withheld,
          measured: own.measured === null ? null : (JSON.parse(own.measured) as MeasuredLesson),
        }
      : null,
  }
}

/** The newest first. */
export async function lessonViews(
  session: Session,
  filter: Omit<ProposalFilter, 'kind' | 'key'>,
): Promise<LessonView[]> {
  const rows = await listProposals(session, { ...filter, kind: 'lesson' })
  const own = await readLessons(
    session,
    rows.map(({ id }) => id),
  )
  return rows.map((row) =>
    viewOf(
      row,
      own.find(({ id }) => id === row.id),
    ),
  )
}

/** @throws `unknown-proposal` also for a proposal that is no lesson */
export async function lessonView(session: Session, id: string): Promise<LessonView> {
  const row = await requireProposal(session, id)
  if (row.kind !== 'lesson')
    throw new ReeveError(
      'unknown-proposal',
      `Proposal ${shownId(id)} is no lesson. See: reeve proposals show ${id}`,
    )
  const [own] = await readLessons(session, [id])
  return viewOf(row, own)
}
