import { type Command, Option } from 'commander'
import { viewsHelp } from '../../server/sql/views.ts'
import type { Calls } from '../calls.ts'
import { limit } from './options.ts'

export function lookCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Look:')
  program
    .command('top')
    .description(
      'show queues, runs, spending and waiting runs, live, until q; only once if the output is not a terminal',
    )
    .action(calls('viewer', async () => (await import('../look/top/top.ts')).top))
  program
    .command('runs')
    .description('list runs, the newest first')
    .option('--status <status>', 'only runs of this status')
    .option('--workflow <name>', 'only runs of this workflow')
    .option(
      '--text <text>',
      'only runs with this text in the id, the workflow, the keys, the reason or the beginning of the input',
    )
    .option('--since <when>', 'started since then: 2d, 12h, or 2026-11-03')
    .option('--until <when>', 'started before then: 1h, or 2026-11-04')
    .option('--children', 'list child runs too; with --status, --workflow or --text they are listed anyway')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../look/lists.ts')).runs))
  program
    .command('show <run>')
    .description('show a run: its task, what it knew, what it did, and why it counts as done')
    .option('--events', 'show the raw events')
    .option('--after <seq>', 'with --events: only events after this number', '0')
    .addOption(new Option('--limit <n>', 'the most events, calls or answers of each kind').default('500'))
    .action(calls('viewer', async () => (await import('../look/show.ts')).show))
  program
    .command('follow <run>')
    .description('show each event of a run as it happens, from its start until it ends or waits')
    .action(calls('viewer', async () => (await import('../look/follow.ts')).follow))
  program
    .command('logs [run]')
    .description('show log lines and errors of all workers; of one run, or of all runs')
    .option('-f, --follow', 'show new lines as they come, until Ctrl-C')
    .option('--all', 'show every event')
    .option('--workflow <name>', 'only runs of this workflow')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../look/logs.ts')).logs))
  program
    .command('approvals [id]')
    .description(
      'list the approvals and questions that wait for a person; or show one in full, with its context',
    )
    .option('--aside', 'list the requests that are held back: one sender or one kind has sent too many')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../look/lists.ts')).approvals))
  const trigger = program
    .command('trigger')
    .description('list or test triggers, which start runs from outside')
  trigger
    .command('list')
    .description('list the triggers: address, state, and last event')
    .action(calls('viewer', async () => (await import('../look/triggers.ts')).triggerList))
  trigger
    .command('test <name>')
    .description(
      'send a signed sample to a trigger (at --server or REEVE_URL; else this machine), as the sender would',
    )
    .option('--body <file>', 'the file to send as the body')
    .action(
      calls(
        'operator',
        async () => (await import('../look/triggers.ts')).triggerTest,
        'asks its server itself',
      ),
    )
  program
    .command('costs')
    .description('add up the cost of paid models, in total and per succeeded run')
    .option('--by <group>', 'run, agent, model, workflow or day')
    .option('--since <duration>', 'only calls of the last 7d, 12h …')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../look/costs.ts')).costs))
  program
    .command('models [action]')
    .description(
      'list the keys, routes, solvers, prices and open circuit breakers of models; `models test` asks each solver once',
    )
    .action(calls('viewer', async () => (await import('../look/models.ts')).models))
  program
    .command('sql <query>')
    .description(
      'run one SQL query that only reads the views runs, steps, effects, model_calls and approvals',
    )
    .addOption(limit('100'))
    .addHelpText('after', viewsHelp)
    .action(calls('operator', async () => (await import('../look/sql.ts')).sql))
  program
    .command('check <name>')
    .description('show the trust level of an agent or workflow, and why; an owner may set another level')
    .option(
      '--level <level>',
      'observe, draft, supervised or autonomous: a lower one, or the next that it has earned',
    )
    .option(
      '--evals <result>',
      'the evaluation whose last result counts, or green or red as your own statement',
    )
    .option('--why <text>', 'with --level: the reason; recorded in the audit log')
    .action(calls('viewer', async () => (await import('../look/check.ts')).check))
  program
    .command('doctor')
    .description('check the project, its data and its machine')
    .action(
      calls('nobody', async () => (await import('../look/doctor/doctor.ts')).doctor, {
        why: 'it checks the machine that it runs on.',
      }),
    )
}
