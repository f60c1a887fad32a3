/**
 * The contract between the `engine` bench and a contestant.
 *
 * A contestant is one file in this folder, `NAME.ts` or `NAME.mjs`, run as its own process once per number of
 * concurrent runs, so that memory and cold start do not mix:
 *
 *     node NAME.ts '<Spec as JSON>'
 *
 * It does six sequential steps a run, makes each step's result durable before the next step begins, and prints one
 * line to stdout: a `Report` as JSON. Everything else goes to stderr. On failure it exits with another code than 0;
 * the end of its stderr is then published as the reason. `measure.ts` does all of this for a `Contestant`: a new one
 * is `await measure(async (spec) => contestant)`.
 *
 * A peer's file is copied with `measure.ts` into `bench/.peers/PACKAGE`, where its packages are installed, and runs
 * there. `raw.ts` and `reeve.ts` run where they are.
 */
export interface Spec {
  concurrency: number
  steps: number
  /** Length of each step's result as JSON, in bytes. */
  resultBytes: number
  rounds: number
  /** A round starts no new run after this time, nor more runs than `maxRuns`; then it waits for those under way. */
  roundMs: number
  maxRuns: number
  warmUpMs: number
  /** Empty, on a real disk, removed by the bench afterwards. */
  dataFolder: string
  /** When the process was started, in ms since the epoch. */
  spawnedAt: number
  /** The server the bench has started for this process, if the contestant asks for one. */
  server?: { url: string; adminUrl?: string; pid: number }
}

export interface Round {
  runs: number
  elapsedMs: number
  runsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Of this process, and of its server with every process below it. */
  cpuSeconds: number
  serverCpuSeconds: number
  /** Of every other process and of the kernel on its own: high when the machine was not quiet. */
  otherCpuSeconds: number
}

export interface Report {
  node: string
  versions: Record<string, string>
  /** What makes a result durable, as read back from the store; `none` for a contestant in memory. */
  durability: string
  /** From the start of the process (not of its server) to the end of its first run. */
  coldStartMs: number
  rounds: Round[]
  peakRssMb: number
  serverRssMb: number
  /** Runs complete with all their steps in the store, against runs driven; absent for a contestant in memory. */
  verified?: { driven: number; found: number }
}

export interface Plan {
  /** Runs are numbered from here on. */
  first: number
  concurrency: number
  forMs: number
  maxRuns: number
}

export interface Sample {
  elapsedMs: number
  /** One latency a run, from asking for the run to its durable end. */
  latenciesMs: number[]
}

export interface Contestant {
  versions: Record<string, string>
  durability: string
  /** `closedLoop(run)` for a contestant that is asked for one run at a time. */
  drive(plan: Plan): Promise<Sample>
  /** How many runs the store holds as complete with all their steps. */
  count?(): number | Promise<number>
  close?(): unknown
}
