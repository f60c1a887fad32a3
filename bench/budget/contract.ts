/** What the bench asks of a worker of the budget bench. */
export interface WorkerSpec {
  dataFolder: string
  /** Runs that this process starts; each makes three paid calls. */
  runs: number
  ceilingUsd: number
  providerUrl: string
}

/** The most that one call may cost. */
export const worstCaseUsd = 0.01

/** A provider's bill, in billionths of a US dollar. */
export interface Bill {
  nanousd: number
}
