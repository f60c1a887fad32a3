import { ReeveError } from '../../../base/errors.ts'
import type { JournaledDecision } from '../../../store/audit/decision-acts.ts'
import { payloadIfSound } from '../../../store/journal/events.ts'
import type { CallSite } from '../../call-site.ts'

/**
 * Before anything is sent upon what people decided: whether all that the journal has of it, as it was handed to this process, was
 * recorded by those who decided. A decision that came while the run was driven here was sealed with its item of the inbox. Looked at
 * once for each claim of a run that has decisions; nothing is asked for one that has none.
 */
export function forgedDecision(
  site: CallSite,
  history: NonNullable<CallSite['history']>,
): Promise<ReeveError | undefined> | undefined {
  if (history.forged !== undefined) return history.forged
  const decisions = decisionsIn(history)
  if (decisions.length === 0) return undefined
  history.forged = look(site, decisions)
  return history.forged
}

async function look(site: CallSite, decisions: JournaledDecision[]): Promise<ReeveError | undefined> {
  const forged = await site.services.records.unrecordedDecision(site.run.id, decisions)
  if (!forged) return undefined
  const { request, decision } = forged
  return new ReeveError(
    'approval-changed',
    `The journal says that ${decision.by} ${decision.status} ${request.approval}, and nobody recorded that: the database was changed from outside. Nothing is sent. Look: reeve audit verify`,
    { details: { approval: request.approval } },
  )
}

/** Of the run's own: what a fork shares was recorded of its origin, and nothing is sent upon it. */
function decisionsIn({ decided, ownFrom }: NonNullable<CallSite['history']>): JournaledDecision[] {
  return decided.flatMap(({ step, asked, event }) => {
    if (step < ownFrom) return []
    const decision = payloadIfSound(event, 'approval-decided')
    const request = asked && payloadIfSound(asked, 'approval-requested')
    return decision && request ? [{ request, decision, at: event.at }] : []
  })
}
