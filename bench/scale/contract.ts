/** One measurement of one curve, made in a process of its own on an empty store. */
export interface ScaleSpec {
  curve: string
  size: number
  /** On a real disk, removed by the bench afterwards. */
  folder: string
  /** The store: a file in `folder`, or a new database of a Postgres server. */
  databaseUrl: string
  /** Shorter rounds, less exact. */
  quick: boolean
}

/** Where a curve works. */
export interface Place {
  readonly folder: string
  readonly databaseUrl: string
  readonly quick: boolean
  /** The first process of the Postgres server, whose CPU time counts too. */
  readonly serverPid?: number
}

/** What kept the event loop from turning, at most. */
export interface Block {
  /** The CPU time that the thread used in one stretch: what code did at once. */
  ms: number
  /** The longest stretch, disks and locks included, without the time for which other processes had the processors. */
  stillMs: number
}

export interface ScaleReport {
  /** What one unit costs, in milliseconds of CPU time of the process and of its server: the median round. */
  perUnitMs: number
  /** Of one round. */
  units: number
  block: Block
  /** The most heap that was in use after a full garbage collection. */
  heapMb: number
  /** What else the curve has goals for. */
  figures?: Record<string, number>
}

export interface Sizes {
  /** Absent: the curve is measured at one size, and has no ratio. */
  small?: number
  large: number
}

/** Something whose cost must not grow. */
export interface Curve {
  /** What it measures, for the reader of the table. */
  unit: string
  full: Sizes
  quick: Sizes
  /** Also measured on Postgres. Default false: what it measures is the same on every store. */
  postgres?: boolean
  /** The most heap that the process may take (MB of old space), in full and with `--quick`. */
  heapLimitMb?: { full: number; quick: number }
  /** By figure of the report (or `heapMb`): the most it may be at the large size. Default unit: ms. */
  most?: Record<string, { most: number; unit?: string }>
  /** Its figure `unitsPerSecond` must not be lower at the large size. */
  notSlower?: true
  measure(size: number, place: Place): Promise<ScaleReport>
}
