import type { Command } from 'commander'
import type { Calls } from './calls.ts'

const sandboxed = 'nothing reaches a real account: all connections to services are in sandbox'

export function runCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Run:')
  const withWeb = (command: Command) =>
    command
      .option('--port <n>', 'where its API listens; 0: any free port (default: REEVE_PORT, else 4100)')
      .option('--host <host>', 'listen there too, not at this machine alone; needs an owner', '127.0.0.1')
      .option('--public-url <url>', 'how people reach it, behind a proxy: https://reeve.example.com')
      .option('--trust-proxy', 'believe the X-Forwarded headers: only behind a proxy that sets them')
      .option('--no-open', 'open no browser')
      .option('--sandbox', sandboxed)
  withWeb(program.command('dev'))
    .description('serve the project: drive its runs and schedules until Ctrl-C')
    .action(
      calls('nobody', async () => (await import('../run/dev/dev.ts')).dev, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  withWeb(program.command('start'))
    .description('serve the project for a service manager: as dev, without telling each event')
    .option('--capacity <n>', 'the most runs held in memory at once', '1000')
    .option('--grace <duration>', 'how long what acts may go on once it is told to stop', '10s')
    .action(
      calls('nobody', async () => (await import('../run/serve.ts')).start, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  program
    .command('open')
    .description('open the page of the running server in the browser, signed in')
    .option('--at <url>', 'where the server is (default: http://127.0.0.1:4100, or REEVE_PORT)')
    .option('--no-browser', 'only print the link')
    .action(calls('viewer', async () => (await import('../run/open.ts')).open))
  program
    .command('worker')
    .description('drive runs beside other workers on the same database, until SIGTERM')
    .option('--sandbox', sandboxed)
    .option('--capacity <n>', 'the most runs held in memory at once', '1000')
    .option('--grace <duration>', 'how long what acts may go on once it is told to stop', '10s')
    .action(
      calls('nobody', async () => (await import('../run/serve.ts')).worker, {
        why: 'it drives runs on this machine.',
        always: true,
      }),
    )
  program
    .command('watchdog [command...]')
    .description('start a command and keep it going: reeve watchdog --help')
    .action(
      calls('nobody', async () => (await import('../run/watchdog.ts')).watchdog, {
        why: 'it watches a process of this machine.',
        always: true,
      }),
    )
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
    .action(calls('operator', async () => (await import('../run/run.ts')).run))
  program
    .command('init [dir]')
    .description('make a new project that runs at once, as npm create reeve does')
    .option('--template <name>', 'blank (the default), support-triage or refund-desk')
    .option('--yes', 'do not ask')
    .action(
      calls('nobody', async () => (await import('../run/init.ts')).init, {
        why: 'it makes a folder on this machine.',
        always: true,
      }),
    )

  const mcp = program
    .command('mcp')
    .description('serve the project over MCP, on standard input and output')
    .option('--wait <seconds>', 'how long a call waits for its run', '25')
    .option('--page <url>', 'where people open the dashboard: clients lead them there to decide')
    .action(
      calls('operator', async () => (await import('../run/mcp.ts')).mcp, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  mcp
    .command('pin [file]')
    .description('show what the MCP servers of the project, or of a file, offer, and pin it')
    .option('--yes', 'pin without asking')
    .action(
      calls('nobody', async () => (await import('../run/mcp-pin.ts')).mcpPin, {
        why: 'it starts the MCP servers of a project on this machine.',
        always: true,
      }),
    )
}
