import type { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { limit, why } from './options.ts'

export function peopleCommands(program: Command, calls: Calls): void {
  program.commandsGroup('People:')
  program
    .command('whoami')
    .description('show who you are here, and what you may do (at a server: REEVE_URL, REEVE_TOKEN)')
    .action(calls('nobody', async () => (await import('../people/whoami.ts')).whoami))
  program
    .command('principals [action] [name]')
    .description('list the principals (people and programs); add, role, map, remove or reinstate NAME')
    .option('--role <role>', 'viewer, approver, operator or owner')
    .option('--service', 'with add: the principal is a program')
    .option('--local-user <user>', 'the user of the operating system whose commands act as this principal')
    .addOption(why())
    .action(calls('viewer', async () => (await import('../people/principals.ts')).principals))
  program
    .command('grants [action] [id]')
    .description(
      'list the switches, and the changes that were made to grants in code; `grants back ID` revokes a change',
    )
    .option('--who <tool>', 'list who could have called this tool')
    .option('--args <json>', 'with --who: with these arguments')
    .option('--between <times...>', 'with --who: from one time to another (default: now)')
    .action(calls('viewer', async () => (await import('../people/grants.ts')).grants))
  program
    .command('grant <principal> <tool>')
    .description('grant agent:NAME or workflow:NAME a tool for a time, beyond its code; owners only')
    .requiredOption('--for <duration>', 'for how long: 2h, at most 30d')
    .option('--args <json>', 'which arguments are allowed: {"amountUsd":{"max":100}}')
    .option('--account <name>', "the connector's account that the grant is for")
    .addOption(why())
    .action(calls('owner', async () => (await import('../people/grants.ts')).grant))
  program
    .command('revoke <principal> [grant]')
    .description('revoke a grant of agent:NAME or workflow:NAME; without a grant, revoke all its rights')
    .option('--for <duration>', 'revoke for this time only (default: until it is reinstated)')
    .option('--in <duration>', 'let the grant expire after this time')
    .option('--narrow <json>', 'do not revoke, only narrow the allowed arguments')
    .addOption(why())
    .action(calls('operator', async () => (await import('../people/grants.ts')).revoke))
  program
    .command('switch <mode>')
    .description('switch calls off, ask or allow: for what is named; without a name, for everything')
    .option('--agent <name>', 'only calls of this agent')
    .option('--tool <name>', 'only calls of this tool')
    .option(
      '--connector <name>',
      'only calls of the tools of this connector: the part of a name before the dot',
    )
    .addOption(why())
    .action(calls('operator', async () => (await import('../people/grants.ts')).switchCalls))
  program
    .command('policy <action>')
    .description(
      'policy test: check the calls of past runs against the present grants, policies and switches',
    )
    .option('--run <run>', 'only this run')
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--since <duration>', 'only runs that started in the last 7d, 12h …')
    .addOption(limit('500'))
    .action(calls('viewer', async () => (await import('../people/policy.ts')).policy))
  program
    .command('pause-all')
    .description('pause everything: no run starts or continues; calls in progress finish')
    .addOption(why())
    .action(calls('operator', async () => (await import('../people/grants.ts')).pauseEverything))
  program
    .command('resume-all')
    .description('resume everything after pause-all')
    .action(calls('operator', async () => (await import('../people/grants.ts')).resumeEverything))
  const secrets = program
    .command('secrets')
    .description('set, list, rotate or delete secrets: credentials of tools, stored sealed and never shown')
  secrets
    .command('set <name> [more...]')
    .description(
      'store a secret under a name: the value is piped in, or asked for without showing it; owners only',
    )
    .action(calls('owner', async () => (await import('../people/secrets.ts')).set))
  secrets
    .command('list')
    .description('list the secrets: name, version, who set it when, and which tools use it')
    .action(calls('operator', async () => (await import('../people/secrets.ts')).list))
  secrets
    .command('rotate [name] [more...]')
    .description('replace the value of a secret; with --key, use another sealing key for all')
    .option('--key', 'seal all secrets again, with a new key')
    .action(calls('owner', async () => (await import('../people/secrets.ts')).rotate))
  secrets
    .command('delete <name>')
    .description('delete a secret: calls that need it fail from then on')
    .action(calls('owner', async () => (await import('../people/secrets.ts')).remove))
  const token = program.command('token').description('create, list or revoke tokens, and make sign-in links')
  token
    .command('create <name>')
    .description('make a token for a program; it is shown once')
    .option('--for <principal>', 'the principal of the token (default: you)')
    .option(
      '--role <role>',
      'the highest role of the token: viewer, approver, operator or owner (default: the role of its principal)',
    )
    .option('--expires <duration>', 'the token expires after this time, such as 90d (default: never)')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).create))
  token
    .command('list')
    .description('list the tokens, the newest first')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).list))
  token
    .command('revoke <id>')
    .description('revoke a token: it is invalid from the next request on')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).revoke))
  token
    .command('sign-in [principal]')
    .description('make a link that signs a browser in, once, within the next 15 minutes')
    .option('--at <url>', 'the address of the server (default: http://127.0.0.1:4100)')
    .action(calls('viewer', async () => (await import('../people/tokens.ts')).signIn))
}
