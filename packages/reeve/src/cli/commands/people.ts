import { type Command, Option } from 'commander'
import type { Calls } from './calls.ts'
import { limit, note } from './options.ts'

export function peopleCommands(program: Command, calls: Calls): void {
  program.commandsGroup('People:')
  program
    .command('whoami')
    .description('say who acts here, and what they may do (of a server: REEVE_URL, REEVE_TOKEN)')
    .action(calls('nobody', async () => (await import('../people/whoami.ts')).whoami))
  const why = () => new Option('--why <text>', 'why; kept in the log of authority')
  program
    .command('principals [action] [name]')
    .description('list who acts; add, role, map, remove or reinstate NAME')
    .option('--role <role>', 'viewer, approver, operator or owner')
    .option('--service', 'with add: it is a program')
    .option('--local-user <user>', 'the user of the system whose commands act as it')
    .addOption(why())
    .action(calls('viewer', async () => (await import('../people/principals.ts')).principals))
  program
    .command('grants [action] [id]')
    .description(
      'list what the database changes of the grants in code, and the switches; back ID takes a change back',
    )
    .option('--who <tool>', 'say who could have called this tool')
    .option('--args <json>', 'with --who: with these arguments')
    .option('--between <times...>', 'with --who: from one time to another (default: now)')
    .action(
      calls('viewer', async () => (await import('../people/authority.ts')).grants, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('grant <principal> <tool>')
    .description('let agent:NAME or workflow:NAME call a tool for a time, beyond its code; by an owner')
    .requiredOption('--for <duration>', 'for how long: 2h, at most 30d')
    .option('--args <json>', 'what its arguments may be: {"amountUsd":{"max":100}}')
    .option('--account <name>', "the connector's account that it holds for")
    .addOption(why())
    .action(
      calls('owner', async () => (await import('../people/authority.ts')).grant, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('revoke <principal> [grant]')
    .description('suspend a grant of agent:NAME or workflow:NAME; without one, all that it may do')
    .option('--for <duration>', 'suspend for so long (default: until it is taken back)')
    .option('--in <duration>', 'let the grant expire then')
    .option('--narrow <json>', 'only narrow what its arguments may be')
    .addOption(why())
    .action(
      calls('operator', async () => (await import('../people/authority.ts')).revoke, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('switch <mode>')
    .description('set calls off, ask or allow, of what is named; without a name, of everything')
    .option('--agent <name>', 'calls of this agent')
    .option('--tool <name>', 'calls of this tool')
    .option('--connector <name>', 'calls of its tools: what stands before the dot of their names')
    .addOption(why())
    .action(
      calls('operator', async () => (await import('../people/authority.ts')).switchCalls, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('policy <action>')
    .description(
      'policy test: what grants, policies and switches of now would make of the calls of past runs',
    )
    .option('--run <run>', 'only this run')
    .option('--workflow <name>', 'only its runs')
    .option('--since <duration>', 'only runs that began within the last 7d, 12h …')
    .addOption(limit('500'))
    .action(
      calls('viewer', async () => (await import('../people/policy.ts')).policy, {
        why: 'it reads the code of a project on this machine.',
      }),
    )
  program
    .command('pause-all')
    .description('pause everything: no run begins or goes on; what acts now finishes')
    .addOption(why())
    .action(
      calls('operator', async () => (await import('../people/authority.ts')).pauseEverything, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('resume-all')
    .description('let everything go on')
    .action(
      calls('operator', async () => (await import('../people/authority.ts')).resumeEverything, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  const secrets = program
    .command('secrets')
    .description('what tools sign in with; kept sealed, and never shown')
  secrets
    .command('set <name> [more...]')
    .description('keep a value under a name: it is piped in, or asked for without showing it; by an owner')
    .action(calls('owner', async () => (await import('../people/secrets.ts')).set))
  secrets
    .command('list')
    .description('list names and versions, who set them when, and which tools use them')
    .action(calls('operator', async () => (await import('../people/secrets.ts')).list))
  secrets
    .command('rotate [name] [more...]')
    .description('put another value in the place of the one in use; with --key, another sealing key for all')
    .option('--key', 'seal everything anew with a new key')
    .action(calls('owner', async () => (await import('../people/secrets.ts')).rotate))
  secrets
    .command('delete <name>')
    .description('delete a secret: calls that need it fail from then on')
    .action(calls('owner', async () => (await import('../people/secrets.ts')).remove))
  const token = program.command('token').description('what programs and browsers sign in with')
  token
    .command('create <name>')
    .description('make a token for a program; it is shown once')
    .option('--for <principal>', 'whose it is (default: you)')
    .option('--role <role>', 'at most: viewer, approver, operator or owner (default: what its principal may)')
    .option('--expires <duration>', 'such as 90d (default: never)')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).create))
  token
    .command('list')
    .description('list the tokens, the newest first')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).list))
  token
    .command('revoke <id>')
    .description('from the next request on it counts no more')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).revoke))
  token
    .command('sign-in [principal]')
    .description('make a link that signs a browser in, once, within 15 minutes')
    .option('--at <url>', 'where the server is (default: http://127.0.0.1:4100)')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).signIn))
}

export function connectCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Connect:')
  const account = '--account <name>'
  program
    .command('connect <name>')
    .description('sign an account of a service in: says where the key is, and makes a test call')
    .option(account, 'what the account is called here (default: default)')
    .option('--mode <mode>', 'live or sandbox (default: as the connection is)')
    .option('--device', 'by a code that is entered elsewhere, where the service has that')
    .action(
      calls('owner', async () => (await import('../connect/connect.ts')).connect, 'asks its server itself'),
    )
  const connectors = program.command('connectors').description('connections to services, and their accounts')
  connectors
    .command('list')
    .description('list them, and how their accounts stand')
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).list))
  connectors
    .command('test [name]')
    .description('make a test call with each account')
    .option(account, 'only this one')
    .action(calls('operator', async () => (await import('../connect/connectors.ts')).test))
  connectors
    .command('versions <name>')
    .description('list what one was, and who accepted it')
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).versions))
  connectors
    .command('diff <name>')
    .description('show what changed since it was accepted')
    .option('--accept', 'accept it, as an owner: calls that waited for it go on')
    .addOption(note())
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).diff))
  connectors
    .command('disconnect <name>')
    .description('delete the credential of an account: its calls wait')
    .option(account, 'which (default: default)')
    .action(calls('owner', async () => (await import('../connect/connectors.ts')).disconnect))
}
