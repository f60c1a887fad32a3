import type { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { limit, why, work } from './options.ts'

export function decideCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Decide:')
  program
    .command('approve <id>')
    .description('approve a call exactly as it is shown, or an edit of it')
    .option('--edit <json>', 'replace these fields: JSON, the path of a JSON file, or - for standard input')
    .option('--replace', 'with --edit: replace all arguments; fields that the edit does not name are removed')
    .option('--hash <hash>', 'approve only if the arguments have this hash; `reeve approvals ID` shows it')
    .option('--yes', 'do not ask for consent to the difference that an edit makes')
    .option(
      '--remember <duration>',
      'also approve the same calls of the same agent for this time, such as 30d',
    )
    .option(
      '--same <arguments>',
      'with --remember: only these arguments must be the same, such as to,amountUsd',
    )
    .addOption(work())
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/decide.ts')).approve))
  program
    .command('reject <id>')
    .description('reject a call: it is not made')
    .addOption(work())
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/decide.ts')).reject))
  program
    .command('answer <id> <answer>')
    .description('answer a question of a run; for an unknown outcome: happened, again or failed')
    .option('--result <json>', 'with happened: the result that the outside system gave')
    .addOption(work())
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/decide.ts')).answer))
  program
    .command('delegate <id> <principal>')
    .description('ask somebody else to decide an approval in your place')
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/delegate.ts')).delegate))
  const permissions = program
    .command('permissions')
    .description('list the remembered approvals, which are valid for later calls too')
    .option('--all', 'list expired and revoked ones too')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../decide/permissions.ts')).permissions))
  permissions
    .command('revoke <id>')
    .description('revoke a remembered approval: a person is asked again')
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/permissions.ts')).revoke))
  const proposals = program
    .command('proposals')
    .description('list and decide proposals: changes that Reeve proposes and a person decides')
  proposals
    .command('list')
    .description('list the open proposals, the newest first')
    .option(
      '--kind <kind>',
      'only proposals of this kind: repair, lesson, amendment, training or contradiction',
    )
    .option('--all', 'list decided ones too')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../decide/proposals.ts')).proposalList))
  proposals
    .command('show <id>')
    .description('show what a proposal would change, and its evidence')
    .action(calls('viewer', async () => (await import('../decide/proposals.ts')).proposalShow))
  const seen = '--hash <hash>'
  const ofSeen = 'decide only if the proposal has this hash; `reeve proposals show ID` prints it'
  proposals
    .command('adopt <id>')
    .description('adopt a proposal: apply its change')
    .option(seen, ofSeen)
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalAdopt))
  proposals
    .command('reject <id>')
    .description('reject a proposal')
    .option(seen, ofSeen)
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalReject))
  proposals
    .command('withdraw <id>')
    .description('withdraw an adopted proposal: reverse its change')
    .option(seen, ofSeen)
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalWithdraw))
}
