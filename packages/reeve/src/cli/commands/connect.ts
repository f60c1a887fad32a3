import type { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { why } from './options.ts'

export function connectCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Connect:')
  const account = '--account <name>'
  program
    .command('connect <name>')
    .description('connect an account of a service: explains where to find the key, and makes a test call')
    .option(account, 'what the account is called here (default: default)')
    .option('--mode <mode>', 'live or sandbox (default: the mode of the connection)')
    .option('--device', 'sign in by a code on another device, if the service supports it')
    .action(
      calls('owner', async () => (await import('../connect/connect.ts')).connect, 'asks its server itself'),
    )
  const connectors = program
    .command('connectors')
    .description('list, test and compare connections to services, and their accounts')
  connectors
    .command('list')
    .description('list the connections, and the state of their accounts')
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).list))
  connectors
    .command('test [name]')
    .description('make a test call with each account of a connection, or of all')
    .option(account, 'only this account')
    .action(calls('operator', async () => (await import('../connect/connectors.ts')).test))
  connectors
    .command('versions <name>')
    .description('list the versions of a connection, and who accepted each')
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).versions))
  connectors
    .command('diff <name>')
    .description('show what changed in a connection since it was accepted')
    .option('--accept', 'accept the change, as an owner: calls that waited for it continue')
    .addOption(why())
    .action(calls('viewer', async () => (await import('../connect/connectors.ts')).diff))
  connectors
    .command('disconnect <name>')
    .description('disconnect an account: delete its credential; its calls wait')
    .option(account, 'the account (default: default)')
    .option('--mode <mode>', 'live or sandbox (default: the mode of the connection)')
    .action(calls('owner', async () => (await import('../connect/connectors.ts')).disconnect))
}
