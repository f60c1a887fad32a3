import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { hashOfRequest } from '../approvals/approval-terms.ts'
import type { ActType } from '../authority/acts.ts'
import { type ActRow, isGenuine, saidOf } from '../authority/authority-log.ts'
import type { Session } from '../database.ts'
import type { EventPayloads } from '../journal/events.ts'

/** A decision as a journal has it: what was asked, and what was said, when (ms). */
export interface JournaledDecision {
  request: EventPayloads['approval-requested']
  decision: EventPayloads['approval-decided']
  at: number
}

export const decisionTypes: ActType[] = ['approval-decided', 'approval-voted']

/** Whether whoever decided, as the journal says, recorded that they said just this: all of them, where it took several. */
export function isRecorded({ request, decision }: JournaledDecision, acts: readonly ActRow[]): boolean {
  const hasSaid = (who: string | null | undefined) =>
    acts.some((act) => {
      const { details } = saidOf(act)
      return (
        act.principal === who &&
        details?.status === decision.status &&
        details.hash === hashOfRequest(request.shown, request.terms) &&
        (!decision.edited || details.answer === sha256(canonical(decision.value ?? null)))
      )
    })
  return [decision.by, ...(decision.votes ?? []).map(({ by }) => by)].every(hasSaid)
}

/** The first decision of a run that nobody recorded; undefined: all were, or are older than what is recorded. */
export async function unrecordedDecision(
  session: Session,
  run: string,
  decisions: readonly JournaledDecision[],
): Promise<JournaledDecision | undefined> {
  const keys = session.auditKeys === 'missing' ? undefined : session.auditKeys
  const found = await session.all<ActRow>(
    `select * from authority_log where run = ? and type in (?, ?) order by seq`,
    [run, ...decisionTypes],
  )
  const sound: ActRow[] = []
  for (const act of found) if (await isGenuine(session, act)) sound.push(act)
  return decisions.find((each) => {
    if (each.decision.by === null || (keys && each.at < keys.since.at)) return false
    return !isRecorded(
      each,
      sound.filter(({ subject }) => subject === each.request.approval),
    )
  })
}
