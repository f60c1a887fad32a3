import { type Command, Option } from 'commander'
import { viewsHelp } from '../../server/sql/views.ts'
import type { Calls } from './calls.ts'
import { limit } from './options.ts'

export function lookCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Look:')
  program
    .command('top')
    .description('show queues, runs, spend and what waits, live, until q; once where no person looks')
    .action(calls('viewer', async () => (await import('../look/top/top.ts')).top))
  program
    .command('runs')
    .description('list runs, the newest first')
    .option('--status <status>', 'only those')
    .option('--workflow <name>', 'only its runs')
    .option('--text <text>', 'found in the id, the workflow, the keys or the reason')
    .option('--since <when>', 'started since then: 2d, 12h, or 2026-11-03')
    .option('--until <when>', 'started before then: 1h, or 2026-11-04')
    .option(
      '--children',
      'those too that other runs started; with --status, --workflow or --text they are looked at anyway',
    )
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../look/lists.ts')).runs))
  program
    .command('show <run>')
    .description('what a run was to do, what it knew, what it did, and why it counts as done')
    .option('--events', 'the raw events')
    .option('--after <seq>', 'with --events: those after this one', '0')
    .addOption(
      new Option('--limit <n>', 'the most events, calls or answers to list of each kind').default('500'),
    )
    .action(calls('viewer', async () => (await import('../look/show.ts')).show))
  program
    .command('follow <run>')
    .description('tell what a run does as it happens, from its beginning, until it comes to rest')
    .action(calls('viewer', async () => (await import('../look/follow.ts')).follow))
  program
    .command('logs [run]')
    .description('tell what runs logged and what went wrong, of all workers; of one run, or of all')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--all', 'every event')
    .option('--workflow <name>', 'only its runs')
    .addOption(limit('50'))
    .action(
      calls('viewer', async () => (await import('../look/logs.ts')).logs, {
        why: 'it asks the database itself; the server has it in its API.',
      }),
    )
  program
    .command('approvals [id]')
    .description('list what waits for a person; or show one whole, with what it is about')
    .option('--aside', 'what is kept back: more of one sender, or of one kind, than people are shown')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../look/lists.ts')).approvals))
  program
    .command('schedules [action] [name]')
    .description('list the schedules, their next times and last outcomes; pause, resume or run NAME')
    .option('--detach', 'with run: leave it to the workers')
    .addOption(new Option('--limit <n>', 'the most outcomes of each schedule').default('5'))
    .option('--most <n>', 'the most schedules to list', '50')
    .action(calls('viewer', async () => (await import('../steer/schedules.ts')).schedules))
  const trigger = program.command('trigger').description('what starts runs from outside')
  trigger
    .command('list')
    .description('list the triggers: how each is reached, whether it can be, and what came last')
    .action(calls('viewer', async () => (await import('../look/triggers.ts')).triggerList))
  trigger
    .command('test <name>')
    .description(
      'post a signed sample to the server (--server or REEVE_URL; else this machine), as the sender would',
    )
    .option('--body <file>', 'what to post: the bytes of a file')
    .action(
      calls(
        'operator',
        async () => (await import('../look/triggers.ts')).triggerTest,
        'asks its server itself',
      ),
    )
  program
    .command('budgets')
    .description('list what may be spent on models, and what is spent')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../steer/budgets.ts')).budgets))
  program
    .command('costs')
    .description('add up what paid models cost, per run that succeeded too')
    .option('--by <group>', 'run, agent, model, workflow or day')
    .option('--since <duration>', 'only calls of the last 7d, 12h …')
    .addOption(limit('50'))
    .action(calls('viewer', async () => (await import('../look/costs.ts')).costs))
  program
    .command('models [action]')
    .description('list keys, routes, solvers, prices and open breakers; models test asks each solver once')
    .action(calls('viewer', async () => (await import('../look/models.ts')).models))
  program
    .command('sql <query>')
    .description('ask one reading query of the views runs, steps, effects, model_calls and approvals')
    .addOption(limit('100'))
    .addHelpText('after', viewsHelp)
    .action(calls('operator', async () => (await import('../look/sql.ts')).sql))
  program
    .command('check <name>')
    .description('say how far an agent or workflow may be trusted, and why; an owner gives it another level')
    .option(
      '--level <level>',
      'observe, draft, supervised or autonomous: a lower one, or the next that it has earned',
    )
    .option(
      '--evals <result>',
      'the evaluation whose last result counts, or green or red, as somebody tells it',
    )
    .option('--why <text>', 'with --level: why; kept in the log of acts')
    .action(
      calls('viewer', async () => (await import('../look/check.ts')).check, {
        why: 'it reads the code of a project on this machine.',
      }),
    )
  program
    .command('doctor')
    .description('check the project, its data and its machine')
    .action(
      calls('nobody', async () => (await import('../look/doctor/doctor.ts')).doctor, {
        why: 'it checks the machine that it runs on.',
      }),
    )
}
