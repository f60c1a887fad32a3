import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { emptyFolder } from './reeve.ts'
import { served } from './served.ts'

/** Without what the two must differ in: how the next command names the place, and how long ago something was. */
function bare(text: string): string {
  return text
    .replaceAll(/ --server [^\s"]+/g, '')
    .replaceAll(/\d+(\.\d+)? (ms|s|min) so far/g, 'so far')
    .replaceAll(/"since": "[^"]+"/g, '"since"')
    .replaceAll(/ {2,}/g, '  ')
}

const looks = [
  ['runs'],
  ['runs', '--status', 'waiting', '--limit', '1'],
  ['approvals'],
  ['queues'],
  ['budgets'],
  ['schedules'],
  ['costs', '--by', 'workflow'],
  ['models'],
  ['sql', 'select workflow, status from runs order by workflow'],
  ['principals'],
  ['whoami'],
  ['directives', 'list'],
  ['directives', 'show', 'count'],
]

function writeDirective(folder: string): void {
  const script =
    '#!/bin/sh\n# reeve:\n#   description: Counts\n#   inputs:\n#     from: integer (required) — where\n#   effect: read\necho 1\n'
  const sections = ['Goal', 'A count.', 'Inputs', '- from: integer (required)', 'Tools', '- scripts/count.sh']
  const rest = ['Success Criteria', '- {output} is at least 1', 'Known Failure Modes', '- none yet']
  const text = [...sections, ...rest]
    .map((line, index) => (index % 2 === 0 ? `## ${line}` : `${line}\n`))
    .join('\n')
  for (const [file, content] of Object.entries({ 'scripts/count.sh': script, 'directives/count.md': text })) {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    writeFileSync(join(folder, file), content, { mode: 0o755 })
  }
}

test('what a command shows of a server is what it shows of the database', async () => {
  const { folder, url, here, there } = await served(writeDirective)
  const { runId: run } = await reeveJson<{ runId: string }>(folder, [
    'run',
    'reply',
    '--input',
    '{"to":"ada@example.com","text":"hello"}',
  ])
  const { approvals } = await reeveJson<{ approvals: { id: string }[] }>(folder, ['approvals'])
  await reeve(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  for (const args of [...looks, ['show', run], ['approvals', approvals[0]!.id]]) {
    // The list of approvals tells beside it what waits aside, which a server tells on its page.
    for (const flags of args.join() === 'approvals' ? [[]] : [[], ['--json']]) {
      const [own, far] = [await here(...args, ...flags), await there(...args, ...flags)]
      const at = args[0] === 'whoami' ? new RegExp(`at"?:? "?${url}`) : undefined
      if (at) expect(far.stdout).toMatch(at)
      else expect(bare(far.stdout), args.join(' ')).toBe(bare(own.stdout))
      expect(far.code, far.stderr).toBe(own.code)
    }
  }
  expect((await there('scripts', 'list')).stdout).toBe((await here('scripts', 'list')).stdout)
  expect((await there('scripts', 'show', 'count')).stdout).toContain('--from: integer (required) — where')
  expect(await there('scripts', 'show', 'cuont')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('count?'),
  })
  const [own, far] = [await here('show', run, '--events'), await there('show', run, '--events')]
  expect(far.stdout).toBe(own.stdout)
})

test('principals are added, changed and removed at a server; what only its machine can do is refused', async () => {
  const { here, there } = await served()
  for (const args of [
    ['add', 'eve', '--role', 'viewer'],
    ['role', 'eve', '--role', 'operator'],
  ])
    expect(await there('principals', ...args)).toMatchObject({ code: 0, stderr: '' })
  expect((await here('principals')).stdout).toMatch(/eve +person +operator/)
  const mapped = await there('principals', 'map', 'eve', '--local-user', 'eve')
  expect(mapped).toMatchObject({ code: 2, stderr: expect.stringContaining('Nothing was done') })
  expect(await there('principals', 'remove', 'eve')).toMatchObject({ code: 0 })
  expect((await here('principals')).stdout).toMatch(/eve .*removed/)
  const unknown = await there('permissions', 'revoke', 'none')
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no') })
})

test('runs are started, decided, signalled, held, tried again and forked at a server', async () => {
  const { there, thereJson } = await served()
  const started = await there('run', 'greet', '--input', '{"name":"Ada"}', '--key', 'once')
  expect(started.stdout).toMatch(/greet run \w+ \(once\)\n[\s\S]*run-started[\s\S]*succeeded[\s\S]*Hello/)
  expect(started.code).toBe(0)
  const again = await thereJson<{ isNew: boolean }>(
    'run',
    'greet',
    '--input',
    '{"name":"Ada"}',
    '--key',
    'once',
  )
  expect(again).toMatchObject({ isNew: false, code: 0 })

  const asked = await thereJson<{ runId: string; approvals: { id: string }[] }>(
    'run',
    'reply',
    '--input',
    '{"to":"ada@example.com","text":"hi"}',
  )
  expect(asked.code).toBe(3)
  const { id } = asked.approvals[0]!
  const approved = await there('approve', id, '--edit', '{"text":"better"}')
  expect(approved.stdout).toMatch(
    /- .*hi[\s\S]*\+ .*better[\s\S]*approved: .* by ada\n.*continues in the worker/,
  )
  expect(await there('approve', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('already') })

  const forked = await thereJson<{ runId: string; originId: string }>(
    'fork',
    asked.runId,
    '--from',
    '1',
    '--yes',
  )
  expect(forked).toMatchObject({ code: 0, originId: asked.runId })
  expect((await there('pause', forked.runId)).stdout).toContain('is paused')
  expect((await there('resume', forked.runId)).stdout).toContain('is resumed')
  expect(await thereJson('signal', forked.runId, 'nobody', '1', '--id', 'a')).toMatchObject({
    isNew: true,
    isAwaited: false,
  })
  expect(await thereJson('signal', forked.runId, 'nobody', '1', '--id', 'a')).toMatchObject({ isNew: false })
  const none = await there('override', forked.runId, '99', '--result', '1', '--why', 'why')
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be overridden') })
  expect(await thereJson('cancel', forked.runId)).toMatchObject({ cancelled: true })
  expect((await there('retry', forked.runId)).code).toBe(2)
  expect(await thereJson('queues', 'pause', 'default')).toMatchObject({
    queues: [{ name: 'default', paused: true }, {}],
  })

  const made = await thereJson<{ id: string }>('token', 'create', 'other', '--role', 'viewer')
  expect(await thereJson('token', 'list')).toMatchObject({
    tokens: [{ id: made.id, name: 'other' }, { name: 'cli' }],
  })
  expect((await there('token', 'revoke', made.id)).stdout).toContain('is revoked')
  expect((await there('token', 'sign-in')).stdout).toMatch(/http\S+\/sign-in\?code=/)
})

test('what no server can do says so in a sentence, for --server and for REEVE_URL', async () => {
  const { url, folder, there, environment, elsewhere } = await served()
  const refused = await there('backup')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toBe(
    `reeve: reeve backup cannot be done at ${url}: it copies the file of a database on this machine. Leave out --server, where the data is.\n`,
  )
  const byVariable = await reeve(elsewhere, ['audit', 'verify'], { environment })
  expect(byVariable.stderr).toMatch(
    /reeve audit verify cannot be done .* Unset REEVE_URL, or name the project/,
  )
  // Whoever names a project means it.
  expect((await reeve(elsewhere, ['audit', 'verify', '--project', folder], { environment })).code).toBe(0)
  // What is about this machine alone goes by no variable.
  expect((await reeve(elsewhere, ['init', 'desk', '--yes'], { environment })).code).toBe(0)
  const both = await there('runs', '--project', folder)
  expect(both.stderr).toMatch(/--server and --project are two places/)
})

test.each([
  ['a server that is not there', 'http://127.0.0.1:9', /No answer from http:\/\/127\.0\.0\.1:9/],
  [
    'an address that is none',
    'ftp://there',
    /--server is "ftp:\/\/there"; it must be an http or https address/,
  ],
])('%s ends with 2 and what is wrong', async (_what, url, message) => {
  const { code, stderr } = await reeve(emptyFolder(), ['runs', '--server', url])
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
})
