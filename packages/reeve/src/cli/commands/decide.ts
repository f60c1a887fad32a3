import type { Command } from 'commander'
import type { Calls } from './calls.ts'
import { limit, note, work } from './options.ts'

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
    .option('--remember <duration>', 'approve the same calls of the same agent for so long, such as 30d')
    .option('--same <arguments>', 'with --remember: only these must be the same, such as to,amountUsd')
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
  const permissions = program
    .command('permissions')
    .description('list the decisions that hold for later calls too')
    .option('--all', 'those too that are over')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../decide/permissions.ts')).permissions))
  permissions
    .command('revoke <id>')
    .description('ask a person again from now on')
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/permissions.ts')).revoke))
  const proposals = program
    .command('proposals')
    .description('what machines would change and a person decides')
  proposals
    .command('list')
    .description('list what is open, the newest first')
    .option('--kind <kind>', 'only repair, lesson, amendment, training or contradiction')
    .option('--all', 'those too that were decided')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../decide/proposals.ts')).proposalList))
  proposals
    .command('show <id>')
    .description('show what one would change, and what it rests on')
    .action(calls('viewer', async () => (await import('../decide/proposals.ts')).proposalShow))
  const seen = '--hash <hash>'
  const ofSeen = 'decide only what has this hash, as it was shown'
  proposals
    .command('adopt <id>')
    .description('do what it says')
    .option(seen, ofSeen)
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalAdopt))
  proposals
    .command('reject <id>')
    .description('change nothing')
    .option(seen, ofSeen)
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalReject))
  proposals
    .command('withdraw <id>')
    .description('take back what it changed when it was adopted')
    .option(seen, ofSeen)
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalWithdraw))
}
