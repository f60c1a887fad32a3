import type { Command } from 'commander'
import type { Calls } from './calls.ts'
import { limit } from './options.ts'

export function peopleCommands(program: Command, calls: Calls): void {
  program.commandsGroup('People:')
  program
    .command('whoami')
    .description('say who acts here, and what they may do (of a server: REEVE_URL, REEVE_TOKEN)')
    .action(calls('nobody', async () => (await import('../people/whoami.ts')).whoami))
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
