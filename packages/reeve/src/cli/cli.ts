import { readInvocation } from '../base/config.ts'
import type { Terminal } from './terminal.ts'

/** What every command gets: where it prints, which project it is about, and how the user writes the next command. */
export interface Cli {
  terminal: Terminal
  verbose: boolean
  /** What `--project` says. */
  project: string | undefined
  /** A command as this user can paste it: `approve ID` becomes `npx reeve approve ID --project DIR`. */
  command(rest: string): string
}

export function createCli(options: {
  terminal: Terminal
  verbose: boolean
  project: string | undefined
}): Cli {
  const { project } = options
  const reeve = readInvocation()
  const suffix = project === undefined ? '' : ` --project ${quoted(project)}`
  return { ...options, command: (rest) => `${reeve} ${rest}${suffix}` }
}

/** As one word of a command that is pasted into a shell. */
export function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
