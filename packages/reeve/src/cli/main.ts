import { Command } from 'commander'
import { readVariables } from '../base/config.ts'
import { readManifest } from '../base/package-files.ts'
import { secretsOfVariables } from '../base/secrets/known-secrets.ts'
import { type Cli, createCli } from './cli.ts'
import type { Calls } from './commands/calls.ts'
import { decideCommands } from './commands/decide.ts'
import { keepCommands } from './commands/keep.ts'
import { knowCommands } from './commands/know.ts'
import { lookCommands } from './commands/look.ts'
import { peopleCommands } from './commands/people.ts'
import { runCommands } from './commands/run.ts'
import { steerCommands } from './commands/steer.ts'
import { type ExitCode, exitCodes, exitCodesHelp } from './terminal/exit-codes.ts'
import { reportFailure } from './terminal/failure.ts'
import { Terminal } from './terminal/terminal.ts'

interface SharedOptions {
  json?: boolean
  project?: string
  verbose?: boolean
}

const terminal = new Terminal(process.argv.includes('--json'), secretsOfVariables(readVariables()))
let exitCode: ExitCode = exitCodes.done

const calls: Calls =
  (role, load) =>
  async (...given) => {
    const command = given.at(-1) as Command
    const options = command.optsWithGlobals<SharedOptions>()
    const handler = (await load()) as (cli: Cli, options: object, ...args: unknown[]) => Promise<ExitCode>
    const { verbose = false, project } = options
    const cli = createCli({ terminal, verbose, project, role: role === 'nobody' ? undefined : role })
    exitCode = await handler(cli, options, ...given.slice(0, -2))
  }

const program = new Command('reeve')
  .description('Runs autonomous AI work: durable, governed, and open to the last event.')
  .version(readManifest().version, '--version')
  .option('--project <dir>', 'the project (default: the nearest reeve.config.ts upwards)')
  .option('--json', 'answer as JSON, for programs')
  .option('--verbose', 'tell more, and stacks of errors')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: (text, write) => (terminal.json ? undefined : write(text)) })
  .exitOverride()
  .addHelpText('after', exitCodesHelp)

for (const add of [
  runCommands,
  lookCommands,
  knowCommands,
  decideCommands,
  steerCommands,
  peopleCommands,
  keepCommands,
])
  add(program, calls)

try {
  await program.parseAsync()
} catch (error) {
  exitCode = reportFailure(terminal, error, process.argv.includes('--verbose'))
}
await terminal.flushed()
process.exit(exitCode)
