import { byLevel, byPlace, type Place } from './lanes.ts'

/** The first ready runs of a queue, in order. */
export interface QueueAhead {
  name: string
  ahead: Place[]
  /** There may be more behind them. */
  cut: boolean
}

/**
 * Shares a worker's room between queues: the best level (wake-ups, then priority) goes first, whichever queue it is in;
 * on one level the queues take turns. One that had nothing for a while does not make up for it.
 */
export class QueueShares {
  /** Turns taken, by queue. */
  #taken = new Map<string, number>()

  /**
   * How many runs each queue may give, best first. Ends early where what lies behind could matter: the caller asks again.
   */
  divide(queues: QueueAhead[], room: number): Map<string, number> {
    this.#keep(queues)
    const counts = new Map<string, number>()
    const positions = queues.map(() => 0)
    for (let given = 0; given < room; given++) {
      let best = -1
      for (const [index, { ahead, cut }] of queues.entries()) {
        const place = ahead[positions[index]!]
        if (!place) {
          if (cut) return counts
        } else if (best < 0 || this.#goesBefore(queues, positions, index, best)) best = index
      }
      if (best < 0) break
      const { name } = queues[best]!
      positions[best]!++
      counts.set(name, (counts.get(name) ?? 0) + 1)
      this.#taken.set(name, this.#taken.get(name)! + 1)
    }
    return counts
  }

  #goesBefore(queues: QueueAhead[], positions: number[], left: number, right: number): boolean {
    const [one, other] = [queues[left]!, queues[right]!]
    const [first, second] = [one.ahead[positions[left]!]!, other.ahead[positions[right]!]!]
    const level = byLevel(first, second)
    if (level !== 0) return level < 0
    const turns = this.#taken.get(one.name)! - this.#taken.get(other.name)!
    return turns === 0 ? byPlace(first, second) < 0 : turns < 0
  }

  /** Who was away begins where the others are. */
  #keep(queues: QueueAhead[]): void {
    const before = this.#taken
    const known = queues.flatMap(({ name }) => before.get(name) ?? [])
    const least = known.length > 0 ? Math.min(...known) : 0
    this.#taken = new Map(queues.map(({ name }) => [name, (before.get(name) ?? least) - least]))
  }
}
