import { readInvocation } from '../base/config.ts'
import { shellLine } from '../base/text/shell-word.ts'
import type { Role } from '../store/identity/principals.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What every command gets: where it prints, which project it is about, and how the user writes the next command. */
export interface Cli {
  terminal: Terminal
  verbose: boolean
  /** What `--project` says. */
  project: string | undefined
  /** What whoever calls the command must be, where it opens the project's database; absent: anybody who can open it. */
  role: Role | undefined
  /** The server that is asked in place of the project's own data, with a token. */
  server: ServerAddress | undefined
  /** Reads the project's `.env` anew, for what goes on while it is edited. @throws `broken-file` */
  renewVariables(): void
  /**
   * A command as this user can paste it, whatever is in its words: `('approve', id)` becomes
   * `npx reeve approve ID --project DIR`. What stands after `--` may begin with a dash.
   */
  command(...words: string[]): string
}

export interface ServerAddress {
  url: string
  token: string | undefined
  /** Named on the command line, so that the commands that are shown must name it again. */
  isNamed: boolean
}

export function createCli(options: Omit<Cli, 'command'>): Cli {
  const { project, server } = options
  const reeve = readInvocation()
  const named = [
    ...(project === undefined ? [] : ['--project', project]),
    ...(server?.isNamed ? ['--server', server.url] : []),
  ]
  const command = (...words: string[]) => {
    const operands = words.indexOf('--')
    const at = operands < 0 ? words.length : operands
    return `${reeve} ${shellLine(words.toSpliced(at, 0, ...named))}`
  }
  return { ...options, command }
}

/** Words that may begin with a dash, such as names that somebody else chose. */
export function operands(...words: string[]): string[] {
  return words.some((word) => word.startsWith('-')) ? ['--', ...words] : words
}
