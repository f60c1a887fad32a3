/** One thing that was looked at. */
export interface Finding {
  what: string
  state: 'ok' | 'warning' | 'error'
  /** In words; several lines where there is more to say. Holds foreign names. */
  found: string
  /** What to do about it; a sentence that the command ends, where there is one. */
  advice?: string
  /** The command of the CLI that helps, without its program. */
  command?: readonly string[]
}
