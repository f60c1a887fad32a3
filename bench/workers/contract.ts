/** One worker process: drives runs of `timed`, and on SIGTERM stops and says how often a step's body ran. */
export interface WorkerSpec {
  url: string
  capacity: number
  steps: number
  stepMs: number
}

export type WorkerMessage = { ready: true } | { bodies: number }
