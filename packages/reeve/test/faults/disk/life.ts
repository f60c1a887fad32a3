/** What a life on a failing disk is told. */
export interface DiskLife {
  /** The database's file. */
  file: string
  trial: string
  seed: number
  port: number
  /** 1 for the first life on a database. */
  life: number
  /** Where the lives' fast clock began (ms). */
  originMs: number
  /** A life that lasts longer says so and gives up (ms). */
  boundMs: number
}

export const exitCodes = { done: 0, outOfTime: 3, notStarted: 5, fatal: 70 } as const

/** What a life says of itself in the end, as its last line. */
export interface DiskTally {
  /** Transactions that failed, and were told of: in the log, or to the client that asked for them. */
  failed: number
  told: number
}
