/** What the bench asks of one process, and what that reports. */
export interface ColdStartSpec {
  /** URL of what `import 'reeve'` is: of the build, or of the sources. */
  entry: string
  /** Empty, on a real disk, removed by the bench afterwards. */
  dataFolder: string
  /** When the process was started, in ms since the epoch. */
  spawnedAt: number
}

export interface ColdStartReport {
  /** All since the process was started. */
  loadedMs: number
  readyMs: number
  completedMs: number
}
