import type { Violation } from '../crash/checker.ts'

/** What a fault's trials share. */
export interface Tools {
  /** A folder of this run's own; a trial that passes leaves nothing in it. */
  folder: string
  /** Says something to whoever watches. */
  note(text: string): void
}

/** One row of the fault table: how something goes wrong, and what must hold all the same. */
export interface Fault {
  name: string
  /** What goes wrong, for people. */
  injects: string
  /** Which invariants its trials check. */
  invariants: string
  /** How many trials `npm run faults` makes when it is not told. */
  trials: number
  /** Why its trials cannot be made on this machine; absent or undefined: they can. */
  unavailable?(): string | undefined
  /** One trial: everything that happens in it follows from the seed, as far as real processes allow. */
  trial(seed: number, tools: Tools): Promise<Violation[]>
  /** Undoes what its trials share. */
  close?(): Promise<void>
}
