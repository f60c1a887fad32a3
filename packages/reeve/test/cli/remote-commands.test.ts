import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { declaredCommands } from '../../src/cli/commands/all.ts'
import { reeve, reeveJson } from './hosted.ts'
import { served } from './served.ts'

/** Who asks has no project: a command that does not ask the server fails with `no-project`, or tells of another place. */
type Ids = Record<'done' | 'asks' | 'approval', string>
/** What is typed after the command, and the error that the server answers with; none: it is done. */
type Row = [typed: (ids: Ids) => string[], error?: string]

const none: Row = [() => []]
const done: Row = [({ done: run }) => [run]]
const because = ['--why', 'tried']
const unknown = (error: string, ...typed: string[]): Row => [() => typed, error]

/** Every command that a server does, in an order in which it can: with what is typed after it. */
const remote: Record<string, Row> = {
  open: [() => ['--no-browser']],
  run: [() => ['greet', '--input', '{"name":"Ada"}']],
  top: none,
  runs: none,
  show: done,
  follow: done,
  logs: done,
  approvals: none,
  schedules: none,
  'trigger list': none,
  'trigger test': unknown('no-project', 'web'),
  budgets: none,
  costs: none,
  models: none,
  sql: [() => ['select id from runs']],
  check: [() => ['greet']],
  'memory search': [() => ['harbour']],
  'memory history': unknown('unknown-memory', 'none'),
  'memory why': done,
  'memory amend': unknown('unknown-memory', 'none', 'new', ...because),
  'memory retract': unknown('unknown-memory', 'none', ...because),
  'memory redact': unknown('unknown-memory', 'none', ...because),
  'memory rollback': [({ done: run }) => ['--run', run, ...because]],
  'memory export': none,
  failures: none,
  'eval list': none,
  'eval cases': [() => ['--workflow', 'reply']],
  'lessons list': none,
  'lessons show': unknown('unknown-proposal', 'none'),
  'lessons add': [() => ['reply', 'Be brief.']],
  'lessons adopt': unknown('unknown-proposal', 'none'),
  'lessons reject': unknown('unknown-proposal', 'none'),
  'lessons withdraw': unknown('unknown-proposal', 'none'),
  'lessons learn': none,
  correct: [({ done: run }) => [run, 'tone', '"kind"'], 'unknown-question'],
  // While it waits: of one that goes on its worker alone can tell, and the journal says so.
  override: [({ asks }) => [asks, '99', '--error', 'gone', ...because], 'cannot-override'],
  // Before the approval that holds for later calls, too.
  signal: [({ asks }) => [asks, 'go']],
  pause: [({ asks }) => [asks]],
  resume: [({ asks }) => [asks]],
  cancel: [({ asks }) => [asks]],
  approve: [({ approval }) => [approval, '--remember', '1h']],
  delegate: [({ approval }) => [approval, 'ada'], 'already-decided'],
  reject: [({ approval }) => [approval], 'already-decided'],
  answer: [({ approval }) => [approval, '1'], 'wrong-answer'],
  permissions: none,
  'permissions revoke': unknown('unknown-permission', 'none', ...because),
  'proposals list': none,
  'proposals show': unknown('unknown-proposal', 'none'),
  'proposals adopt': unknown('unknown-proposal', 'none'),
  'proposals reject': unknown('unknown-proposal', 'none'),
  'proposals withdraw': unknown('unknown-proposal', 'none'),
  retry: [({ done: run }) => [run], 'cannot-retry'],
  fork: [({ done: run }) => [run, '--from', '1']],
  undo: [({ done: run }) => [run, '--dry-run']],
  queues: none,
  ledger: none,
  'daemons list': none,
  'daemons show': unknown('unknown-daemon', 'none'),
  'daemons pause': unknown('unknown-daemon', 'none'),
  'daemons resume': unknown('unknown-daemon', 'none'),
  'daemons wake': unknown('unknown-daemon', 'none'),
  'goals list': none,
  'goals show': unknown('unknown-goal', 'none'),
  'goals set': unknown('unknown-goal', 'none', '--at-least', '1'),
  'directives list': none,
  'directives show': unknown('unknown-directive', 'none'),
  'directives history': unknown('unknown-directive', 'none'),
  'directives diff': unknown('unknown-directive-version', 'none'),
  'directives note': unknown('unknown-directive', 'none', 'a line'),
  'directives run': unknown('unknown-workflow', 'none'),
  'repairs list': none,
  'repairs show': unknown('unknown-repair', 'none'),
  'repairs diff': unknown('unknown-repair', 'none'),
  'repairs promote': unknown('unknown-repair', 'none'),
  'repairs rollback': unknown('unknown-repair', 'none'),
  'scripts list': none,
  'scripts show': unknown('unknown-script', 'none'),
  whoami: none,
  principals: [() => ['add', 'eve', '--role', 'viewer', ...because]],
  grant: [() => ['workflow:reply', 'mail.none', '--for', '1h', ...because], 'grant-without-tool'],
  grants: [() => ['--who', 'send']],
  revoke: [() => ['workflow:reply', ...because]],
  switch: [() => ['ask', '--tool', 'send', ...because]],
  policy: [() => ['test', '--since', '7d']],
  'pause-all': [() => because],
  'resume-all': none,
  'secrets set': unknown('bad-secret', 'KEY'),
  'secrets list': none,
  'secrets rotate': unknown('bad-secret', 'KEY'),
  'secrets delete': unknown('unknown-secret', 'KEY'),
  'token create': [() => ['other']],
  'token list': none,
  'token revoke': unknown('unknown-token', 'none'),
  'token sign-in': none,
  connect: unknown('no-project', 'none'),
  'connectors list': none,
  'connectors test': unknown('unknown-connection', 'none'),
  'connectors versions': unknown('unknown-connection', 'none'),
  'connectors diff': unknown('unknown-connection', 'none'),
  'connectors disconnect': unknown('unknown-connection', 'none'),
}

/** Those that are about a machine, its files or its database, and say so. */
const local: Record<string, string[]> = {
  dev: [],
  start: [],
  worker: [],
  watchdog: [],
  init: [],
  mcp: [],
  'mcp pin': [],
  doctor: [],
  'memory ingest': ['notes'],
  eval: [],
  'eval replay': [],
  'test record': ['none'],
  'directives lint': [],
  'skills list': [],
  'skills show': ['pdf'],
  'skills import': ['pdf'],
  'skills approve': ['pdf/fill'],
  'scripts test': [],
  'scripts run': ['count'],
  'audit verify': [],
  'audit export': ['all.jsonl'],
  'audit head': [],
  'audit key': [],
  backup: [],
  prune: [],
  compact: [],
  erase: ['--subject', 'ada@example.com'],
  migrate: [],
  'db copy': ['file:a', 'file:b'],
  'db restore': [],
  'db reopen': [],
  'db adopt': [],
}

function namesOf(command: Command, above: string[] = []): string[] {
  return command.commands.flatMap((each) => {
    const words = [...above, each.name()]
    const within = namesOf(each, words)
    const acts = (each as unknown as { _actionHandler: unknown })._actionHandler
    return acts ? [words.join(' '), ...within] : within
  })
}

test('every command is in the list of those that a server does, or of those that are about a machine', () => {
  expect([...Object.keys(remote), ...Object.keys(local)].toSorted()).toEqual(
    namesOf(declaredCommands()).toSorted(),
  )
})

test('each does at a server what it does with the database, or says in a sentence why it cannot', async () => {
  const { folder, url, elsewhere, environment, thereJson } = await served()
  const reply = ['run', 'reply', '--input', '{"to":"ada@example.com","text":"hi"}']
  const { approvals } = await thereJson<{ approvals: { id: string }[] }>(...reply)
  const { runId: asks } = await thereJson<{ runId: string }>(...reply)
  const { runId: ended } = await thereJson<{ runId: string }>('run', 'greet', '--input', '{"name":"Ada"}')
  const ids = { done: ended, asks, approval: approvals[0]!.id }
  const wrong: Record<string, string> = {}
  for (const [name, [typed, error]] of Object.entries(remote)) {
    const words = [...name.split(' '), ...typed(ids), '--json', '--server', url]
    const { stdout, stderr } = await reeve(elsewhere, words, { environment })
    const found = /"code": ?"([a-z-]+)"/.exec(/"error"[\s\S]*/.exec(stdout)?.[0] ?? '')?.[1]
    if (found !== error) wrong[name] = `${found}: ${stdout.slice(0, 300)}${stderr.slice(0, 300)}`
  }
  expect(wrong).toEqual({})
  for (const [name, typed] of Object.entries(local)) {
    const words = [...name.split(' '), ...typed]
    const { code, stderr } = await reeve(elsewhere, [...words, '--server', url])
    expect(stderr, name).toMatch(
      new RegExp(
        `^reeve: reeve ${name} cannot be done at ${url}: it [^.]+\\. Leave out --server, where the data is\\.\n$`,
      ),
    )
    expect(code, name).toBe(2)
  }
  expect((await reeveJson<{ runs: unknown[] }>(folder, ['runs'])).runs.length).toBeGreaterThan(2)
})
