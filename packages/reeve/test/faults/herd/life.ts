export interface HerdLife {
  folder: string
  /** How far behind the wall its clock is (ms). */
  agoMs: number
  /** Runs to start; 0 in the lives that wake them. */
  sleepers: number
  callers: number
  /** Where the callers call. */
  provider: string
  /** How often the provider may be called. */
  rate: { count: number; perMs: number }
}
