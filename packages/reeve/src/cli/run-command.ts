import { Command } from 'commander'
import { addEnvFile, readEnvironment, readVariables, renewEnvFile } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import { readManifest } from '../base/package-files.ts'
import { addVariables, secretsOfVariables } from '../base/secrets/known-secrets.ts'
import { nearestProject } from '../project/load.ts'
import type { Calls, Here } from './calls.ts'
import { type Cli, createCli, type ServerAddress } from './cli.ts'
import { addCommands } from './commands/all.ts'
import { type ExitCode, exitCodes, exitCodesHelp } from './terminal/exit-codes.ts'
import { reportFailure } from './terminal/failure.ts'
import { Terminal } from './terminal/terminal.ts'

interface SharedOptions {
  server?: string
  json?: boolean
  project?: string
  verbose?: boolean
}

/**
 * Does one command, as it was typed, and tells what came of it on the streams of this process.
 * @param words without the program's own name
 * @returns the exit code
 */
export async function runCommand(words: readonly string[]): Promise<ExitCode> {
  const secrets = secretsOfVariables(readVariables())
  const terminal = new Terminal(words.includes('--json'), secrets)
  let exitCode: ExitCode = exitCodes.done

  const calls: Calls =
    (role, load, here) =>
    async (...given) => {
      const command = given.at(-1) as Command
      const options = command.optsWithGlobals<SharedOptions>()
      const folder = nearestProject(options.project ?? process.cwd())
      let variables = folder === undefined ? {} : addEnvFile(folder)
      addVariables(secrets, variables)
      const server = serverOf(options)
      if (server && typeof here === 'object') refuseRemote(server, command, here)
      const handler = (await load()) as (cli: Cli, options: object, ...args: unknown[]) => Promise<ExitCode>
      const renewVariables = () => {
        if (folder === undefined) return
        variables = renewEnvFile(folder, variables)
        addVariables(secrets, variables)
      }
      const { project, verbose = false } = options
      const needed = role === 'nobody' ? undefined : role
      const place = { project, server: here ? undefined : server }
      const cli = createCli({ terminal, verbose, role: needed, ...place, renewVariables })
      exitCode = await handler(cli, options, ...given.slice(0, -2))
    }

  try {
    await programWith(calls, terminal).parseAsync(words, { from: 'user' })
  } catch (error) {
    exitCode = reportFailure(terminal, error, words.includes('--verbose'))
  }
  await terminal.flushed()
  const { unwritten } = terminal
  if (unwritten === undefined) return exitCode
  const told = `reeve: The output is not complete. ${unwritten.message.replace(/^A file/, 'It')}\n`
  await new Promise((resolve) => process.stderr.write(told, resolve))
  return exitCode === exitCodes.done ? exitCodes.failed : exitCode
}

/** `--server`, or REEVE_URL where no project is named. @throws `bad-option` */
function serverOf({ server, project }: SharedOptions): ServerAddress | undefined {
  if (server !== undefined && project !== undefined)
    throw new ReeveError('bad-option', '--server and --project are two places. Name one of them.')
  const { server: known, token } = readEnvironment('.')
  const url = server ?? (project === undefined ? known?.url : undefined)
  if (url === undefined) return undefined
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    return { url: url.replace(/\/+$/, ''), token, isNamed: server !== undefined }
  const given = server === undefined ? 'REEVE_URL' : '--server'
  throw new ReeveError(
    'bad-option',
    `${given} is ${JSON.stringify(url)}; it must be an http or https address.`,
  )
}

/** What is about this machine alone does not ask REEVE_URL; what is about data would act on the wrong ones. @throws `not-remote` */
function refuseRemote({ url, isNamed }: ServerAddress, command: Command, { why, always }: Here): void {
  if (!isNamed && always) return
  const other = isNamed ? 'Leave out --server' : 'Unset REEVE_URL, or name the project with --project'
  const name = nameOf(command)
  throw new ReeveError(
    'not-remote',
    `reeve ${name} cannot be done at ${url}: ${why} ${other}, where the data is.`,
  )
}

function nameOf(command: Command): string {
  const { parent } = command
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name()
}

function programWith(calls: Calls, terminal: Terminal): Command {
  const program = new Command('reeve')
    .description('Runs autonomous AI work: durable, governed, and open to the last event.')
    .version(readManifest().version, '--version')
    .option('--project <dir>', 'the project (default: the nearest reeve.config.ts upwards)')
    .option(
      '--server <url>',
      "ask a running server, not the project's data (default: REEVE_URL; its token: REEVE_TOKEN)",
    )
    .option('--json', 'answer as JSON, for programs')
    .option('--verbose', 'tell more, and stacks of errors')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => (terminal.json ? undefined : write(text)) })
    .exitOverride()
    .addHelpText('after', exitCodesHelp)

  addCommands(program, calls)
  return program
}
