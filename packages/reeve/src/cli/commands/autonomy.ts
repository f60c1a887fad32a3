import type { Command } from 'commander'
import type { Calls, Here } from '../calls.ts'
import { limit, why } from './options.ts'

const here: Here = { why: 'it works on the files of this folder.', always: true }

export function autonomyCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Automate:')
  program
    .command('ledger')
    .description('list the decisions of daemons: reason, result and cost; the newest first')
    .option('--daemon <name>', 'only decisions of this daemon')
    .option('--since <duration>', 'only decisions of the last 7d, 12h …')
    .option('--skipped', 'list cycles without a decision too')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/ledger.ts')).ledger))
  const daemons = program
    .command('daemons')
    .description('list, pause, resume or wake daemons: processes that wake, decide and act by themselves')
  daemons
    .command('list')
    .description('list the daemons: state, next wake, last decision')
    .action(calls('viewer', async () => (await import('../autonomy/daemons.ts')).daemonList))
  daemons
    .command('show <name>')
    .description('show the state of a daemon and its last decisions')
    .addOption(limit('10'))
    .action(calls('viewer', async () => (await import('../autonomy/daemons.ts')).daemonShow))
  daemons
    .command('pause <name>')
    .description('pause a daemon: it starts no further cycle; a cycle in progress finishes')
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonPause))
  daemons
    .command('resume <name>')
    .description('resume a paused daemon')
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonResume))
  daemons
    .command('wake <name>')
    .description(
      'wake a daemon: it decides now, or as soon as its shortest interval allows; what it had closed is open again',
    )
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/daemons.ts')).daemonWake))
  const goals = program
    .command('goals')
    .description('list, show or change the standing goals that daemons serve')
  goals
    .command('list')
    .description('list the goals: value, target, progress and owner')
    .action(calls('viewer', async () => (await import('../autonomy/goals.ts')).goalList))
  goals
    .command('show <name>')
    .description('show a goal, and the changes that people made to it')
    .action(calls('viewer', async () => (await import('../autonomy/goals.ts')).goalShow))
  goals
    .command('set <name>')
    .description('change a goal over its definition in code; recorded with who and why')
    .option('--at-least <number>', 'the target: no less than this')
    .option('--at-most <number>', 'the target: no more than this')
    .option('--review <day>', 'the day when a person reviews the goal: 2027-03-01')
    .option('--owner <name>', 'who is responsible for the goal')
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/goals.ts')).goalSet))
  const directives = program
    .command('directives')
    .description('list, check, show or run directives: the instructions in directives/*.md')
  directives
    .command('list')
    .description('list the directives: goal, and the tools and scripts that each one calls')
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveList))
  directives
    .command('lint')
    .description('check directives and scripts; show each mistake with its line')
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveLint, here))
  directives
    .command('show <name>')
    .description("show a directive's text")
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveShow))
  directives
    .command('history <name>')
    .description('list the versions of a directive, the newest first: who made each, when and why')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/directive-versions.ts')).directiveHistory))
  directives
    .command('diff <name> [from] [to]')
    .description(
      'show the difference between two versions of a directive; without numbers, the newest change',
    )
    .action(calls('viewer', async () => (await import('../autonomy/directive-versions.ts')).directiveDiff))
  directives
    .command('note <name> <line>')
    .description("add a line to a directive's known failure modes, in its file")
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/directive-versions.ts')).directiveNote))
  directives
    .command('run <name>')
    .description('run a directive now, and show each step as it happens')
    .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
    .option('--key <key>', 'idempotency key: the same key and input start one run only')
    .option('--detach', 'start the run, but let the workers drive it')
    .option('--follow', 'stay until the run ends, also while it only waits')
    .action(calls('operator', async () => (await import('../autonomy/directives.ts')).directiveRun))
  const repairs = program
    .command('repairs')
    .description('list, show, promote or roll back repairs of failing scripts')
  repairs
    .command('list')
    .description('list the repairs: what failed, where the fault is, and the state of each repair')
    .option('--script <name>', 'only repairs of this script')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairList))
  repairs
    .command('show <id>')
    .description('show a repair: every fix that was tried, and why it was accepted or refused')
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairShow))
  repairs
    .command('diff <id>')
    .description('show what a fix changes in its script')
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairDiff))
  repairs
    .command('promote <id>')
    .description('promote a proposed fix: it replaces its script, and is watched')
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/repairs.ts')).repairPromote))
  repairs
    .command('rollback <id>')
    .description('roll back a fix: restore the script as it was before')
    .addOption(why())
    .action(calls('operator', async () => (await import('../autonomy/repairs.ts')).repairRollback))
  const skills = program
    .command('skills')
    .description('list, show, import or approve skills: folders of instructions and scripts (skills/*)')
  skills
    .command('list')
    .description('list the skills: purpose, scripts, and whether they were changed after the import')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillList, here))
  skills
    .command('show <name>')
    .description(
      'show a skill: its text, the tools that it asks for, and what stops its scripts from being called',
    )
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillShow, here))
  skills
    .command('import <path>')
    .description('copy a skill into the project and pin it by a hash; its scripts are quarantined')
    .option('--replace', 'replace the skill of the same name')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillImport, here))
  skills
    .command('approve <script>')
    .description(
      'approve the present version of a script of a skill, so that it may be called: pdf/fill_form',
    )
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillApprove, here))
  const scripts = program
    .command('scripts')
    .description('list, show, test or run scripts: the programs in scripts/*')
  scripts
    .command('list')
    .description('list the scripts: what each one does, and what it may do')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptList))
  scripts
    .command('show <name>')
    .description("show a script's declaration, and its sandbox on this machine")
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptShow))
  scripts
    .command('test [name]')
    .description('run the tests of one script, or of all')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptTest, here))
  scripts
    .command('run <name>')
    .description('run a script by hand: one that only reads, or the dry run of another')
    .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
    .option('--dry-run', 'only say what the script would do')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptRun, here))
}
