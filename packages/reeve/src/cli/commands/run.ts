import type { Command } from 'commander'
import type { Calls } from '../calls.ts'

const sandboxed = 'put all connections to services into sandbox: no call reaches a real account'

export function runCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Run:')
  const withWeb = (command: Command) =>
    command
      .option('--port <n>', 'the port of the server; 0: any free port (default: REEVE_PORT, else 4100)')
      .option(
        '--host <host>',
        'also listen on this address, not only on this machine; needs an owner',
        '127.0.0.1',
      )
      .option('--public-url <url>', 'the public address behind a proxy: https://reeve.example.com')
      .option('--trust-proxy', 'trust the X-Forwarded headers: only behind a proxy that sets them')
      .option('--no-open', 'open no browser')
      .option('--sandbox', sandboxed)
  withWeb(program.command('dev'))
    .description(
      'start the server for development: drive runs and schedules until Ctrl-C, and print when runs start, act, wait, fail and end (every event: reeve follow RUN)',
    )
    .action(
      calls('nobody', async () => (await import('../run/dev/dev.ts')).dev, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  withWeb(program.command('start'))
    .description(
      'start the server for production, under a service manager: as dev, without printing what runs do',
    )
    .option('--capacity <n>', 'the most runs held in memory at once', '1000')
    .option('--grace <duration>', 'how long calls in progress may continue after the signal to stop', '10s')
    .action(
      calls('nobody', async () => (await import('../run/serve.ts')).start, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  program
    .command('open')
    .description('open the dashboard of the running server in the browser, signed in')
    .option('--at <url>', 'the address of the server (default: http://127.0.0.1:4100, or REEVE_PORT)')
    .option('--no-browser', 'only print the link, do not open a browser')
    .action(calls('viewer', async () => (await import('../run/open.ts')).open))
  program
    .command('worker')
    .description('start a worker: drive runs beside other workers on the same database, until SIGTERM')
    .option('--sandbox', sandboxed)
    .option('--capacity <n>', 'the most runs held in memory at once', '1000')
    .option('--grace <duration>', 'how long calls in progress may continue after the signal to stop', '10s')
    .action(
      calls('nobody', async () => (await import('../run/serve.ts')).worker, {
        why: 'it drives runs on this machine.',
        always: true,
      }),
    )
  program
    .command('watchdog [command...]')
    .description('start a command and keep it running: reeve watchdog --help')
    .action(
      calls('nobody', async () => (await import('../run/watchdog.ts')).watchdog, {
        why: 'it watches a process of this machine.',
        always: true,
      }),
    )
  program
    .command('run <workflow>')
    .description(
      'start a run and show each step as it happens, until it ends or only waits: for a person, or for more than a minute',
    )
    .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
    .option('--key <key>', 'idempotency key: the same key and input start one run only')
    .option(
      '--if-key-exists <what>',
      'if the key was used with another input: sameInput (an error) or return (that run)',
    )
    .option('--detach', 'start the run, but let the workers drive it')
    .option('--follow', 'stay until the run ends, also while it only waits')
    .action(calls('operator', async () => (await import('../run/run.ts')).run))
  program
    .command('init [dir]')
    .description('make a new project that runs at once, like npm create reeve')
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
    .option('--page <url>', 'the address of the dashboard, where clients send people to decide')
    .action(
      calls('operator', async () => (await import('../run/mcp.ts')).mcp, {
        why: 'it serves a project of this machine.',
        always: true,
      }),
    )
  mcp
    .command('pin [file]')
    .description('show what the MCP servers of the project (or of a file) offer, and pin it')
    .option('--yes', 'pin without asking')
    .action(
      calls('nobody', async () => (await import('../run/mcp-pin.ts')).mcpPin, {
        why: 'it starts the MCP servers of a project on this machine.',
        always: true,
      }),
    )
}
