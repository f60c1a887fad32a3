import type { Call } from '../replay/call.ts'
import type { Act, Bodies } from '../services.ts'

/** What acts tell the run that they are a part of. */
export interface Acting {
  actFailed(call: Call, error: unknown): void
  /** What acted for a call that was settled without it has ended. */
  actedLate(call: Call): void
  /** An act has ended: what people said of its call may count now. */
  override(): void
  /** Nothing acts any more. */
  actsDone(): void
}

/**
 * What the calls of one run do in this process: bodies of steps, effects, questions.
 *
 *   deferred (until the run is live) → acting → done
 */
export class Acts {
  readonly #run: Acting
  readonly #bodies: Bodies | undefined
  #acting = 0
  /** Acts that take their time: one call may have two for a moment, where the next begins before the one before has ended. */
  #underWay: Set<{ call: Call }> | undefined
  #deferred: [Call, Act][] = []

  constructor(run: Acting, bodies: Bodies | undefined) {
    this.#run = run
    this.#bodies = bodies
  }

  get areDone(): boolean {
    return this.#acting === 0
  }

  /** How many wait until the run is live. */
  get deferred(): number {
    return this.#deferred.length
  }

  defer(call: Call, act: Act): void {
    this.#deferred.push([call, act])
  }

  beginDeferred(): void {
    const deferred = this.#deferred
    this.#deferred = []
    for (const [call, act] of deferred) this.begin(call, act)
  }

  isActing(call: Call): boolean {
    for (const each of this.#underWay ?? []) if (each.call === call) return true
    return false
  }

  /** What acts for that call is not waited for any more, and what is deferred of it never begins. */
  release(call: Call): void {
    this.#deferred = this.#deferred.filter(([each]) => each !== call)
    for (const each of [...(this.#underWay ?? [])]) {
      if (each.call === call && this.#underWay?.delete(each)) this.#end()
    }
  }

  /** What is deferred never begins. */
  dropDeferred(): void {
    this.#deferred = []
  }

  /** Does not throw: what `act` throws fails its call. What is done at once costs no turn of a promise. */
  begin(call: Call, act: Act): void {
    this.#acting++
    try {
      const acting = this.#bodies ? this.#bodies.act(act)() : act()
      if (acting) {
        void this.#await(call, acting)
        return
      }
    } catch (error) {
      this.#run.actFailed(call, error)
    }
    this.#end()
  }

  async #await(call: Call, acting: Promise<void>): Promise<void> {
    const act = { call }
    this.#underWay ??= new Set()
    this.#underWay.add(act)
    try {
      await acting
    } catch (error) {
      if (this.#underWay.has(act)) this.#run.actFailed(call, error)
    }
    if (this.#underWay.delete(act)) this.#end()
    else this.#run.actedLate(call)
  }

  #end(): void {
    this.#acting--
    this.#run.override()
    if (this.#acting === 0) this.#run.actsDone()
  }
}
