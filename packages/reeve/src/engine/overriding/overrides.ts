import type { Call } from '../replay/call.ts'
import { applyOverride, comesFirst, isUnderWay, lateResult, type Overridden } from './apply-override.ts'

/** What people said of the calls of one run in the place of what those would come to, as it comes into its inbox. */
export class Overrides {
  readonly #run: Overridden

  constructor(run: Overridden) {
    this.#run = run
  }

  /** Those that count before what they are about begins. */
  applyFirst(): void {
    const { activity, calls } = this.#run
    for (const item of activity.inbox.takeOverrides((each) => comesFirst(each, calls)))
      applyOverride(item, this.#run)
  }

  noteLate(call: Call): void {
    this.#run.write(lateResult(call))
  }

  /** Those of calls that act now wait until the attempt has ended, but for steps. */
  apply(): void {
    const { inbox } = this.#run.activity
    for (const item of inbox.takeOverrides((each) => !isUnderWay(each, this.#run)))
      applyOverride(item, this.#run)
  }
}
