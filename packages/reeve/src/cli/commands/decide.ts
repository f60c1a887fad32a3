import type { Command } from 'commander'
import type { Calls } from './calls.ts'
import { note, work } from './options.ts'

export function decideCommands(program: Command, calls: Calls): void {
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
    .action(calls('approver', async () => (await import('../decide/decide.ts')).approve))
  program
    .command('reject <id>')
    .description('reject it')
    .addOption(work())
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/decide.ts')).reject))
  program
    .command('answer <id> <answer>')
    .description('answer a question; or say of an unknown outcome: happened, again or failed')
    .option('--result <json>', 'with happened: what the outside system gave')
    .addOption(work())
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/decide.ts')).answer))
  program
    .command('delegate <id> <principal>')
    .description('ask somebody else to decide it in your place')
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/delegate.ts')).delegate))
}
