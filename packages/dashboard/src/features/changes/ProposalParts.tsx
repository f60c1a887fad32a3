import type { Proposal } from '../../api/types.ts'
import { LessonParts } from './LessonParts.tsx'
import { ProposalBody } from './ProposalBody.tsx'
import { namedBy } from './parts.ts'
import { RepairParts } from './RepairParts.tsx'

/** What a proposal would change and what it rests on: of lessons and repairs in words, of others as fields. */
export function ProposalParts({ proposal }: { proposal: Proposal }) {
  const { lesson, repair } = namedBy(proposal)
  if (lesson !== undefined) return <LessonParts id={lesson} />
  if (repair !== undefined) return <RepairParts id={repair} />
  return <ProposalBody body={proposal.body} />
}
