/** What the server's process is told. */
export interface SseSpec {
  /** The database's file. */
  file: string
  eventsPerSecond: number
}

/** What it says. */
export type SseMessage =
  | { kind: 'listens'; url: string; token: string }
  /** Of one stretch of steady work. */
  | { kind: 'worked'; runs: number; events: number; seconds: number; cpuSeconds: number }

/** What it is asked. */
export interface SseRequest {
  seconds: number
}
