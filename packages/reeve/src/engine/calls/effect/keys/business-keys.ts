import type { Json } from '../../../../base/json/json.ts'
import type { Log } from '../../../../base/log.ts'
import type { Clock } from '../../../../base/time/time.ts'
import type { Database, Session } from '../../../../store/database.ts'
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
import { endedStatuses, readRunByNo } from '../../../../store/runs/runs.ts'
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

/** Reads who has a business key. Goes on until the database can be read: a call must not fail because it could not just then. */
export class BusinessKeys {
  readonly #asking: Asking

  constructor(database: Database, clock: Clock, log: Log) {
    this.#asking = { database, clock, log }
  }

  holder(key: BusinessKey): Promise<KeyHolder | undefined> {
    return this.#read((session) => keyHolder(session, key))
  }

  stateOf(holder: KeyHolder): Promise<HolderState> {
    return this.#read((session) => stateOf(session, holder))
  }

  /** Lets the next effect have a key whose holder certainly did nothing. */
  async release(key: BusinessKey, holder: KeyHolder): Promise<void> {
    const { statement, values } = settlingRow(key, holder, 'released')
    await this.#read((session) => session.bulk(statement, [values]))
  }

  #read<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    return untilAnswered(this.#asking, 'who has a business key could not be read now', ask)
  }
}

async function stateOf(session: Session, holder: KeyHolder): Promise<HolderState> {
  if (holder.status === 'completed') {
    const result = await resultOfHolder(session, holder)
    return result === undefined || (result !== null && isErased(result))
      ? { state: 'forgotten' }
      : { state: 'completed', result }
  }
  if (holder.status === 'failed') return { state: 'unclear' }
  const run = await readRunByNo(session, holder.run)
  if (run && !endedStatuses.includes(run.status)) return { state: 'under-way' }
  const said = await outcomeSaid(session, holder)
  if (!said) return { state: 'unclear' }
  return said.happened
    ? { state: 'completed', result: JSON.stringify(said.result ?? null) }
    : { state: 'free' }
}

/** What a person said of an effect's outcome whose run had ended: nobody goes on with that run to hear it. */
async function outcomeSaid(session: Session, { run, step }: KeyHolder): Promise<OutcomeAnswer | undefined> {
  const answer = JSON.parse((await outcomeAnswer(session, run, step)) ?? 'null') as Json
  return isOutcomeAnswer(answer) ? answer : undefined
}
