import type { Engine } from '../../engine/engine.ts'
import { ApprovalBringer } from './approval-bringer.ts'
import type { AskingConnection } from './asking-connections.ts'
import { closedLetters } from './letters/replies-closed.ts'

/** Brings requests to where people talk, in each worker of a project; of each connection one of them does so. */
export class ApprovalLoops {
  readonly bringers: readonly ApprovalBringer[]
  /** The connections by whose letters nothing is decided, with why. */
  readonly closed: readonly { connection: string; why: string }[]

  constructor(engine: Engine, all: readonly AskingConnection[]) {
    this.bringers = all.map((asking) => new ApprovalBringer(engine, asking))
    this.closed = closedLetters(all)
  }

  begin(): void {
    for (const bringer of this.bringers) bringer.begin()
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    await Promise.all(this.bringers.map((bringer) => bringer.end()))
  }
}
