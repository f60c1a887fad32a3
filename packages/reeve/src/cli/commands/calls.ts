import type { Cli } from '../cli.ts'
import type { ExitCode } from '../terminal/exit-codes.ts'

type Handler = (cli: Cli, options: never, ...args: never[]) => Promise<ExitCode>

/** What a command does: loaded when it is called, for `reeve --help` must not load a runtime. */
export type Calls = (load: () => Promise<Handler>) => (...given: unknown[]) => Promise<void>
