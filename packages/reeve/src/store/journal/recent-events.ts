import type { JournalEvent } from './journal.ts'

const mostEvents = 256
/** Characters of payloads. */
const mostText = 256 * 1024

/**
 * The newest durable events of a run, as this process wrote them: whoever follows the journal of a live run need not read
 * them back. Bounded: of a run that nobody follows the oldest are forgotten, and one kept as a blob is not held.
 */
export class RecentEvents {
  /** The last event that was written here; 0: none. */
  last = 0
  #events: JournalEvent[] = []
  #text = 0

  note(events: readonly JournalEvent[]): void {
    for (const event of events) {
      this.last = event.seq
      this.#text += event.payload?.length ?? 0
      if (event.blob === null) this.#events.push(event)
      else this.#forget()
    }
    if (this.#events.length > mostEvents || this.#text > mostText) this.#forget()
  }

  /** All events after this one, in their order; they are not held any longer. Undefined: not all of them are known here. */
  takeAfter(seq: number): JournalEvent[] | undefined {
    const events = this.#events
    const [first] = events
    if (seq >= this.last && this.last > 0) return []
    if (!first || first.seq > seq + 1) return undefined
    this.#forget()
    return first.seq === seq + 1 ? events : events.filter((event) => event.seq > seq)
  }

  #forget(): void {
    this.#events = []
    this.#text = 0
  }
}
