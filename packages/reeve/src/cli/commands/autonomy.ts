import type { Command } from 'commander'
import type { Calls } from './calls.ts'
import { limit } from './options.ts'

export function autonomyCommands(program: Command, calls: Calls): void {
  program.commandsGroup('What runs by itself:')
  program
    .command('ledger')
    .description('what daemons decided, why, what came of it and what it cost; the newest first')
    .option('--daemon <name>', 'only its decisions')
    .option('--since <duration>', 'only those of this time up to now: 7d')
    .option('--skipped', 'cycles without a decision too')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/ledger.ts')).ledger))
  const daemons = program.command('daemons').description('what wakes, decides and acts by itself')
  daemons
    .command('list')
    .description('how each stands, when it wakes next, what it decided last')
    .action(calls('viewer', async () => (await import('../autonomy/daemons.ts')).daemonList))
  daemons
    .command('show <name>')
    .description('how one stands, with its last decisions')
    .addOption(limit('10'))
    .action(calls('viewer', async () => (await import('../autonomy/daemons.ts')).daemonShow))
  daemons
    .command('pause <name>')
    .description('begin no further cycle; one that is under way finishes')
    .option('--why <text>', 'why; kept in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonPause))
  daemons
    .command('resume <name>')
    .description('let it go on')
    .option('--why <text>', 'why; kept in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonResume))
  daemons
    .command('wake <name>')
    .description('let it decide now, or as soon as its floor allows; what it had closed is open again')
    .option('--why <text>', 'why; kept in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonWake))
  const goals = program.command('goals').description('the standing goals that daemons serve')
  goals
    .command('list')
    .description('each with its value, its target, how far it has come, and its owner')
    .action(calls('viewer', async () => (await import('../autonomy/goals.ts')).goalList))
  goals
    .command('show <name>')
    .description('one, with what people changed of it')
    .action(calls('viewer', async () => (await import('../autonomy/goals.ts')).goalShow))
  goals
    .command('set <name>')
    .description('change one over what the code says; recorded with who and why')
    .option('--at-least <number>', 'the target: no less than this')
    .option('--at-most <number>', 'the target: no more than this')
    .option('--review <day>', 'when a person looks at it again: 2027-03-01')
    .option('--owner <name>', 'who answers for it')
    .option('--why <text>', 'why')
    .action(calls('operator', async () => (await import('../autonomy/goals.ts')).goalSet))
}
