import type { Json } from '../../../src/base/json/json.ts'
import type { Clock } from '../../../src/base/time/time.ts'
import { NotApplied } from '../../../src/engine/calls/effect/definition.ts'
import type { Heard, Said } from '../../crash/oracle-protocol.ts'
import type { Outside } from '../../crash/outside.ts'
import type { Link } from './link.ts'

const lateMs = 25

/** The world outside of the simulated processes: applies effects once per key, and keeps all that it hears. */
export class Receiver {
  readonly heard: Heard[] = []
  readonly #applied = new Map<string, Json>()
  readonly #seen = new Set<string>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What came of a key; undefined when nothing did. */
  applied(key: string): Json | undefined {
    return this.#applied.get(key)
  }

  /** This world as one process sees it. `doubted` says whether others believe that process to be dead. */
  seenFrom(link: Link, life: number, doubted: () => boolean): Outside {
    const keep = (said: Said, more: { applied?: boolean; result?: Json } = {}) => {
      this.heard.push({ ...said, ...more, life })
    }
    return {
      tell(said) {
        // A body has no intent and may run in two processes once one of them is taken for dead.
        if (link.dead || (doubted() && ['body', 'entered', 'left'].includes(said.kind))) return
        keep(said)
      },
      apply: ({ name: tool, effect, manner }, args, { key, attempt }) => {
        link.failpoints.reach(`${tool}: before sending`)
        if (link.dead) return new Promise<never>(() => {})
        const isFirst = !this.#seen.has(key)
        this.#seen.add(key)
        const refused = isFirst && manner === 'refuse-first'
        const known = this.#applied.get(key)
        const result = known ?? { receipt: this.#applied.size + 1, for: key }
        const said: Said = { kind: 'effect', tool, effect, key, attempt, args, manner }
        if (refused) keep(said, { applied: false })
        else {
          this.#applied.set(key, result)
          keep(said, { applied: known === undefined, result })
        }
        link.failpoints.reach(`${tool}: sent`)
        return link.answer(
          this.#after(manner === 'late' ? lateMs : 0).then(() => {
            if (refused) throw new NotApplied(`${tool} refused`, { retryable: true })
            if (isFirst && manner === 'lose-first') throw new Error('the connection broke')
            return result
          }),
        )
      },
      ask: (tool, key) => {
        if (link.dead) return new Promise<never>(() => {})
        keep({ kind: 'asked', tool, key })
        return link.answer(Promise.resolve(this.#applied.get(key)))
      },
    }
  }

  #after(ms: number): Promise<void> {
    return ms === 0 ? Promise.resolve() : new Promise((resolve) => this.#clock.after(ms, resolve))
  }
}
