/**
 * The way by which a run's input came in. It says nothing of whether the input is true or well meant: who judges that goes
 * by the channel.
 *
 * - `operator`: a person typed it, at the command line or signed in to the dashboard
 * - `api`: another program sent it, with a token or over MCP
 * - `schedule`: the project's own code has it, beside a schedule
 * - `webhook:NAME`: a service posted it, and its signature was that of the trigger NAME
 * - `mail`, `file`: it stands in a letter, or in a file that was put into a watched folder
 * - `event`: it was made of what another run came to
 */
export type Channel = 'operator' | 'api' | 'schedule' | 'mail' | 'file' | 'event' | `webhook:${string}`

const fixed: ReadonlySet<string> = new Set<Channel>(['operator', 'api', 'schedule', 'mail', 'file', 'event'])

export function isChannel(text: unknown): text is Channel {
  return typeof text === 'string' && (fixed.has(text) || /^webhook:./.test(text))
}
