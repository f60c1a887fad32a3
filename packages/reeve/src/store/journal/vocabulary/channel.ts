/**
 * The way by which a run's input came in. It says nothing of whether the input is true or well meant: who judges that goes
 * by the channel.
 *
 * - `operator`: a person typed it, at the command line or signed in to the dashboard
 * - `api`: another program sent it, with a token or over MCP
 * - `schedule`: the project's own code has it, beside a schedule
 * - `webhook:NAME`: a service posted it, and its signature was that of the trigger NAME; or the trigger NAME found it at its service
 * - `mail`, `file`: it stands in a letter, or in a file that was put into a watched folder
 * - `event`: it was made of what another run came to
 */
export type Channel = 'operator' | 'api' | 'schedule' | 'mail' | 'file' | 'event' | `webhook:${string}`

/** Which event of another run made a trigger start a run. */
export interface Cause {
  /** The id of the run that the event is of. */
  run: string
  /** As triggers name it: `run.succeeded`. */
  event: string
  trigger: string
  /** 1 for a run that goes back to one event; one more for each further one between. */
  depth: number
}

/** How a run's input came in, what caused it, and whose trace it belongs to. */
export interface Origin {
  channel?: Channel | undefined
  causedBy?: Cause | undefined
  traceparent?: string | undefined
}

const fixed: ReadonlySet<string> = new Set<Channel>(['operator', 'api', 'schedule', 'mail', 'file', 'event'])

export function isChannel(text: unknown): text is Channel {
  return typeof text === 'string' && (fixed.has(text) || /^webhook:./.test(text))
}
