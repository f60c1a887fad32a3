import type { Json } from '../../base/json/json.ts'
import { answerTo, runLeftUnheard } from '../../store/approvals/outcomes.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound, payloadOf } from '../../store/journal/events.ts'
import { openSaid, saidByCall } from '../../store/journal/said.ts'
import { settleUnclearKeys, unclearKeys } from '../../store/ledger/business-keys.ts'
import { releaseSpending } from '../../store/ledger/effect-budgets.ts'
import { isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import { endedStatuses, lockRun, type RunRow } from '../../store/runs/runs.ts'

/** An effect, and the run that made it. */
interface EffectCallOf {
  run: number
  step: number
}

/**
 * What an effect has taken, by what a person says of its outcome, where nobody goes on with its call to hear it: its run has
 * ended, or the call has failed. Effect budgets get back what did not happen, and its business key is free, or done for.
 */
export async function settleAsTold(
  session: Session,
  run: Pick<RunRow, 'status'>,
  call: EffectCallOf,
  answer: Json | undefined,
): Promise<void> {
  if (!isOutcomeAnswer(answer)) return
  const isOver =
    endedStatuses.includes(run.status) ||
    (await unclearKeys(session, call)).some(({ status }) => status === 'failed')
  if (isOver) await settleCall(session, call, answer.happened)
}

async function settleCall(session: Session, { run, step }: EffectCallOf, happened: boolean): Promise<void> {
  const [completed] = await saidByCall(session, run, step, 'effect-completed')
  if (completed) return
  await settleUnclearKeys(session, { run, step }, happened ? 'completed' : 'released')
  if (happened) return
  const [intent] = await saidByCall(session, run, step, 'effect-intended')
  const key = intent && payloadIfSound(intent, 'effect-intended')?.key
  if (key !== undefined) await releaseSpending(session, key)
}

/** Of a run that has ended, or is about to from outside: the same, by what it was answered and did not hear. */
export async function settleUnheard(
  session: Session,
  run: Pick<RunRow, 'no' | 'chapter_seq'>,
): Promise<void> {
  for (const unknown of await openSaid(session, run, 'effect-unknown')) {
    const answer = JSON.parse(
      (await answerTo(session, payloadOf(unknown, 'effect-unknown').approval)) ?? 'null',
    )
    if (isOutcomeAnswer(answer))
      await settleCall(session, { run: run.no, step: unknown.step }, answer.happened)
  }
}

/** A worker looks every hour. */
const lookedBackMs = 30 * 86_400_000

/**
 * Does so for a run after `after` that ended by itself before it heard an answer. Answers its number; undefined: there are no
 * more.
 */
export async function settleUnheardAfter(
  session: Session,
  after: number,
  now: number,
): Promise<number | undefined> {
  const no = await runLeftUnheard(session, { after, since: now - lookedBackMs })
  const run = no === undefined ? undefined : await lockRun(session, no)
  if (run && endedStatuses.includes(run.status)) await settleUnheard(session, run)
  return no
}
