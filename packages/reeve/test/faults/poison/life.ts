import type { Death, Place } from './deaths.ts'

/** What a life beside a poison run is told. */
export interface PoisonLife {
  /** Where its databases are. */
  folder: string
  /** 1 for the first life on the database. */
  life: number
  originMs: number
  /** How many good runs there are. */
  good: number
  death: Death
  place: Place
  /** Steps that the poison run makes before it dies. */
  stepsBefore: number
  /** Where among the good runs it is started. */
  position: number
  /** Whether to measure the throughput once all rest. */
  measures: boolean
}

/** What the last life says, as its last line. */
export interface PoisonReport {
  poison: { status: string; reason: string | null }
  /** How the good runs ended, by status. */
  good: Record<string, number>
  /** Good runs whose output is not what their input asks for. */
  wrong: number
  /** The fastest batch of good runs beside the run that was set aside, and on a database without it (ms). */
  besideMs: number
  withoutMs: number
}
