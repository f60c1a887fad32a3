import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { Clock } from '../../base/time/time.ts'
import { approvalValues, insertApprovals } from '../../store/approvals/approvals.ts'
import type { Session } from '../../store/database.ts'
import { payloadOf, type SaidEvent } from '../../store/journal/events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'

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
  /** JSON Schema of what it gives, where somebody knows; null: it cannot be told. */
  gives?: Json
}

/** The arguments; null where these cannot be opened, now or ever: what is shown must not be another once they can be. */
function openedArguments(intent: SaidEvent, marks: RunMarks): Json {
  const { payload } = intent
  try {
    const opened = payload === null ? null : marks.open(payload)
    return payloadOf({ ...intent, payload: opened }, 'effect-intended').args ?? null
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    return null
  }
}

/** Asks a person what became of an effect, in a transaction that has locked its run. Answers the question's id. */
export async function askOutcome(
  session: Session,
  { clock, newId }: AskingOutside,
  { run, step, name, intent, marks, gives = null }: UnclearEffect,
  reason: string,
): Promise<string> {
  const { key = '', attempt } = payloadOf(intent, 'effect-intended')
  const shown = { tool: name, args: openedArguments(intent, marks), key, attempt, reason }
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
    input_schema: gives === null ? null : JSON.stringify(gives),
  } as const
  await session.bulk(insertApprovals, [approvalValues(question)])
  return id
}
