import { type ActRow, saidOf } from '../authority/authority-log.ts'
import type { Session } from '../database.ts'
import { type EventPayloads, payloadIfSound } from '../journal/events.ts'
import type { ChainFault, JournalEvent } from '../journal/journal.ts'
import { loadMarks, openEvent } from '../marks/open-kept.ts'
import { mayHoldMarks } from '../marks/run-marks.ts'
import type { RunRow } from '../runs/runs.ts'

/** What a journal says of who overrode a call was recorded as an act, sealed, by just that person. */
export class OverrideCheck {
  readonly #session: Session
  readonly #run: RunRow
  #said: JournalEvent[] = []

  constructor(session: Session, run: RunRow) {
    this.#session = session
    this.#run = run
  }

  add(event: JournalEvent): void {
    if (event.type === 'call-overridden') this.#said.push(event)
    // What a fork shares was said of calls of its origin, and stands in the journal of that.
    else if (event.type === 'run-forked') this.#said = []
  }

  async end(): Promise<ChainFault | undefined> {
    const { auditKeys: keys } = this.#session
    if (!keys || keys === 'missing' || this.#said.length === 0) return undefined
    const acts = await this.#session.all<ActRow>(
      `select * from authority_log where run = ? and type = 'run-overridden' order by seq`,
      [this.#run.id],
    )
    for (const event of this.#said) {
      if (event.at < keys.since.at) continue
      const said = payloadIfSound(event, 'call-overridden')
      if (!said || takeAct(acts, { ...said, reason: await this.#reasonOf(event) })) continue
      return {
        seq: event.seq,
        problem: `event ${event.seq} says that ${said.by} overrode call ${said.call} (${said.how}), and no act says that`,
      }
    }
    return undefined
  }

  /** Undefined: it refers to texts that are gone, or that no key here opens. */
  async #reasonOf(event: JournalEvent): Promise<string | undefined> {
    if (!mayHoldMarks(event.payload)) return payloadIfSound(event, 'call-overridden')?.reason
    try {
      const marks = await loadMarks(this.#session, this.#run.no)
      return payloadIfSound(openEvent(event, marks), 'call-overridden')?.reason
    } catch {
      return undefined
    }
  }
}

/** Each act speaks for one override. */
function takeAct(
  acts: ActRow[],
  {
    by,
    call,
    how,
    reason,
  }: Pick<EventPayloads['call-overridden'], 'by' | 'call' | 'how'> & {
    reason: string | undefined
  },
): boolean {
  const index = acts.findIndex((act) => {
    if (act.principal !== by) return false
    const { why, details } = saidOf(act)
    // Erased.
    if (details === undefined) return true
    return details.call === call && details.how === how && (reason === undefined || why === reason)
  })
  if (index >= 0) acts.splice(index, 1)
  return index >= 0
}
