import type { Role } from '../../store/identity/principals.ts'
import type { Cli } from '../cli.ts'
import type { ExitCode } from '../terminal/exit-codes.ts'

type Handler = (cli: Cli, options: never, ...args: never[]) => Promise<ExitCode>

/**
 * What a command does: loaded when it is called, for `reeve --help` must not load a runtime. `role`: what its caller must be in
 * the project's database; `nobody`: it asks for none, because it drives, checks or mends, and acts as nobody.
 */
export type Calls = (
  role: Role | 'nobody',
  load: () => Promise<Handler>,
) => (...given: unknown[]) => Promise<void>
