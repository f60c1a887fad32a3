import type { Json } from '../../base/json/json.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound, payloadOf } from '../../store/journal/events.ts'
import { openSaid, saidByCall } from '../../store/journal/said.ts'
import { releaseSpending } from '../../store/ledger/effect-budgets.ts'
import { outcomeAnswer } from '../../store/runs/approvals.ts'
import { isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/**
 * Of a run that has ended: gives back what an effect had reserved of effect budgets when a person says that it did not
 * happen. Nobody goes on with the run to hear it. (Its business key is freed by whoever wants that next.)
 */
export async function giveBackAsTold(
  session: Session,
  { run, step }: { run: number; step: number },
  answer: Json | undefined,
): Promise<void> {
  if (!isOutcomeAnswer(answer) || answer.happened) return
  const [intent] = await saidByCall(session, run, step, 'effect-intended')
  const key = intent && payloadIfSound(intent, 'effect-intended')?.key
  if (key !== undefined) await releaseSpending(session, key)
}

/** Of a run that is about to end from outside: the same, by what it was answered and did not hear. */
export async function giveBackUnheard(
  session: Session,
  run: Pick<RunRow, 'no' | 'chapter_seq'>,
): Promise<void> {
  for (const unknown of await openSaid(session, run, 'effect-unknown')) {
    const { attempt } = payloadOf(unknown, 'effect-unknown')
    const call = { run: run.no, step: unknown.step }
    const said = await outcomeAnswer(session, { ...call, attempt })
    if (said !== undefined) await giveBackAsTold(session, call, JSON.parse(said) as Json)
  }
}
