/** What the bench asks of one process of the triage, and what that reports. */
export interface TriageSpec {
  train: string
  test: string
  knowledge: string
  /** Processes with a worker each, on one database. */
  workers: number
  /** Which of them this is; the first one reports. */
  index?: number
  /** Empty, on a real disk, removed by the bench afterwards. */
  dataFolder: string
}

export interface TriageReport {
  trainSeconds: number
  ingestSeconds: number
  articles: number
  tickets: number
  /** From the first ticket that is read to the moment when every run has ended or waits for a person. */
  elapsedSeconds: number
  ticketsPerMinute: number
  /** Of the tickets of the test file. */
  tested: number
  accuracyOnTest: number
  /** Runs by what became of them. */
  outcomes: Record<string, number>
  /** From a run's start to its last event. */
  p50Ms: number
  p99Ms: number
  events: number
  /** Of the first process. */
  peakRssMb: number
  cpuSeconds: number
}
