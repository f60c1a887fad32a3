import type { Json } from '../../../../base/json/json.ts'
import type { Log } from '../../../../base/log.ts'
import type { Clock } from '../../../../base/time/time.ts'
import type { Database, Session } from '../../../../store/database.ts'
import { payloadIfSound } from '../../../../store/journal/events.ts'
import { saidByCall } from '../../../../store/journal/said.ts'
import { isErased } from '../../../../store/keeping/erased.ts'
import {
  type BusinessKey,
  type KeyHolder,
  keyHolder,
  resultOfHolder,
  settlingRow,
} from '../../../../store/ledger/business-keys.ts'
import { outcomeAnswer } from '../../../../store/runs/approvals.ts'
import { isOutcomeAnswer, type OutcomeAnswer } from '../../../../store/runs/decision-item.ts'
import { endedStatuses, lockRun, readRunByNo } from '../../../../store/runs/runs.ts'
import { type Asking, untilAnswered } from '../../until-answered.ts'

/** What the call that has a key comes to. */
export type HolderState =
  /** `result`: JSON text; null: it gave nothing. */
  | { state: 'completed'; result: string | null }
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

  constructor(database: Database, clock: Clock, log: Log) {
    this.#asking = { database, clock, log }
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

  #read<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    return untilAnswered(this.#asking, 'who has a business key could not be read now', ask)
  }
}

async function stateOf(session: Session, key: BusinessKey, holder: KeyHolder): Promise<HolderState> {
  if (holder.status === 'completed') {
    const result = await resultOfHolder(session, holder)
    return result === undefined || (result !== null && isErased(result))
      ? { state: 'forgotten' }
      : { state: 'completed', result }
  }
  if (holder.status === 'failed') return { state: 'unclear' }
  const run = await readRunByNo(session, holder.run)
  if (run && !endedStatuses.includes(run.status)) return { state: 'under-way' }
  // Its effect may have settled, and its run ended, since the holder was read.
  const now = await keyHolder(session, key)
  if (now?.run !== holder.run || now.step !== holder.step || now.status !== holder.status)
    return { state: 'moved' }
  const said = await outcomeSaid(session, holder)
  if (!said) return { state: 'unclear' }
  return said.happened
    ? { state: 'completed', result: JSON.stringify(said.result ?? null) }
    : { state: 'free' }
}

/** What a person said of an effect's outcome whose run had ended: nobody goes on with that run to hear it. */
async function outcomeSaid(session: Session, { run, step }: KeyHolder): Promise<OutcomeAnswer | undefined> {
  const [intent] = await saidByCall(session, run, step, 'effect-intended')
  const attempt = intent && payloadIfSound(intent, 'effect-intended')?.attempt
  if (attempt === undefined) return undefined
  const answer = JSON.parse((await outcomeAnswer(session, { run, step, attempt })) ?? 'null') as Json
  return isOutcomeAnswer(answer) ? answer : undefined
}
