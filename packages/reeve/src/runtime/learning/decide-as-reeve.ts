import type { ProposalDecision } from '../../store/proposals/proposals.ts'
import type { LearningServices } from './learning-services.ts'

/** Decides a proposal by the rules of the project alone: what they say is written down as an act of Reeve. */
export async function decideAsReeve(
  { proposals, clock }: Pick<LearningServices, 'proposals' | 'clock'>,
  id: string,
  decision: ProposalDecision,
  why: string,
): Promise<void> {
  const acting = { by: 'reeve', proof: 'started-by-reeve', at: clock.now(), why } as const
  await proposals.decide(id, { decision, role: 'owner', acting })
}
