import type { Command } from 'commander'
import type { Calls, Here } from './calls.ts'
import { limit, note } from './options.ts'

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
    .command('cases')
    .description('print what people corrected as cases of an evaluation, one a line')
    .option('--workflow <name>', 'of its runs: what they were given, and what people made of them')
    .option('--question <name>', 'what it was about, and what a person answered')
    .option('--since <duration>', 'only of the last 30d, 12h …', '90d')
    .option('--out <file>', 'write them to a file, such as evals/corrected.jsonl')
    .action(calls('viewer', async () => (await import('../learn/eval-cases.ts')).evalCases, data))
  evals
    .command('replay')
    .description('try the present code over recorded runs, answered by their journals; nothing acts')
    .option('--workflow <name>', 'only its runs')
    .option('--since <duration>', 'only runs that ended in the last 7d, 12h …')
    .option('--tolerant', 'where arguments differ, take the answer of the call of that name and go on')
    .option('--ask', 'ask the present routes where a prompt has changed; that may cost money')
    .addOption(limit('100'))
    .action(calls('operator', async () => (await import('../learn/replay.ts')).replay, here))
  const lessons = program
    .command('lessons')
    .description('what was learnt from failures, costs and corrections')
  lessons
    .command('list')
    .description('list what is in force and what is proposed, the newest first')
    .option('--all', 'those too that were rejected or withdrawn')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../learn/lessons.ts')).lessonList))
  lessons
    .command('show <id>')
    .description('show what one rests on, how it was tried, and how it does')
    .action(calls('viewer', async () => (await import('../learn/lessons.ts')).lessonShow))
  lessons
    .command('add <workflow> <text>')
    .description('put a lesson of your own in force')
    .option('--question <name>', 'only for questions of that name')
    .addOption(note())
    .action(calls('approver', async () => (await import('../learn/lessons.ts')).lessonAdd))
  lessons
    .command('adopt <id>')
    .description('let one count')
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalAdopt))
  lessons
    .command('reject <id>')
    .description('let one not count')
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalReject))
  lessons
    .command('withdraw <id>')
    .description('let one count no more')
    .addOption(note())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalWithdraw))
  lessons
    .command('learn')
    .description('learn now, as the schedule does by night')
    .action(calls('operator', async () => (await import('../learn/lessons.ts')).learnNow))
  program
    .command('test')
    .description('make tests of what has happened')
    .command('record <run>')
    .description(
      'make a test of a run that ended: the code is tried over what the run did, without models or tools',
    )
    .option('--name <name>', 'the name of its files (default: the workflow and the run)')
    .option('--replace', 'write over a test of that name')
    .action(calls('viewer', async () => (await import('../learn/record-test.ts')).recordTest, here))
  program
    .command('correct <run> <question> <answer>')
    .description('say what an answer of a run should have been (JSON): later ones learn of it')
    .option('--call <number>', 'which call, where the run asked it several times')
    .addOption(note())
    .action(calls('approver', async () => (await import('../learn/lessons.ts')).correct))
}
