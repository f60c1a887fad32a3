import { Command, Option } from 'commander'
import { readVariables } from '../base/config.ts'
import { readManifest } from '../base/package-files.ts'
import { secretsOfVariables } from '../base/secrets/known-secrets.ts'
import { viewsHelp } from '../server/sql/views.ts'
import { type Cli, createCli } from './cli.ts'
import { type ExitCode, exitCodes, exitCodesHelp } from './terminal/exit-codes.ts'
import { reportFailure } from './terminal/failure.ts'
import { Terminal } from './terminal/terminal.ts'

type Handler = (cli: Cli, options: never, ...args: never[]) => Promise<ExitCode>

interface SharedOptions {
  json?: boolean
  project?: string
  verbose?: boolean
}

// What a command needs is loaded when it is called: `reeve --help` must not load a runtime.
const terminal = new Terminal(process.argv.includes('--json'), secretsOfVariables(readVariables()))
let exitCode: ExitCode = exitCodes.done

function calls(load: () => Promise<Handler>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command
    const options = command.optsWithGlobals<SharedOptions>()
    const handler = (await load()) as (cli: Cli, options: object, ...args: unknown[]) => Promise<ExitCode>
    const cli = createCli({ terminal, verbose: options.verbose === true, project: options.project })
    exitCode = await handler(cli, options, ...given.slice(0, -2))
  }
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

const note = () => new Option('--note <text>', 'why; kept with the decision')
const work = () => new Option('--work', "go on with the run here if no worker runs: runs the project's code")
const limit = (count: string) => new Option('--limit <n>', 'the most to list').default(count)

program.commandsGroup('Run:')
const withWeb = (command: Command) =>
  command
    .option('--port <n>', 'where its API listens; 0: any free port (default: REEVE_PORT, else 4100)')
    .option('--host <host>', 'listen there too, not at this machine alone; needs an owner', '127.0.0.1')
    .option('--public-url <url>', 'how people reach it, behind a proxy: https://reeve.example.com')
    .option('--trust-proxy', 'believe the X-Forwarded headers: only behind a proxy that sets them')
    .option('--no-open', 'open no browser')
withWeb(program.command('dev'))
  .description('serve the project: drive its runs and schedules until Ctrl-C')
  .action(calls(async () => (await import('./run/dev.ts')).dev))
withWeb(program.command('start'))
  .description('serve the project for a service manager: as dev, without telling each event')
  .option('--capacity <n>', 'the most runs held in memory at once', '1000')
  .option('--grace <duration>', 'how long what acts may go on once it is told to stop', '10s')
  .action(calls(async () => (await import('./run/serve.ts')).start))
program
  .command('worker')
  .description('drive runs beside other workers on the same database, until SIGTERM')
  .option('--capacity <n>', 'the most runs held in memory at once', '1000')
  .option('--grace <duration>', 'how long what acts may go on once it is told to stop', '10s')
  .action(calls(async () => (await import('./run/serve.ts')).worker))
program
  .command('run <workflow>')
  .description('start a run and show each step as it happens')
  .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
  .option('--key <key>', 'idempotency key: the same key and input start nothing twice')
  .option(
    '--if-key-exists <what>',
    'when the key was used with another input: sameInput (an error) or return (that run)',
  )
  .option('--detach', 'leave it to the workers')
  .action(calls(async () => (await import('./run/run.ts')).run))
program
  .command('init [dir]')
  .description('make a new project that runs at once, as npm create reeve does')
  .option('--template <name>', 'blank (the default), support-triage or refund-desk')
  .option('--yes', 'do not ask')
  .action(calls(async () => (await import('./run/init.ts')).init))

const mcp = program
  .command('mcp')
  .description('serve the project over MCP, on standard input and output')
  .option('--decide', 'let the other side decide approvals, in your name')
  .option('--wait <seconds>', 'how long a call waits for its run', '25')
  .action(calls(async () => (await import('./run/mcp.ts')).mcp))
mcp
  .command('pin [file]')
  .description('show what the MCP servers of the project, or of a file, offer, and pin it')
  .option('--yes', 'pin without asking')
  .action(calls(async () => (await import('./run/mcp-pin.ts')).mcpPin))

program.commandsGroup('Look:')
program
  .command('runs')
  .description('list runs, the newest first')
  .option('--status <status>', 'only those')
  .option('--workflow <name>', 'only its runs')
  .addOption(limit('20'))
  .action(calls(async () => (await import('./look/lists.ts')).runs))
program
  .command('show <run>')
  .description('what a run was to do, what it knew, what it did, and why it counts as done')
  .option('--events', 'the raw events')
  .option('--after <seq>', 'with --events: those after this one', '0')
  .addOption(
    new Option('--limit <n>', 'the most events, calls or answers to list of each kind').default('500'),
  )
  .action(calls(async () => (await import('./look/show.ts')).show))
program
  .command('approvals [id]')
  .description('list what waits for a person; or show one whole, with what it is about')
  .addOption(limit('20'))
  .action(calls(async () => (await import('./look/lists.ts')).approvals))
program
  .command('schedules')
  .description('list the schedules, their next times and last outcomes')
  .addOption(new Option('--limit <n>', 'the most outcomes of each schedule').default('5'))
  .option('--most <n>', 'the most schedules to list', '50')
  .action(calls(async () => (await import('./keep/upkeep.ts')).schedules))
program
  .command('budgets')
  .description('list what may be spent on models, and what is spent')
  .addOption(limit('50'))
  .action(calls(async () => (await import('./steer/budgets.ts')).budgets))
program
  .command('costs')
  .description('add up what paid models cost, per run that succeeded too')
  .option('--by <group>', 'run, agent, model, workflow or day')
  .option('--since <duration>', 'only calls of the last 7d, 12h …')
  .addOption(limit('50'))
  .action(calls(async () => (await import('./look/costs.ts')).costs))
program
  .command('models [action]')
  .description('list keys, routes, solvers, prices and open breakers; models test asks each solver once')
  .action(calls(async () => (await import('./look/models.ts')).models))
program
  .command('sql <query>')
  .description('ask one reading query of the views runs, steps, effects, model_calls and approvals')
  .addOption(limit('100'))
  .addHelpText('after', viewsHelp)
  .action(calls(async () => (await import('./look/sql.ts')).sql))
program
  .command('doctor')
  .description('check the project, its data and its machine')
  .action(calls(async () => (await import('./look/doctor/doctor.ts')).doctor))

program.commandsGroup('Decide:')
program
  .command('approve <id>')
  .description('approve exactly what is shown, or an edit of it')
  .option(
    '--edit <json>',
    'put these fields in the place of those shown: JSON, the path of a JSON file, or -',
  )
  .option('--replace', 'with --edit: it is the whole; fields that it does not name are left out')
  .option('--hash <hash>', 'approve only what has this hash, as it stands where all of it is shown')
  .option('--yes', 'do not ask about the difference that an edit makes')
  .addOption(work())
  .addOption(note())
  .action(calls(async () => (await import('./decide/decide.ts')).approve))
program
  .command('reject <id>')
  .description('reject it')
  .addOption(work())
  .addOption(note())
  .action(calls(async () => (await import('./decide/decide.ts')).reject))
program
  .command('answer <id> <answer>')
  .description('answer a question; or say of an unknown outcome: happened, again or failed')
  .option('--result <json>', 'with happened: what the outside system gave')
  .addOption(work())
  .addOption(note())
  .action(calls(async () => (await import('./decide/decide.ts')).answer))

program.commandsGroup('Steer:')
program
  .command('signal <run> <name> [json]')
  .description('send a signal to a run')
  .option('--id <id>', 'the same id counts once')
  .action(calls(async () => (await import('./steer/control.ts')).signal))
program
  .command('cancel <run>')
  .description('end a run and its children')
  .action(calls(async () => (await import('./steer/control.ts')).cancel))
program
  .command('pause <run>')
  .description('hold a run where it is')
  .action(calls(async () => (await import('./steer/control.ts')).pause))
program
  .command('resume <run>')
  .description('let a held run go on')
  .action(calls(async () => (await import('./steer/control.ts')).resume))
program
  .command('retry <run>')
  .description('try a failed or stuck run again; what is done stays done')
  .option('--children', 'retry the children too whose failure failed it')
  .action(calls(async () => (await import('./steer/control.ts')).retry))
program
  .command('fork <run>')
  .description('start a new run that shares the journal of another up to a call')
  .requiredOption('--from <call>', 'the number of the first call to make anew')
  .option('--yes', 'send effects again that were sent already')
  .action(calls(async () => (await import('./steer/control.ts')).fork))
program
  .command('queues [action] [name]')
  .description('list the queues; pause NAME or resume NAME')
  .addOption(limit('50'))
  .action(calls(async () => (await import('./keep/upkeep.ts')).queues))

program.commandsGroup('People:')
program
  .command('whoami')
  .description('say who acts here, and what they may do (of a server: REEVE_URL, REEVE_TOKEN)')
  .action(calls(async () => (await import('./people/whoami.ts')).whoami))
const token = program.command('token').description('what programs and browsers sign in with')
token
  .command('create <name>')
  .description('make a token for a program; it is shown once')
  .option('--for <principal>', 'whose it is (default: you)')
  .option('--role <role>', 'at most: viewer, approver, operator or owner (default: what its principal may)')
  .option('--expires <duration>', 'such as 90d (default: never)')
  .action(calls(async () => (await import('./people/tokens.ts')).create))
token
  .command('list')
  .description('list the tokens, the newest first')
  .addOption(limit('50'))
  .action(calls(async () => (await import('./people/tokens.ts')).list))
token
  .command('revoke <id>')
  .description('from the next request on it counts no more')
  .action(calls(async () => (await import('./people/tokens.ts')).revoke))
token
  .command('sign-in [principal]')
  .description('make a link that signs a browser in, once, within 15 minutes')
  .option('--at <url>', 'where the server is (default: http://127.0.0.1:4100)')
  .action(calls(async () => (await import('./people/tokens.ts')).signIn))

program.commandsGroup('Keep:')
program
  .command('audit')
  .description('prove that the journals are whole')
  .command('verify [run]')
  .description(
    'recompute the hash chains of what came or changed since the last time, and of some others by chance; or of one run',
  )
  .option('--all', 'of every run, whatever was verified before')
  .action(calls(async () => (await import('./keep/audit.ts')).verify))
program
  .command('backup [file]')
  .description(
    'write all of a SQLite database into a new file, while workers go on (default: in .reeve/backups)',
  )
  .action(calls(async () => (await import('./keep/backup.ts')).backup))
program
  .command('prune')
  .description("delete ended runs past the project's retention; asks first on a terminal")
  .option('--dry-run', 'only say what would go')
  .option('--yes', 'do not ask')
  .action(calls(async () => (await import('./keep/upkeep.ts')).prune))
program
  .command('compact')
  .description('give the disk back what pruning left empty in a SQLite database; in slices while workers run')
  .option('--yes', 'do not ask')
  .action(calls(async () => (await import('./keep/compact.ts')).compact))
program
  .command('migrate')
  .description("bring the database to this version's schema")
  .action(calls(async () => (await import('./keep/database.ts')).migrate))
const db = program.command('db').description('the database itself: move it, say whose it is')
db.command('copy <from> <to>')
  .description(
    'move a database, runs in flight with it, into an empty one: file:PATH or postgres://…; the old one is refused from then on (for a copy to keep: backup)',
  )
  .option('--yes', 'do not ask')
  .action(calls(async () => (await import('./keep/database.ts')).copy))
db.command('restore [file]')
  .description('make a backup the database of the project; runs that were in flight are paused')
  .option('--yes', 'do not ask')
  .action(calls(async () => (await import('./keep/backup.ts')).restore))
db.command('reopen')
  .description('go on here after a copy was made: takes away what fences the source')
  .action(calls(async () => (await import('./keep/database.ts')).reopen))
db.command('adopt')
  .description('say that the database belongs to this project, as after it was renamed')
  .action(calls(async () => (await import('./keep/database.ts')).adopt))

try {
  await program.parseAsync()
} catch (error) {
  exitCode = reportFailure(terminal, error, process.argv.includes('--verbose'))
}
await terminal.flushed()
process.exit(exitCode)
