import type { Role } from '../store/identity/principals.ts'
import type { Cli } from './cli.ts'
import type { ExitCode } from './terminal/exit-codes.ts'

type Handler = (cli: Cli, options: never, ...args: never[]) => Promise<ExitCode>

/** A command that no server can do. */
export interface Here {
  /** Why, as a sentence. */
  why: string
  /** It is about this machine, whatever REEVE_URL says; without it, REEVE_URL is an error as `--server` is. */
  always?: boolean
}

/**
 * What a command does: loaded when it is called, for `reeve --help` must not load a runtime. `role`: what its caller must be in
 * the project's database (a server judges by itself); `nobody`: it asks for none, because it drives, checks or mends, and acts
 * as nobody.
 */
export type Calls = (
  role: Role | 'nobody',
  load: () => Promise<Handler>,
  here?: Here | 'asks its server itself',
) => (...given: unknown[]) => Promise<void>
