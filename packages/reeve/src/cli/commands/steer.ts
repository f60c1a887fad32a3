import type { Command } from 'commander'
import type { Calls } from './calls.ts'
import { limit } from './options.ts'

export function steerCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Steer:')
  program
    .command('signal <run> <name> [json]')
    .description('send a signal to a run')
    .option('--id <id>', 'the same id counts once')
    .action(calls('operator', async () => (await import('../steer/control.ts')).signal))
  program
    .command('cancel <run>')
    .description('end a run and its children')
    .action(calls('operator', async () => (await import('../steer/control.ts')).cancel))
  program
    .command('pause <run>')
    .description('hold a run where it is')
    .action(calls('operator', async () => (await import('../steer/control.ts')).pause))
  program
    .command('resume <run>')
    .description('let a held run go on')
    .action(calls('operator', async () => (await import('../steer/control.ts')).resume))
  program
    .command('retry <run>')
    .description('try a failed or stuck run again; what is done stays done')
    .option('--children', 'retry the children too whose failure failed it')
    .action(calls('operator', async () => (await import('../steer/control.ts')).retry))
  program
    .command('fork <run>')
    .description('start a new run that shares the journal of another up to a call')
    .requiredOption('--from <call>', 'the number of the first call to make anew')
    .option('--yes', 'send effects again that were sent already')
    .action(calls('operator', async () => (await import('../steer/control.ts')).fork))
  program
    .command('undo <run>')
    .description('undo what a run that has ended did outside, the last first')
    .option('--from <call>', 'only what the run did from this call on')
    .option('--dry-run', 'only say what would be undone, and what cannot be')
    .option('--yes', 'do not ask')
    .action(calls('operator', async () => (await import('../steer/undo.ts')).undo))
  program
    .command('queues [action] [name]')
    .description('list the queues; pause NAME or resume NAME')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../look/queues.ts')).queues))
}
