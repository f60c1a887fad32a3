import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { payloadOf, type SaidEvent } from '../../store/journal/events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import { approvalValues, insertApprovals } from '../../store/runs/approvals.ts'

/** Who asks a person outside of any run's call. */
export interface AskingOutside {
  clock: Clock
  newId: () => string
}

/** The effect of a run that nobody goes on with, whose outcome nobody knows. */
export interface UnclearEffect {
  run: number
  step: number
  name: string
  /** Its last intent, as the journal keeps it. */
  intent: SaidEvent
  marks: RunMarks
}

/** Asks a person what became of an effect, in a transaction that has locked its run. Answers the question's id. */
export async function askOutcome(
  session: Session,
  { clock, newId }: AskingOutside,
  { run, step, name, intent, marks }: UnclearEffect,
  reason: string,
): Promise<string> {
  const payload = intent.payload === null ? null : marks.open(intent.payload)
  const { key = '', attempt, args = null } = payloadOf({ ...intent, payload }, 'effect-intended')
  const shown = { tool: name, args, key, attempt, reason }
  const id = newId()
  const question = {
    id,
    run,
    step,
    kind: 'outcome',
    subject: name,
    shown: marks.seal(JSON.stringify(shown)),
    args_hash: sha256(canonical(shown)),
    requested_at: clock.now(),
    expires_at: null,
  } as const
  await session.bulk(insertApprovals, [approvalValues(question)])
  return id
}
