/**
 * One process of the bench:
 * `idle` drives one run until it waits, on an empty database, and is measured;
 * `park` drives all runs until they wait, and is measured;
 * `resume` starts with them present, is measured, and decides some of them itself, some through `decide`;
 * `decide` is a process without a worker, as a command line is, that decides what it is told to.
 */
export interface ParkedSpec {
  role: 'idle' | 'park' | 'resume' | 'decide'
  runs: number
  decisions: number
  /** On a real disk, removed by the bench afterwards. */
  dataFolder: string
  /** When the process was started, in ms since the epoch. */
  spawnedAt: number
}

export interface ParkedReport {
  /** From the start of the process until its worker has made its first round of claims. */
  readyMs: number
  waiting: number
  /** Resident memory after garbage collection. */
  rssMb: number
  heapMb: number
  /** `park` only: runs parked a second. */
  perSecond?: number
  /** `resume` only: from the decision to the durable end of its run, decided here and by another process. */
  decidedMs?: number[]
  decidedElsewhereMs?: number[]
}
