import type { Command } from 'commander'
import type { Calls, Here } from './calls.ts'
import { limit } from './options.ts'

const data: Here = { why: 'it asks the database itself; the server has it in its API.' }
const here: Here = { why: 'it runs the code of a project on this machine.' }

export function learnCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Learn:')
  program
    .command('failures')
    .description('sort what failed and what people corrected by where the fix belongs')
    .option('--since <duration>', 'only of the last 7d, 12h …', '30d')
    .action(calls('viewer', async () => (await import('../learn/failures.ts')).failures, data))
  const evals = program
    .command('eval [name]')
    .description('run the evaluations of the project, or one; fails where one got worse beyond chance')
    .option('--baseline <id>', 'compare with this result, or with a file of --write-baseline')
    .option('--write-baseline', 'keep the scores in evals/NAME.baseline.json')
    .option('--junit <file>', 'write the results as JUnit XML too')
    .option('--journals <file>', 'keep the journals of the runs in this new SQLite file')
    .action(calls('operator', async () => (await import('../learn/evaluate.ts')).evaluations, here))
  evals
    .command('list [name]')
    .description('list the results of evaluations, the newest first')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../learn/eval-list.ts')).evalList, here))
  evals
    .command('replay')
    .description('try the present code over recorded runs, answered by their journals; nothing acts')
    .option('--workflow <name>', 'only its runs')
    .option('--since <duration>', 'only runs that ended in the last 7d, 12h …')
    .option('--tolerant', 'where arguments differ, take the answer of the call of that name and go on')
    .option('--ask', 'ask the present routes where a prompt has changed; that may cost money')
    .addOption(limit('100'))
    .action(calls('operator', async () => (await import('../learn/replay.ts')).replay, here))
}
