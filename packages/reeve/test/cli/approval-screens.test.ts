import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shellWord } from '../../src/base/text/shell-word.ts'
import { reeve, reeveJson } from './hosted.ts'
import { ended, project, type Rested, start } from './reeve.ts'

const sent = (folder: string) => join(folder, 'sent.jsonl')

/** Adds a workflow that asks for the call of a tool with whatever it is given. */
function withTool(folder: string): void {
  writeFileSync(
    join(folder, 'workflows/post.ts'),
    `import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { tool, workflow } from 'reeve'
import { z } from 'zod'
const post = tool({
  name: 'post', description: 'Post', input: z.object({ to: z.array(z.string()), text: z.string() }), output: z.null(),
  effect: 'idempotent', approval: 'always',
  run(args) { appendFileSync(join(import.meta.dirname, '../sent.jsonl'), JSON.stringify(args) + '\\n'); return null },
})
export default workflow({
  input: z.object({ to: z.array(z.string()), text: z.string(), ticket: z.string(), notes: z.array(z.string()) }),
  async run(ctx, { to, text }) {
    ctx.log('the critic was not sure')
    return ctx.call(post, { to, text })
  },
})
`,
  )
}

async function asked(folder: string, input: object): Promise<{ id: string; runId: string }> {
  withTool(folder)
  const whole = {
    to: ['bo'],
    text: 'Hi',
    ticket: 'Where is my parcel?',
    notes: ['hidden text was dropped'],
    ...input,
  }
  writeFileSync(join(folder, 'input.json'), JSON.stringify(whole))
  const { approvals, runId: run } = await reeveJson<Rested>(folder, ['run', 'post', '--input', 'input.json'])
  return { id: approvals[0]!.id, runId: run }
}

test('an approval’s screen shows the ticket, its notes and what was noted on the way', async () => {
  const folder = project()
  const { id } = await asked(folder, {})
  for (const args of [['approvals'], ['approvals', id]]) {
    const { stdout } = await reeve(folder, args)
    for (const part of ['Where is my parcel?', 'hidden text was dropped', 'the critic was not sure'])
      expect(stdout).toContain(part)
  }
})

test('what no screen shows whole is approved only by the hash that stands where all of it is shown', async () => {
  const folder = project()
  const to = Array.from({ length: 201 }, (_, index) => `person${index + 1}@example.com`)
  const { id } = await asked(folder, { to })
  const { stdout: list } = await reeve(folder, ['approvals'])
  expect(list).not.toContain('person201@')
  expect(list).toMatch(/not shown here: \d+ of \d+ lines/)
  expect(list).not.toContain(`approve ${id}`)
  for (const more of [[], ['--edit', '{"text":"x"}'], ['--hash', '0123456789abcdef']]) {
    const refused = await reeveJson(folder, ['approve', id, ...more, '--work'])
    expect(refused).toMatchObject({
      code: 2,
      error: { code: more[0] === '--hash' ? 'approval-changed' : 'approval-cut' },
    })
  }
  expect(existsSync(sent(folder))).toBe(false)
  const { stdout: whole } = await reeve(folder, ['approvals', id])
  for (const one of to) expect(whole).toContain(one)
  const hash = /--hash (\w+)/.exec(whole)![1]!
  expect(await reeveJson(folder, ['approve', id, '--hash', hash, '--work'])).toMatchObject({ code: 0 })
  expect(JSON.parse(readFileSync(sent(folder), 'utf8')).to).toEqual(to)
})

test('what hides, overlays or looks like something else is written out and pointed at', async () => {
  const folder = project()
  const { id } = await asked(folder, {
    to: ['\u0430lice@example.com'],
    text: 'pay\u{e0041}\u00ad\ufe0f\u3164\u202e Bob',
  })
  const { stdout } = await reeve(folder, ['approvals', id])
  expect(stdout).toContain('pay\\u{e0041}\\u{ad}\\u{fe0f}\\u{3164}\\u{202e} Bob')
  expect(stdout).not.toMatch(/\p{Default_Ignorable_Code_Point}/u)
  expect(stdout).toContain('mixes Latin and Cyrillic letters')
})

test('approving records the decision and runs nothing of the project; --work goes on here', async () => {
  const folder = project()
  const { id, runId: run } = await asked(folder, {})
  writeFileSync(
    join(folder, 'workflows/post.ts'),
    `import { writeFileSync } from 'node:fs'\nwriteFileSync('loaded', '')\n`,
  )
  const { code, stdout } = await reeve(folder, ['approve', id])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^approved: post of run/)
  expect(stdout).toMatch(/No worker is running; the run continues when one does: reeve dev/)
  expect(existsSync(join(folder, 'loaded'))).toBe(false)
  withTool(folder)
  const worker = start(folder, ['dev'])
  const over = ended(worker)
  for (let status = ''; status !== 'succeeded'; ) {
    const story = await reeveJson<{ run: { status: string } }>(folder, ['show', run])
    status = story.run.status
  }
  worker.kill('SIGTERM')
  await over
  expect(readFileSync(sent(folder), 'utf8').trim().split('\n')).toHaveLength(1)
})

test('an edit is shown as a difference, field by field', async () => {
  const folder = project()
  const { id } = await asked(folder, {})
  const { stdout, code } = await reeve(folder, ['approve', id, '--edit', '{"text":"Dear Bo"}', '--work'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/text:\n +- │ Hi\n +\+ │ Dear Bo\n/)
  expect(stdout).not.toMatch(/to:\n +-/)
  expect(JSON.parse(readFileSync(sent(folder), 'utf8'))).toEqual({ to: ['bo'], text: 'Dear Bo' })
})

test.each([
  "it's; touch owned",
  '$(touch owned)',
  '`touch owned`',
  'a b',
  '',
  '-rf',
  '*',
  '~',
  'a\nb',
  'a\u202eb',
  "\u{e0041}'\\",
])('a printed word is one word to a shell, and nothing of it runs: %j', (word) => {
  const printed = execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${shellWord(word)}`], {
    env: { LC_ALL: 'C.UTF-8' },
  })
  expect(printed.toString()).toBe(`${word}\0`)
})

test('the printed signal command can be pasted, whatever the signal is called', async () => {
  const folder = project()
  const name = "go; touch owned 'now'"
  writeFileSync(
    join(folder, 'workflows/await-odd.ts'),
    `import { workflow } from 'reeve'\nimport { z } from 'zod'\nexport default workflow({ input: z.unknown(), run: (ctx) => ctx.waitFor(${JSON.stringify(name)}) })\n`,
  )
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'await-odd'])
  const { stdout } = await reeve(folder, ['show', run])
  expect(stdout).toContain(`reeve signal ${run} 'go; touch owned '\\''now'\\''' JSON`)
})

test('a fork that would send a sent effect again says so, and wants --yes', async () => {
  const folder = project()
  const { approvals, runId: run } = await reeveJson<Rested>(folder, ['run', 'pay', '--input', '{"amount":5}'])
  await reeveJson(folder, ['answer', approvals[0]!.id, 'happened', '--result', '{"receipt":"R1"}', '--work'])
  const refused = await reeve(folder, ['fork', run, '--from', '1'])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/would send again what was sent already: "bank.wire" \(once, call 1/)
  const { stdout } = await reeve(folder, ['fork', run, '--from', '1', '--yes'])
  expect(stdout).toMatch(/bank.wire \(once, call 1 of run \w+\) was sent at .* and is sent again/)
  expect(readFileSync(sent(folder), 'utf8').trim().split('\n')).toHaveLength(2)
})

test('one that is decided is shown with what was decided, and without commands to decide it again', async () => {
  const folder = project()
  const long = Array.from({ length: 201 }, (_, index) => `person${index + 1}@example.com`)
  for (const input of [{}, { to: long }]) {
    const { id, runId: run } = await asked(folder, input)
    await reeve(folder, ['reject', id, '--note', 'not now'])
    const { stdout } = await reeve(folder, ['approvals', id])
    expect(stdout).toContain('It was rejected by')
    expect(stdout).not.toMatch(/reeve (approve|reject|answer)\b|hash of what is shown/)
    expect(await reeveJson(folder, ['approvals', id])).toMatchObject({ status: 'rejected', commands: {} })
    expect((await reeve(folder, ['show', run])).stdout).not.toMatch(/reeve (approve|reject|answer)\b/)
  }
})
