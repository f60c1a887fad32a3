import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, linesOf, packageFolder, project, type Rested, said, start, variables } from './reeve.ts'

const escapeCode = String.fromCharCode(27)

test('run prints each step as it happens and the result, and ends with 0', async () => {
  const { code, stdout } = await reeve(project(), ['run', 'greet', '--input', '{"name":"Ada"}'])
  expect(stdout).toMatch(/run-started .*step-completed +greeting Hello Ada.*run-succeeded/s)
  expect(stdout).toContain('greeting: Hello Ada')
  expect(code).toBe(0)
})

test('run takes its input from a file or from stdin, and prints nothing but JSON with --json', async () => {
  const folder = project()
  writeFileSync(join(folder, 'input.json'), '{"name":"File"}')
  expect(await reeveJson(folder, ['run', 'greet', '--input', 'input.json'])).toMatchObject({
    code: 0,
    status: 'succeeded',
    isNew: true,
    output: { greeting: 'Hello File' },
  })
  const { stdout } = await reeve(folder, ['run', 'greet', '--input', '-', '--json'], {
    input: '{"name":"Stdin"}',
  })
  expect(JSON.parse(stdout)).toMatchObject({ output: { greeting: 'Hello Stdin' } })
})

test('the same key starts nothing twice', async () => {
  const folder = project()
  const args = ['run', 'greet', '--input', '{"name":"Ada"}', '--key', 'once']
  const first = await reeveJson<Rested>(folder, args)
  expect(await reeveJson(folder, args)).toMatchObject({
    code: 0,
    runId: first.runId,
    isNew: false,
    status: 'succeeded',
  })
  const other = ['run', 'greet', '--input', '{"name":"Bob"}', '--key', 'once']
  expect(await reeveJson(folder, other)).toMatchObject({
    code: 2,
    error: { code: 'idempotency-conflict', message: expect.stringContaining('--if-key-exists return') },
  })
  expect(await reeveJson(folder, [...other, '--if-key-exists', 'return'])).toMatchObject({
    runId: first.runId,
  })
  const { runs } = await reeveJson<{ runs: unknown[] }>(folder, ['runs'])
  expect(runs).toHaveLength(1)
})

test('run ends with 3 at a person, with the exact commands; approving drives it to its end', async () => {
  const folder = project()
  const args = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Five days."}']
  const waiting = await reeveJson<Rested>(folder, args)
  expect(waiting).toMatchObject({ code: 3, status: 'waiting' })
  const [approval] = waiting.approvals
  expect(approval).toMatchObject({
    kind: 'approval',
    subject: 'mail.send',
    shown: { args: { to: 'bo@example.com' } },
  })
  expect(approval!.commands).toEqual({
    approve: `reeve approve ${approval!.id}`,
    reject: `reeve reject ${approval!.id}`,
  })

  const { code, stdout } = await reeve(folder, ['approve', approval!.id, '--work'])
  expect(stdout).toMatch(/approved: mail\.send .* by ada.*effect-completed.*succeeded/s)
  expect(code).toBe(0)
  const sent = readFileSync(join(folder, 'sent.jsonl'), 'utf8').trim().split('\n')
  expect(sent.map((line) => JSON.parse(line))).toMatchObject([{ to: 'bo@example.com', text: 'Five days.' }])
})

test('a run that waits through its child names the approval of the child, and the parent goes on after it', async () => {
  const folder = project()
  const waiting = await reeveJson<Rested>(folder, ['run', 'lead'])
  expect(waiting).toMatchObject({ code: 3, status: 'waiting', approvals: [{ subject: 'mail.send' }] })
  expect(await reeveJson(folder, ['approve', waiting.approvals[0]!.id, '--work'])).toMatchObject({
    status: 'succeeded',
  })
  const listed = async (...more: string[]) =>
    (await reeveJson<{ runs: { workflow: string }[] }>(folder, ['runs', ...more])).runs
  const named = async (...more: string[]) => (await listed(...more)).map(({ workflow }) => workflow)
  expect([await named(), await named('--children')]).toEqual([['lead'], ['reply', 'lead']])
  expect(await named('--text', 'reply')).toEqual(['reply'])
  const runs = await listed('--workflow', 'lead')
  expect(runs).toMatchObject([{ id: waiting.runId, status: 'succeeded' }])
})

test('a failed run ends with 1 and retry goes on from the step that failed', async () => {
  const folder = project()
  const failed = await reeveJson<Rested>(folder, ['run', 'mendable'])
  expect(failed).toMatchObject({ code: 1, status: 'failed', error: { message: 'it is broken' } })
  const place = /thrown in \S*workflows\/mendable\.ts:12:\d+/
  expect((await reeve(folder, ['follow', failed.runId])).stdout).toMatch(place)
  expect((await reeve(folder, ['show', failed.runId])).stdout).toMatch(place)
  writeFileSync(join(folder, 'mended'), '')
  const { code, stdout } = await reeve(folder, ['retry', failed.runId])
  expect(stdout).toMatch(/run-retried|is tried again/)
  expect(stdout).not.toContain('step-completed     first')
  expect(stdout).toMatch(/step-completed +second 2.*succeeded/s)
  expect(code).toBe(0)
})

test('a detached run is left to a worker, which dev is; Ctrl-C ends dev with 0', async () => {
  const folder = project()
  const child = start(folder, ['dev', '--json'])
  const lines = linesOf(child)
  expect((await lines.next()).value).toMatchObject({ event: 'serving', pending: 0 })
  const args = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}', '--detach']
  const { runId: run } = await reeveJson<Rested>(folder, args)
  expect((await lines.next()).value).toMatchObject({ runId: run, event: 'run-started', workflow: 'reply' })
  expect((await lines.next()).value).toMatchObject({
    runId: run,
    event: 'approval-requested',
    name: 'mail.send',
  })

  const { approvals } = await reeveJson<Rested>(folder, ['approvals'])
  expect(await reeveJson(folder, ['approve', approvals[0]!.id, '--work'])).toMatchObject({
    code: 0,
    worker: { pid: child.pid },
  })
  expect((await lines.next()).value).toMatchObject({ runId: run, event: 'approval-decided' })
  for (const event of ['effect-intended', 'effect-completed'])
    expect((await lines.next()).value).toMatchObject({ runId: run, event, name: 'mail.send' })
  expect((await lines.next()).value).toMatchObject({ runId: run, event: 'run-succeeded' })
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('dev loads changed files, helpers too, for new runs, and keeps the old code while they are broken', async () => {
  const folder = project()
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text)
  const child = start(folder, ['dev', '--json', '--port', '0'])
  const lines = linesOf(child)
  const next = async () => (await lines.next()).value
  const { url } = (await next()) as { url: string }
  const nap = await reeveJson<Rested>(folder, ['run', 'nap', '--detach'])
  for (const event of ['run-started', 'timer-set']) expect(await next()).toMatchObject({ event })

  write('workflows/_word.ts', "export const word = 'first'\n")
  const file = `import { workflow } from 'reeve'
    import { z } from 'zod'
    import { word } from './_word.ts'
    export default workflow({ input: z.object({}), run: async (ctx) => ctx.step('say', () => word) })`
  write('workflows/said.ts', file)
  expect(await next()).toMatchObject({
    event: 'reloaded',
    changes: [
      { file: 'workflows/_word.ts', change: 'added' },
      { file: 'workflows/said.ts', change: 'added' },
    ],
    added: ['said'],
    underWay: [],
  })
  const say = async () => {
    const { runId: run } = await reeveJson<Rested>(folder, ['run', 'said', '--detach'])
    for (const event of ['run-started', 'run-succeeded'])
      expect(await next()).toMatchObject({ runId: run, event })
    return (await reeve(folder, ['show', run])).stdout
  }
  expect(await say()).toMatch(/step-completed +say +first/)
  write('workflows/_word.ts', 'export const word = nothing\n')
  expect(await next()).toMatchObject({
    event: 'not-reloaded',
    changes: [{ file: 'workflows/_word.ts', change: 'changed' }],
    error: expect.stringMatching(/_word\.ts:1 cannot be loaded: nothing is not defined/),
  })
  expect((await fetch(url)).status).toBe(200)
  write('.env', 'WORD=second\n')
  write('workflows/_word.ts', 'export const word = process.env.WORD\n')
  expect(await next()).toMatchObject({ event: 'reloaded', added: [], removed: [] })
  expect(await say()).toMatch(/step-completed +say +second/)
  write('.env', 'WORD=third\n')
  expect(await next()).toMatchObject({ event: 'reloaded', changes: [{ file: '.env', change: 'changed' }] })
  expect(await say()).toMatch(/step-completed +say +third/)
  write('.env', 'WORD=fourth\nDATABASE_URL=file:other.db\n')
  const kept = { event: 'not-reloaded', error: expect.stringMatching(/DATABASE_URL/) }
  expect(await next()).toMatchObject(kept)
  write('workflows/_word.ts', "export const word = 'fifth'\n")
  expect(await next()).toMatchObject(kept)
  write('.env', '')
  expect(await next()).toMatchObject({ event: 'reloaded' })
  expect((await fetch(url)).status).toBe(200)

  rmSync(join(folder, 'workflows/nap.ts'))
  expect(await next()).toMatchObject({
    event: 'reloaded',
    removed: ['nap'],
    underWay: [{ workflow: 'nap', runs: 1 }],
  })
  expect(await reeveJson(folder, ['show', nap.runId])).toMatchObject({ run: { status: 'waiting' } })
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('Ctrl-C leaves a run that is not done with 130, says that nothing is lost, and it can go on', async () => {
  const folder = project()
  const child = start(folder, ['run', 'nap', '--follow'])
  const finished = ended(child)
  await said(child.stdout, 'timer-set')
  child.kill('SIGINT')
  const { code, stderr } = await finished
  expect(stderr).toMatch(/Nothing is lost: run \w+ continues with the next worker \(reeve dev\)/)
  expect(code).toBe(130)
  const { runs } = await reeveJson<{ runs: unknown[] }>(folder, ['runs'])
  expect(runs).toMatchObject([{ workflow: 'nap', status: 'waiting' }])
})

test('a signal that nobody sends is named, and sending it is counted once by its id', async () => {
  const folder = project()
  const waiting = await reeve(folder, ['run', 'await-go'])
  expect(waiting.code).toBe(3)
  const [, run] = /reeve signal (\w+) go JSON/.exec(waiting.stdout)!
  const args = ['signal', run!, 'go', '{"now":true}', '--id', 'a']
  const unknown = await reeve(folder, ['signal', run!, 'og'])
  expect(unknown.stdout).toContain('does not wait for a signal "og" now; it waits for: "go"')
  expect(await reeveJson(folder, args)).toMatchObject({ code: 0, isNew: true, isAwaited: true })
  expect(await reeveJson(folder, args)).toMatchObject({ code: 0, isNew: false })
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"driver"}'])
  expect(await reeveJson(folder, ['show', run!])).toMatchObject({
    context: { signals: [{ payload: { now: true } }] },
  })
})

test('run ends with 3 when the run only waits for long, says until when and how it goes on; --follow stays', async () => {
  const folder = project()
  writeFileSync(
    join(folder, 'workflows/patient.ts'),
    `import { workflow } from 'reeve'
import { z } from 'zod'
export default workflow({
  input: z.object({}),
  run: (ctx) => ctx.waitFor('paid', { timeout: '7d', schema: z.object({}) }),
})`,
  )
  const slept = await reeve(folder, ['run', 'nap'])
  expect(slept.code).toBe(3)
  expect(slept.stdout).toMatch(
    /waits: .*goes on by itself at .* at the latest; no worker is running.*reeve start/s,
  )
  const signalled = await reeve(folder, ['run', 'patient'])
  expect(signalled.code).toBe(3)
  expect(signalled.stdout).toMatch(
    /reeve signal \w+ paid JSON\n.*at the latest; .*reeve start\n.*reeve follow \w+/s,
  )
  const value = await reeveJson(folder, ['run', 'patient'])
  expect(value).toMatchObject({
    code: 3,
    status: 'waiting',
    waitsFor: { for: 'signal', signal: 'paid', until: expect.stringMatching(/^\d{4}-/) },
  })
})

test('what customers and models wrote cannot drive the terminal', async () => {
  const folder = project()
  const hostile = `${escapeCode}[2J${escapeCode}]0;owned\u0007\u009b31m\u202eevil`
  const input = JSON.stringify({ name: hostile })
  for (const args of [
    ['run', 'greet', '--input', input],
    ['runs'],
    ['run', 'greet', '--input', input, '--json'],
  ]) {
    const { stdout, stderr } = await reeve(folder, args, { environment: { CI: '1', FORCE_COLOR: '1' } })
    expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}|\u202e/u)
  }
  const { output } = await reeveJson<{ output: unknown }>(folder, ['run', 'greet', '--input', input])
  expect(output).toEqual({ greeting: `Hello ${hostile}` })
})

test('a second Ctrl-C ends at once, and the run is given back', async () => {
  const folder = project()
  const child = start(folder, ['run', 'slow'])
  const finished = ended(child)
  await said(child.stdout, 'run-started')
  child.kill('SIGINT')
  await said(child.stderr, 'Ctrl-C again ends at once')
  const again = setInterval(() => child.kill('SIGINT'), 100)
  onTestFinished(() => clearInterval(again))
  expect((await finished).code).toBe(130)
  const { runs } = await reeveJson<{ runs: unknown[] }>(folder, ['runs'])
  expect(runs).toMatchObject([{ workflow: 'slow', status: 'queued' }])
})

test('a run that somebody cancels meanwhile ends with 4', async () => {
  const folder = project()
  const child = start(folder, ['run', 'nap', '--follow'])
  const finished = ended(child)
  await said(child.stdout, 'timer-set')
  const { runs } = await reeveJson<{ runs: { id: string }[] }>(folder, ['runs'])
  expect(await reeveJson(folder, ['cancel', runs[0]!.id])).toMatchObject({ code: 0 })
  expect((await finished).code).toBe(4)
})

test('a run whose code changed under it is stuck with the difference, and ends with 4', async () => {
  const folder = project()
  const input = '{"to":"bo@example.com","text":"Hi"}'
  const { runId: run, approvals } = await reeveJson<Rested>(folder, ['run', 'reply', '--input', input])
  const file = join(folder, 'workflows/reply.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace("'review'", "'second opinion'"))
  const { code, stdout } = await reeve(folder, ['approve', approvals[0]!.id, '--work'])
  expect(stdout).toMatch(/journal: question "review".*code: +question "second opinion"/s)
  expect(stdout).toContain(`reeve retry ${run}`)
  expect(code).toBe(4)
  expect((await reeve(folder, ['show', run])).stdout).toMatch(/it is stuck.*- journal: question "review"/s)
})

test('a paused queue holds a run, and run says so', async () => {
  const folder = project()
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"first"}'])
  await reeveJson(folder, ['queues', 'pause', 'default'])
  const { code, stdout } = await reeve(folder, ['run', 'greet', '--input', '{"name":"held"}'])
  expect(stdout).toContain('reeve queues resume default')
  expect(code).toBe(3)
})

test('a decision stands even when the project cannot be loaded', async () => {
  const folder = project()
  const { runId: run, approvals } = await reeveJson<Rested>(folder, [
    'run',
    'reply',
    '--input',
    '{"to":"bo@example.com","text":"Hi"}',
  ])
  writeFileSync(join(folder, 'workflows/broken.ts'), 'export default {')
  const { code, stderr } = await reeve(folder, ['approve', approvals[0]!.id, '--work'])
  expect(stderr).toMatch(
    /approved: mail\.send .* is recorded; but the run cannot continue here yet: .*broken\.ts/,
  )
  expect(code).toBe(2)
  expect((await reeve(folder, ['show', run])).stdout).toContain(
    'approved by ada; the run continues with the next worker',
  )
  rmSync(join(folder, 'workflows/broken.ts'))
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"driver"}'])
  expect(readFileSync(join(folder, 'sent.jsonl'), 'utf8')).toContain('bo@example.com')
})

test.runIf(existsSync('/dev/full'))(
  'a command whose output cannot be written says so, and ends with 1',
  async () => {
    const folder = project()
    const full = openSync('/dev/full', 'w')
    onTestFinished(() => closeSync(full))
    for (const args of [['runs', '--json'], ['--help'], ['run', 'greet', '--input', '{"name":"Ada"}']]) {
      const asked = [join(packageFolder, 'bin/reeve.js'), ...args]
      const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', full, 'pipe']
      const options = { cwd: folder, env: variables(), encoding: 'utf8', stdio } as const
      const { status, stderr } = spawnSync(process.execPath, asked, options)
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: 'reeve: The output is not complete. It cannot be used (write, ENOSPC): the disk is full.\n',
      })
    }
  },
)

test('a reader that goes away ends the command in silence', async () => {
  const folder = project()
  await reeve(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  for (const args of [['runs'], ['show', 'nothing', '--help']]) {
    const child = start(folder, args)
    child.stdout.destroy()
    const { code, stderr } = await ended(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }
  const served = start(folder, ['dev'])
  const exit = once(served, 'exit')
  await once(served.stdout, 'data')
  served.stdout.destroy()
  const detach = ['run', 'greet', '--input', '{"name":"unread"}', '--detach']
  expect((await reeveJson(folder, detach)).code).toBe(0)
  expect(await exit).toEqual([0, null])
})
