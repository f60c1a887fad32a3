import type { ProposalEffects } from '../../autonomy/proposals.ts'
import { adoptTraining, rejectTraining, withdrawTraining } from '../../store/learning/trainings.ts'
import type { LiveLearners } from './live-learners.ts'

/** An adopted classifier answers from then on, here at once and elsewhere within a minute; withdrawn, the one before it does again. */
export function trainingEffects(learners: LiveLearners): ProposalEffects {
  return {
    role: 'operator',
    adopt: (session, { id }) => adoptTraining(session, id),
    reject: (session, { id }) => rejectTraining(session, id),
    withdraw: (session, { id }) => withdrawTraining(session, id),
    carryOut: () => learners.renew(),
  }
}
