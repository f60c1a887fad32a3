import type { Command } from 'commander'
import type { Calls, Here } from './calls.ts'
import { limit } from './options.ts'

const here: Here = { why: 'it is about the files of this folder.', always: true }

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
  const directives = program.command('directives').description('standing instructions: directives/*.md')
  directives
    .command('list')
    .description('each with its goal and what it calls')
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveList))
  directives
    .command('lint')
    .description('say what is wrong with directives and scripts, with the lines')
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveLint, here))
  directives
    .command('show <name>')
    .description('one, as it is written')
    .action(calls('nobody', async () => (await import('../autonomy/directives.ts')).directiveShow))
  directives
    .command('history <name>')
    .description('its versions, the newest first: who made each, when and why')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/directive-versions.ts')).directiveHistory))
  directives
    .command('diff <name> [from] [to]')
    .description('what differs between two versions; without numbers, what the newest one changed')
    .action(calls('viewer', async () => (await import('../autonomy/directive-versions.ts')).directiveDiff))
  directives
    .command('note <name> <line>')
    .description('add a line to its known failure modes, in its file')
    .option('--why <text>', 'why; kept with the version and in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/directive-versions.ts')).directiveNote))
  directives
    .command('run <name>')
    .description('follow one now, and show each step as it happens')
    .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
    .option('--key <key>', 'idempotency key: the same key and input start nothing twice')
    .option('--detach', 'leave it to the workers')
    .action(calls('operator', async () => (await import('../autonomy/directives.ts')).directiveRun))
  const repairs = program.command('repairs').description('failing scripts, and what became of their fixes')
  repairs
    .command('list')
    .description('what failed, where the fault lies, and how each repair stands')
    .option('--script <name>', 'only of this script')
    .addOption(limit('20'))
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairList))
  repairs
    .command('show <id>')
    .description('one, with every fix that was tried and why it was taken or not')
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairShow))
  repairs
    .command('diff <id>')
    .description('what it changes of the script')
    .action(calls('viewer', async () => (await import('../autonomy/repairs.ts')).repairDiff))
  repairs
    .command('promote <id>')
    .description('let a proposed fix take the place of its script; it is watched')
    .option('--why <text>', 'why; kept in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/repairs.ts')).repairPromote))
  repairs
    .command('rollback <id>')
    .description('make the script again what it was before')
    .option('--why <text>', 'why; kept in the log of acts')
    .action(calls('operator', async () => (await import('../autonomy/repairs.ts')).repairRollback))
  const skills = program.command('skills').description('folders of instructions and scripts: skills/*')
  skills
    .command('list')
    .description('each with what it is for, whether it is as it was imported, and its scripts')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillList, here))
  skills
    .command('show <name>')
    .description('one: its text, what it asks for, and what keeps its scripts from being called')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillShow, here))
  skills
    .command('import <path>')
    .description('copy a skill into the project and pin it by a hash; its scripts are quarantined')
    .option('--replace', 'take the place of the one that is there')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillImport, here))
  skills
    .command('approve <script>')
    .description('let a script of a skill be called, as it is now: pdf/fill_form')
    .action(calls('nobody', async () => (await import('../autonomy/skills.ts')).skillApprove, here))
  const scripts = program.command('scripts').description('programs that do one thing: scripts/*')
  scripts
    .command('list')
    .description('each with what it does and what it may')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptList))
  scripts
    .command('show <name>')
    .description('what one declares, and which walls it has on this machine')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptShow))
  scripts
    .command('test [name]')
    .description('run the tests of one script, or of all')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptTest, here))
  scripts
    .command('run <name>')
    .description('run one by hand that only reads, or its dry run')
    .option('--input <json>', 'JSON, the path of a JSON file, or - for stdin')
    .option('--dry-run', 'let it say what it would do')
    .action(calls('nobody', async () => (await import('../autonomy/scripts.ts')).scriptRun, here))
}
