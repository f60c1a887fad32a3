import type { Json } from '../../base/json/json.ts'
import { outcomesAnswered, runLeftUnheard } from '../../store/approvals/outcomes.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { lastSaid, saidByCall } from '../../store/journal/said.ts'
import { isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import { endedStatuses, lockRun, type RunRow } from '../../store/runs/runs.ts'
import { settleUnclearKeys, unclearKeys } from '../../store/spending/business-keys.ts'
import { releaseSpending } from '../../store/spending/effect-budgets.ts'

/** An effect, and the run that made it. */
interface EffectCallOf {
  run: number
  step: number
}

/**
 * What an effect has taken, by what a person says of its outcome, where nobody goes on with its call to hear it: its run, or the
 * chapter of that, has ended, or the call has failed. Effect budgets get back what did not happen, and its business key is free, or
 * done for.
 */
export async function settleAsTold(
  session: Session,
  run: Pick<RunRow, 'status' | 'chapter_call'>,
  call: EffectCallOf,
  answer: Json | undefined,
): Promise<void> {
  if (!isOutcomeAnswer(answer)) return
  const isOver =
    isPast(run, call.step) || (await unclearKeys(session, call)).some(({ status }) => status === 'failed')
  if (isOver) await settleCall(session, call, answer.happened)
}

/** Whether nobody goes on with a call of a run any more. */
function isPast(run: Pick<RunRow, 'status' | 'chapter_call'>, step: number): boolean {
  return endedStatuses.includes(run.status) || step <= run.chapter_call
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

/** Of calls that nobody goes on with (`isOver`: of any of the run): the same, by what was answered and not heard. */
export async function settleUnheard(
  session: Session,
  { no, ...run }: Pick<RunRow, 'no' | 'status' | 'chapter_call'>,
  isOver = false,
): Promise<void> {
  for (const { id, step, answer } of await outcomesAnswered(session, no)) {
    if (!isOver && !isPast(run, step)) continue
    const unknown = await lastSaid(session, no, step, 'effect-unknown')
    if (!unknown || payloadIfSound(unknown, 'effect-unknown')?.approval !== id) continue
    const said = JSON.parse(answer ?? 'null') as Json
    if (isOutcomeAnswer(said)) await settleCall(session, { run: no, step }, said.happened)
  }
}

/** A worker looks every hour. */
const lookedBackMs = 30 * 86_400_000

/**
 * Does so for a run after `after` that ended, or whose chapter did, by itself before it heard an answer. Answers its number;
 * undefined: there are no more.
 */
export async function settleUnheardAfter(
  session: Session,
  after: number,
  now: number,
): Promise<number | undefined> {
  const no = await runLeftUnheard(session, { after, since: now - lookedBackMs })
  const run = no === undefined ? undefined : await lockRun(session, no)
  if (run) await settleUnheard(session, run)
  return no
}
