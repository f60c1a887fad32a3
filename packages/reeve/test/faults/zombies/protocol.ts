/**
 * Where a worker stops itself: when an intent is durable and before anybody hears of it · before the effect is sent ·
 * when it is sent · when the answer is there · when the result is durable and before anybody hears of it.
 */
export const points = ['intended', 'sending', 'sent', 'answered', 'committed'] as const

export type Point = (typeof points)[number]

/** What a worker's process is told when it is started. */
export interface WorkerLife {
  database: { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }
  /** 1 and up: the process, for the oracle and for the witness. */
  number: number
  /** The oracle's port, and the name of its log. */
  port: number
  trial: string
  /** Where the fast clock of all processes began (ms). */
  originMs: number
}

/** A line to a worker: stop at the next such point · do not · say so when no run is held. */
export type Order = { arm: Point } | { disarm: true } | { rest: number }

/** A line from a worker. */
export type Report = { working: string } | { stopping: Point } | { resting: number } | { fatal: string }
