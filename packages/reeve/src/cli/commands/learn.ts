import type { Command } from 'commander'
import type { Calls, Here } from '../calls.ts'
import { limit, why } from './options.ts'

const here: Here = { why: 'it runs the code of a project on this machine.' }

export function learnCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Learn:')
  program
    .command('failures')
    .description('group failures and corrections by the place where the fix belongs')
    .option('--since <duration>', 'only failures of the last 7d, 12h …', '30d')
    .action(calls('viewer', async () => (await import('../learn/failures.ts')).failures))
  const evals = program
    .command('eval [name]')
    .description('run the evaluations of the project, or one; fails if a score got worse by more than chance')
    .option('--baseline <id>', 'compare with this result, or with a file from --write-baseline')
    .option('--write-baseline', 'write the scores to evals/NAME.baseline.json')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .option('--journals <file>', 'write the journals of the runs to this new SQLite file')
    .action(calls('operator', async () => (await import('../learn/evaluate.ts')).evaluations, here))
  evals
    .command('list [name]')
    .description('list the results of evaluations, the newest first')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../learn/eval-list.ts')).evalList))
  evals
    .command('cases')
    .description('print the corrections of people as cases for an evaluation, one per line')
    .option('--workflow <name>', 'of runs of this workflow: their input, and the corrected result')
    .option('--question <name>', 'of this question: what was asked, and what a person answered')
    .option('--since <duration>', 'only corrections of the last 30d, 12h …', '90d')
    .option('--out <file>', 'write them to a file, such as evals/corrected.jsonl')
    .action(calls('viewer', async () => (await import('../learn/eval-cases.ts')).evalCases))
  evals
    .command('replay')
    .description(
      'replay recorded runs with the present code, answered by their journals; nothing reaches the outside',
    )
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--since <duration>', 'only runs that ended in the last 7d, 12h …')
    .option('--tolerant', 'if arguments differ, use the answer of the call of the same name and continue')
    .option('--ask', 'if a prompt has changed, ask the present routes; this may cost money')
    .addOption(limit('100'))
    .action(calls('operator', async () => (await import('../learn/replay.ts')).replay, here))
  const lessons = program
    .command('lessons')
    .description('list and decide lessons: what Reeve learned from failures, costs and corrections')
  lessons
    .command('list')
    .description('list the active and the proposed lessons, the newest first')
    .option('--all', 'list rejected and withdrawn ones too')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../learn/lessons.ts')).lessonList))
  lessons
    .command('show <id>')
    .description('show the evidence of a lesson, its trial, and its effect since')
    .action(calls('viewer', async () => (await import('../learn/lessons.ts')).lessonShow))
  lessons
    .command('add <workflow> <text>')
    .description('add a lesson of your own; it is active at once')
    .option('--question <name>', 'only for questions of that name')
    .addOption(why())
    .action(calls('approver', async () => (await import('../learn/lessons.ts')).lessonAdd))
  lessons
    .command('adopt <id>')
    .description('adopt a proposed lesson: it is active from now on')
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalAdopt))
  lessons
    .command('reject <id>')
    .description('reject a proposed lesson')
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalReject))
  lessons
    .command('withdraw <id>')
    .description('withdraw an adopted lesson: it is no longer active')
    .addOption(why())
    .action(calls('approver', async () => (await import('../decide/proposals.ts')).proposalWithdraw))
  lessons
    .command('learn')
    .description('learn now, without waiting for the nightly schedule')
    .action(calls('operator', async () => (await import('../learn/lessons.ts')).learnNow))
  program
    .command('test')
    .description('make tests from recorded runs')
    .command('record <run>')
    .description(
      'make a test from an ended run: the test runs the present code against the recorded answers, without models or tools',
    )
    .option('--name <name>', 'the name of the test files (default: the workflow and the run)')
    .option('--replace', 'overwrite a test of that name')
    .action(calls('viewer', async () => (await import('../learn/record-test.ts')).recordTest, here))
  program
    .command('correct <run> <question> <answer>')
    .description('correct an answer of a run (JSON); later answers learn from it')
    .option('--call <number>', 'the call number, if the run asked the question several times')
    .addOption(why())
    .action(calls('approver', async () => (await import('../learn/lessons.ts')).correct))
}
