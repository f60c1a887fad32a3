import { ReeveError } from '../../../../base/errors.ts'
import type { Json } from '../../../../base/json/json.ts'
import type { Log } from '../../../../base/log.ts'
import type { Clock } from '../../../../base/time/time.ts'
import { answerTo, outcomesAsked } from '../../../../store/approvals/outcomes.ts'
import type { Database, Session } from '../../../../store/database.ts'
import { payloadIfSound } from '../../../../store/journal/events.ts'
import { lastSaid, saidByCall } from '../../../../store/journal/said.ts'
import { isErased } from '../../../../store/keeping/erased.ts'
import { loadMarks } from '../../../../store/marks/open-kept.ts'
import { mayHoldMarks, type RunMarks } from '../../../../store/marks/run-marks.ts'
import { isOutcomeAnswer, type OutcomeAnswer } from '../../../../store/runs/decision-item.ts'
import { endedStatuses, lockRun, type RunRow, readRunByNo } from '../../../../store/runs/runs.ts'
import {
  type BusinessKey,
  type KeyHolder,
  keyHolder,
  resultOfHolder,
  settlingRow,
} from '../../../../store/spending/business-keys.ts'
import { askOutcome } from '../../../deciding/outcome-question.ts'
import { type Asking, untilAnswered } from '../../until-answered.ts'

/** What the call that has a key comes to. */
export type HolderState =
  /** `result`: JSON text; null: it gave nothing. `marks`: of the texts in it that its run keeps apart. */
  | { state: 'completed'; result: string | null; marks?: RunMarks }
  /** It completed, and its result is not kept any more. */
  | { state: 'forgotten' }
  | { state: 'under-way' }
  /** It may have taken effect or not, and nobody is at work to find out. */
  | { state: 'unclear' }
  /** A person says that it did not take effect. */
  | { state: 'free' }
  /** It has come to something else since it was looked up. */
  | { state: 'moved' }

/** Reads who has a business key. Goes on until the database can be read: a call must not fail because it could not just then. */
export class BusinessKeys {
  readonly #asking: Asking

  readonly #newId: () => string

  constructor(database: Database, clock: Clock, log: Log, newId: () => string) {
    this.#asking = { database, clock, log }
    this.#newId = newId
  }

  holder(key: BusinessKey): Promise<KeyHolder | undefined> {
    return this.#read((session) => keyHolder(session, key))
  }

  stateOf(key: BusinessKey, holder: KeyHolder): Promise<HolderState> {
    return this.#read((session) => stateOf(session, key, holder))
  }

  /** Lets the next effect have a key whose holder certainly did nothing, unless its run goes on again since. */
  async release(key: BusinessKey, holder: KeyHolder): Promise<void> {
    const { statement, values } = settlingRow(key, holder, 'released')
    await this.#read(() =>
      this.#asking.database.transaction(async (session) => {
        await lockRun(session, holder.run)
        const { state } = await stateOf(session, key, holder)
        if (state === 'free') await session.bulk(statement, [values])
      }),
    )
  }

  /**
   * Asks a person what became of the holder of a key, unless somebody is asked that. Answers the question; undefined: nobody
   * can be asked, for nothing is kept of it any more. `gives`: JSON Schema of what such a call gives.
   */
  ask(key: BusinessKey, holder: KeyHolder, gives: Json = null): Promise<string | 'moved' | undefined> {
    return this.#read(() =>
      this.#asking.database.transaction(async (session) => {
        const run = await lockRun(session, holder.run)
        if ((await stateOf(session, key, holder)).state !== 'unclear') return 'moved'
        if (!run) return undefined
        const open = (await outcomesAsked(session, holder)).find(({ status }) => status === 'pending')
        if (open) return open.id
        const [intent] = await saidByCall(session, holder.run, holder.step, 'effect-intended')
        if (!intent) return undefined
        const { clock } = this.#asking
        const marks = await loadMarks(session, run.no)
        const effect = { ...holder, name: key.name, intent, marks, gives }
        const reason = 'its run does nothing about it any more, and another run is about to do the same'
        return askOutcome(session, { clock, newId: this.#newId }, effect, reason)
      }),
    )
  }

  #read<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    return untilAnswered(this.#asking, 'who has a business key could not be read now', ask)
  }
}

async function stateOf(session: Session, key: BusinessKey, holder: KeyHolder): Promise<HolderState> {
  if (holder.status === 'completed') {
    const result = await resultOfHolder(session, holder)
    if (result === undefined) return toldResult(session, holder)
    if (result === null || !mayHoldMarks(result))
      return result !== null && isErased(result) ? { state: 'forgotten' } : { state: 'completed', result }
    return openedResult(await loadMarks(session, holder.run), result)
  }
  const run = await readRunByNo(session, holder.run)
  const goesOn = run && !endedStatuses.includes(run.status) && holder.step > run.chapter_call
  if (holder.status === 'intended' && goesOn) return { state: 'under-way' }
  // Its effect may have settled, and its run ended, since the holder was read.
  const now = await keyHolder(session, key)
  if (now?.run !== holder.run || now.step !== holder.step || now.status !== holder.status)
    return { state: 'moved' }
  const unheard = run && (await unheardAnswer(session, run, holder.step))
  if (!unheard) return { state: 'unclear' }
  return unheard.happened ? completedAs(unheard) : { state: 'free' }
}

/** @throws `secrets-key-missing` `secret-forged` */
function openedResult(marks: RunMarks, result: string): HolderState {
  try {
    return { state: 'completed', result: marks.open(result), marks }
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'erased') return { state: 'forgotten' }
    throw error
  }
}

/** A person said that it happened. */
async function toldResult(session: Session, holder: KeyHolder): Promise<HolderState> {
  for (const { answer } of await outcomesAsked(session, holder)) {
    const said = JSON.parse(answer ?? 'null') as Json
    if (isOutcomeAnswer(said) && said.happened) return completedAs(said)
  }
  return { state: 'forgotten' }
}

function completedAs({ result }: OutcomeAnswer & { happened: true }): HolderState {
  return { state: 'completed', result: JSON.stringify(result ?? null) }
}

/** What a person said of an effect whose run ended before it heard it. */
async function unheardAnswer(
  session: Session,
  run: RunRow,
  step: number,
): Promise<OutcomeAnswer | undefined> {
  const open = await lastSaid(session, run.no, step, 'effect-unknown')
  const approval = open && payloadIfSound(open, 'effect-unknown')?.approval
  if (approval === undefined) return undefined
  const answer = JSON.parse((await answerTo(session, approval)) ?? 'null') as Json
  return isOutcomeAnswer(answer) ? answer : undefined
}
