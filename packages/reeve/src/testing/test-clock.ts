import type { TimerKind } from '../base/time/time.ts'
import { FakeClock } from './fake-clock.ts'

/** A fake clock that tells which acts wait for it. */
export class TestClock extends FakeClock {
  readonly #pause: () => () => void

  /** @param pause the act at hand waits for time to pass, until what this gives is called */
  constructor(startMs: number | undefined, pause: () => () => void) {
    super(startMs)
    this.#pause = pause
  }

  override after(delayMs: number, callback: () => void, kind?: TimerKind): () => void {
    if (kind !== 'pause') return super.after(delayMs, callback, kind)
    const goOn = this.#pause()
    const cancel = super.after(
      delayMs,
      () => {
        goOn()
        callback()
      },
      kind,
    )
    return () => {
      goOn()
      return cancel()
    }
  }
}
