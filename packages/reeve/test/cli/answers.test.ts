import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { answers } from '../../../../scripts/reference/answers/answers.ts'
import { commandWords, withoutAnswer } from '../../../../scripts/reference/answers.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { reeve } from './hosted.ts'
import { project } from './reeve.ts'
import { wholeProject } from './whole-project.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a command answers is what this file is about.
type Answer = any

/** Some 200 commands, of some milliseconds each; on a busy machine that is long. */
const timeout = 1_200_000

/** By the words of what was asked: what it answered. */
const answered = new Map<string, Answer[]>()

/** They need a server, another service or a failing script. The tests that are named look at what they answer. */
const elsewhere: Record<string, string> = {
  open: 'web.test.ts',
  'trigger test': 'triggers-logs.test.ts',
  connect: 'connect.test.ts',
  'connectors diff --accept': '../connectors',
  'mcp pin': '../tools/mcp',
  'secrets set': 'people.test.ts',
  'secrets rotate': 'people.test.ts',
  'secrets delete': 'people.test.ts',
  'revoke GRANT': 'people.test.ts',
  'secrets rotate --key': 'secrets-key.test.ts',
  'lessons adopt': '../learning',
  'lessons reject': '../learning',
  'proposals adopt': '../learning',
  'proposals reject': '../learning',
  override: 'override.test.ts',
  'repairs show': '../autonomy/repair.test.ts',
  'repairs diff': '../autonomy/repair.test.ts',
  'repairs promote': '../autonomy/repair.test.ts',
  'repairs rollback': '../autonomy/repair.test.ts',
  'audit key --rotate': '../audit',
}

let folder = ''
const environment = { REEVE_SECRETS_KEY: SealingKey.make().secret, SHOP_SECRET: 'whsec_AwMDAwMD' }

/** Asks it with `--json`, and keeps what it answers under `words`. */
async function ask(words: string, args: string[] = [], at = folder): Promise<Answer> {
  const typed = [
    ...words.split(' ').filter((word) => word.length > 0 && word !== word.toUpperCase()),
    ...args,
  ]
  const { code, stdout, stderr } = await reeve(at, [...typed, '--json'], { environment })
  const isLines = words === 'logs' || words === 'memory export'
  const told: Answer[] = isLines
    ? stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [JSON.parse(stdout)]
  const failed = told.find((each) => code === 2 || each.error?.code === 'internal')
  if (failed) throw new Error(`reeve ${typed.join(' ')}: ${JSON.stringify(failed)}${stderr}`)
  answered.set(words, [...(answered.get(words) ?? []), ...told])
  return told[0]
}

/** What a schema does not describe, by its place. */
function undescribed(given: Answer, read: Answer, place: string): string[] {
  if (given === null || typeof given !== 'object' || read === null || typeof read !== 'object') return []
  return Object.keys(given).flatMap((name) =>
    name in read
      ? undescribed(given[name], read[name], `${place}.${name}`)
      : [`${place}.${name} is not described`],
  )
}

function faultsOf(schema: z.ZodType, { schemaVersion, ...answer }: Answer): string[] {
  const read = schema.safeParse(answer)
  return [
    ...(schemaVersion === 1 ? [] : ['schemaVersion is not 1']),
    ...(read.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []),
    ...(read.success ? undescribed(answer, read.data, '') : []),
  ]
}

/** Asks all of them of one project, in an order in which each has something to tell. */
async function askAll(): Promise<void> {
  folder = wholeProject()
  const started = (workflow: string, input: object) =>
    ask('run', [workflow, '--input', JSON.stringify(input)])
  const greeted = await ask('run', ['greet', '--input', '{"name":"Ann"}', '--key', 'k1'])
  await ask('run --detach', ['greet', '--input', '{"name":"Bob"}'])
  const failed = await started('mendable', {})
  const waiting = await started('await-go', { ticket: 'T-1' })
  const [replied, held, kept] = [
    await started('reply', { to: 'ann@example.com', text: 'hi' }),
    await started('reply', { to: 'bob@example.com', text: 'hi' }),
    await started('reply', { to: 'eve@example.com', text: 'hi' }),
  ]
  const [asked, paid] = [await started('ask', {}), await started('pay', { amount: 3 })]
  await ask('runs')
  for (const each of [greeted, failed, waiting, replied, asked, paid]) await ask('show', [each.runId])
  await ask('show --events', [failed.runId])
  await ask('follow', [greeted.runId])
  await ask('logs')
  await ask('approvals')
  const idOf = (rested: Answer): string => rested.approvals[0].id
  for (const each of [replied, asked, paid]) await ask('approvals ID', [idOf(each)])
  await ask('principals add', ['bob', '--role', 'approver'])
  await ask('delegate', [idOf(replied), 'bob'])
  await ask('approve', [idOf(replied), '--work'])
  await ask('approve', [idOf(kept), '--remember', '30d'])
  const { permissions } = await ask('permissions')
  await ask('permissions revoke', [permissions[0].id])
  await ask('approvals ID', [idOf(replied)])
  await ask('reject', [idOf(held), '--why', 'no'])
  await ask('answer', [idOf(asked), '{"count":3}', '--work'])
  await ask('answer', [idOf(paid), 'happened', '--result', '{"receipt":"r"}'])
  for (const words of [
    'schedules',
    'schedules pause',
    'schedules resume',
    'schedules run --detach',
    'schedules run',
  ])
    await ask(words, words === 'schedules' ? [] : ['yearly'])
  for (const words of [
    'schedules',
    'trigger list',
    'budgets',
    'costs',
    'models',
    'models test',
    'doctor',
    'top',
  ])
    await ask(words)
  await ask('costs --by', ['workflow'])
  await ask('sql', ['select id, status from runs'])
  await ask('check', ['greet'])
  await ask('memory ingest', ['outside/returns.md'])
  const { passages } = await ask('memory search', ['returns'])
  const item: string = passages.find(({ source }: Answer) => source.includes('returns')).id
  await ask('memory why', [replied.runId])
  await ask('memory amend', [item, 'Goods come back within ten days.', '--why', 'new'])
  await ask('memory history', [item])
  await ask('memory export')
  await ask('memory rollback', ['--item', item, '--why', 'x', '--dry-run'])
  for (const words of ['memory rollback', 'memory retract', 'memory redact'])
    await ask(
      words,
      words === 'memory rollback' ? ['--item', item, '--why', 'x', '--yes'] : [item, '--why', 'x'],
    )
  await ask('eval', ['greet'])
  await ask('eval list')
  await ask('eval replay')
  await ask('correct', [replied.runId, 'review', '{"score":0.1,"problems":["rude"]}'])
  await ask('eval cases', ['--question', 'review'])
  await ask('failures')
  for (const words of ['lessons withdraw', 'proposals withdraw']) {
    const lesson = await ask('lessons add', ['reply', `Be brief: ${words}.`])
    await ask('lessons show', [lesson.id])
    await ask('proposals show', [lesson.id])
    await ask(words, [lesson.id])
  }
  await ask('lessons list', ['--all'])
  await ask('proposals list', ['--all'])
  await ask('lessons learn')
  await ask('test record', [greeted.runId])
  await ask('signal', [waiting.runId, 'go', '{"a":1}'])
  for (const words of ['pause', 'resume', 'cancel']) await ask(words, [waiting.runId])
  await ask('retry', [failed.runId])
  await ask('fork', [replied.runId, '--from', '1', '--yes'])
  await ask('undo --dry-run', [replied.runId])
  await ask('undo', [replied.runId, '--yes'])
  for (const words of ['queues', 'queues pause', 'queues resume'])
    await ask(words, words === 'queues' ? [] : ['narrow'])
  for (const words of ['daemons pause', 'daemons resume', 'daemons wake', 'daemons show'])
    await ask(words, ['steward'])
  for (const words of [
    'daemons list',
    'ledger',
    'goals list',
    'directives list',
    'directives lint',
    'repairs list',
  ])
    await ask(words)
  await ask('goals set', ['fewer-waits', '--at-most', '4', '--why', 'x'])
  await ask('goals show', ['fewer-waits'])
  await ask('directives run', ['count-stock'])
  await ask('directives note', ['count-stock', 'It rains', '--why', 'x'])
  for (const words of ['directives show', 'directives history', 'directives diff'])
    await ask(words, ['count-stock'])
  await ask('skills import', ['outside/forms'])
  mkdirSync(join(folder, 'skills/forms.scripts'), { recursive: true })
  copyFileSync(join(folder, 'outside/count.yaml'), join(folder, 'skills/forms.scripts/count.yaml'))
  await ask('skills approve', ['forms/count'])
  await ask('skills show', ['forms'])
  for (const words of ['skills list', 'scripts list', 'scripts test', 'whoami', 'principals'])
    await ask(words)
  for (const words of ['scripts show', 'scripts run']) await ask(words, ['count'])
  const granted = await ask('grant', ['workflow:reply', 'mail.send', '--for', '2h', '--why', 'x'])
  await ask('switch', ['ask', '--tool', 'mail.send'])
  await ask('grants')
  await ask('grants --who', ['mail.send'])
  await ask('policy', ['test'])
  await ask('grants back', [granted.id])
  await ask('revoke', ['workflow:greet'])
  for (const words of ['pause-all', 'resume-all', 'secrets list', 'token sign-in']) await ask(words)
  const token = await ask('token create', ['ci', '--role', 'viewer'])
  await ask('token list')
  await ask('token revoke', [token.id])
  await ask('connectors list')
  for (const words of ['connectors test', 'connectors versions', 'connectors diff'])
    await ask(words, ['stripe'])
  await ask('connectors disconnect', ['stripe', '--account', 'shop'])
  for (const words of ['audit verify', 'audit head', 'audit key']) await ask(words)
  await ask('audit verify RUN', [greeted.runId])
  await ask('audit export', ['audit.jsonl'])
  await ask('backup', ['b.db'])
  await ask('prune', ['--dry-run'])
  await ask('prune', ['--yes'])
  await ask('compact', ['--yes'])
  await ask('erase', ['--subject', 'ann@example.com', '--why', 'x', '--yes'])
  await ask('migrate')
  await ask('db adopt')
  await ask('db copy', ['file:.reeve/reeve.db', 'file:other.db', '--yes'])
  await ask('db reopen')
  await ask('init', ['fresh', '--yes'])
  const another = project()
  copyFileSync(join(folder, 'b.db'), join(another, 'b.db'))
  await ask('db restore', ['b.db', '--yes'], another)
}

test('the answer of every command is described, and no answer of a command that is not there', () => {
  const words = commandWords()
  expect(words.length).toBeGreaterThan(100)
  expect(words.filter((each) => !(each in answers) && !(each in withoutAnswer))).toEqual([])
  const isKnown = (form: string) => words.some((each) => form === each || form.startsWith(`${each} `))
  expect([...Object.keys(answers), ...Object.keys(withoutAnswer)].filter((form) => !isKnown(form))).toEqual(
    [],
  )
})

/** What people see of the same things, and what in it only a program should read. */
async function shownToPeople(): Promise<string[]> {
  const ids = (words: string): string[] => (answered.get(words) ?? []).map((each) => each.run?.id ?? each.id)
  const looks = [
    ...[...new Set(ids('show'))].map((id) => ['show', id]),
    ...[...new Set(ids('approvals ID'))].map((id) => ['approvals', id]),
    ...[
      'runs',
      'approvals',
      'schedules',
      'queues',
      'budgets',
      'costs',
      'models',
      'doctor',
      'top',
      'failures',
    ].map((word) => [word]),
    ...[
      'daemons',
      'goals',
      'directives',
      'skills',
      'scripts',
      'lessons',
      'proposals',
      'secrets',
      'token',
    ].map((word) => [word, 'list']),
    ['permissions'],
    ['principals'],
    ['grants'],
    ['ledger'],
    ['whoami'],
    ['connectors', 'list'],
    ['trigger', 'list'],
    ['goals', 'show', 'fewer-waits'],
    ['scripts', 'show', 'count'],
    ['check', 'greet'],
  ]
  const faults: string[] = []
  for (const words of looks) {
    const { stdout, stderr } = await reeve(folder, words, { environment })
    const found = /^\s*null$|.*(?:: \[\]$|\$schema|undefined|\[object ).*/m.exec(`${stdout}\n${stderr}`)
    if (found) faults.push(`reeve ${words.join(' ')}: ${found[0]}`)
  }
  return faults
}

/** In what a run was given or gave anything may stand. */
const foreign = new Set([
  'input',
  'output',
  'shown',
  'args',
  'payload',
  'body',
  'context',
  'definition',
  'evidence',
])

function badNames(value: Answer, place: string): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value as Record<string, Answer>).flatMap(([name, each]) => {
    const of = `${place}.${Array.isArray(value) ? '[]' : name}`
    const isId = /^(run|parent|child|approval|permission|proposal|execution|forkedFrom|origin)$/.test(name)
    if (isId && typeof each === 'string') return [`${of} is the id of another thing: ${name}Id`]
    if (/^(at|since|until)$|[a-z]At$/.test(name) && typeof each === 'number')
      return [`${of} is a time as a number`]
    return foreign.has(name) ? [] : badNames(each, of)
  })
}

test(
  'each command answers what is written down; another thing is named by its noun and Id, and a time is a text',
  async () => {
    await askAll()
    expect(Object.keys(answers).filter((form) => !answered.has(form) && !(form in elsewhere))).toEqual([])
    const faults = [...answered].flatMap(([form, all]) =>
      all.flatMap((answer) => faultsOf(answers[form]!, answer).map((fault) => `${form}: ${fault}`)),
    )
    expect([...new Set(faults)]).toEqual([])
    expect(badNames({ run: 'x', list: [{ sentAt: 1 }] }, '')).toHaveLength(2)
    const names = [...answered].flatMap(([form, all]) => all.flatMap((answer) => badNames(answer, form)))
    expect([...new Set(names)]).toEqual([])
    expect(await shownToPeople()).toEqual([])
  },
  timeout,
)
