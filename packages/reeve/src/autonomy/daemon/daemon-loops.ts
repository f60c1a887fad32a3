import type { Engine } from '../../engine/engine.ts'
import type { Daemon } from './daemon.ts'
import { EventWakes } from './event-wakes.ts'
import { DaemonKeeper } from './keeper.ts'

/** What daemons need of each worker of a project: their cycles follow one another, and events wake them. */
export class DaemonLoops {
  readonly #keeper: DaemonKeeper
  readonly #wakes: EventWakes

  constructor(engine: Engine, daemons: readonly Daemon[]) {
    this.#keeper = new DaemonKeeper(engine, daemons)
    this.#wakes = new EventWakes(engine, this.#keeper, daemons)
  }

  async begin(): Promise<void> {
    await this.#keeper.begin()
    await this.#wakes.begin()
  }

  async end(): Promise<void> {
    await this.#wakes.end()
    await this.#keeper.end()
  }
}
