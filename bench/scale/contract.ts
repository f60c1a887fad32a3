/** One measurement of one curve, made in a process of its own on an empty folder. */
export interface ScaleSpec {
  curve: string
  size: number
  /** On a real disk, removed by the bench afterwards. */
  dataFolder: string
}

export interface ScaleReport {
  /** What one unit costs, in milliseconds of the process's CPU time unless the curve says otherwise. */
  perUnitMs: number
  units: number
  /** The longest time for which the event loop did nothing else. */
  blockMs: number
  /** The most heap that was in use after garbage collection. */
  heapMb: number
}
