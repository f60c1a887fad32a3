import type { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { limit } from './options.ts'

export function steerCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Steer:')
  program
    .command('signal <run> <name> [json]')
    .description('send a signal to a run')
    .option('--id <id>', 'a signal with the same id counts only once')
    .action(calls('operator', async () => (await import('../steer/control.ts')).signal))
  program
    .command('override <run> <call>')
    .description(
      'say what a call comes to that waits, or a step that hangs; the journal keeps who did, and why',
    )
    .option('--result <json>', 'it gives this')
    .option('--error <text>', 'it fails with this')
    .option('--skip-wait', 'its wait is over; what is tried again is tried now')
    .requiredOption('--why <text>', 'the reason: the journal keeps it')
    .action(calls('operator', async () => (await import('../steer/override.ts')).override))
  program
    .command('cancel <run>')
    .description('cancel a run and its children')
    .action(calls('operator', async () => (await import('../steer/control.ts')).cancel))
  program
    .command('pause <run>')
    .description('pause a run')
    .action(calls('operator', async () => (await import('../steer/control.ts')).pause))
  program
    .command('resume <run>')
    .description('resume a paused run')
    .action(calls('operator', async () => (await import('../steer/control.ts')).resume))
  program
    .command('retry <run>')
    .description('retry a failed or stuck run; completed calls are not repeated')
    .option('--children', 'also retry the child runs whose failure made it fail')
    .action(calls('operator', async () => (await import('../steer/control.ts')).retry))
  program
    .command('fork <run>')
    .description('start a new run that shares the journal of another up to a call')
    .requiredOption('--from <call>', 'the number of the first call to make again')
    .option('--yes', 'allow effects to be sent again that were sent before')
    .action(calls('operator', async () => (await import('../steer/control.ts')).fork))
  program
    .command('undo <run>')
    .description('undo the effects of an ended run, the last one first')
    .option('--from <call>', 'only effects from this call number on')
    .option('--dry-run', 'only say what would be undone, and what cannot be undone')
    .option('--yes', 'do not ask')
    .action(calls('operator', async () => (await import('../steer/undo.ts')).undo))
  program
    .command('queues [action] [name]')
    .description('list the queues; pause or resume NAME')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../steer/queues.ts')).queues))
  program
    .command('schedules [action] [name]')
    .description('list the schedules, their next times and last outcomes; pause, resume or run NAME')
    .option('--detach', 'with run: leave it to the workers')
    .option('--follow', 'with run: stay until the run ends, also while it only waits')
    .option('--outcomes <n>', 'the most outcomes of each schedule', '5')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../steer/schedules.ts')).schedules))
  program
    .command('budgets')
    .description('list the budgets for models, and what was spent')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../steer/budgets.ts')).budgets))
}
