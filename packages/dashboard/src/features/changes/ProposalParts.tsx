import type { Proposal } from '../../api/types.ts'
import { LessonParts } from './LessonParts.tsx'
import { ProposalBody } from './ProposalBody.tsx'
import { RepairParts } from './RepairParts.tsx'

/** What a proposal would change and what it rests on: of lessons and repairs in words, of others as fields. */
export function ProposalParts({ proposal: { id, kind, body } }: { proposal: Proposal }) {
  if (kind === 'lesson' && 'rule' in body) return <LessonParts id={id} />
  if (kind === 'repair' && typeof body.repair === 'string') return <RepairParts id={body.repair} />
  return <ProposalBody body={body} />
}
