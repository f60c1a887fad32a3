import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, tamper } from './reeve.ts'

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']

test('a rejection fails the call with its note', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  const rejected = await reeveJson(folder, ['reject', approvals[0]!.id, '--why', 'too short', '--work'])
  expect(rejected).toMatchObject({
    code: 1,
    status: 'failed',
    decision: 'rejected',
    error: { code: 'not-approved' },
  })
  expect(JSON.stringify(rejected)).toContain('rejected by ada: too short')
})

test('an edit is what runs, the rest as it was; one that does not fit is refused and uses nothing up', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  const { id } = approvals[0]!
  const refused = await reeveJson(folder, ['approve', id, '--edit', '{"to":"nobody"}', '--work'])
  expect(refused).toMatchObject({ code: 2, error: { code: 'invalid-edit' } })
  expect(JSON.stringify(refused)).toContain('to: ')
  expect(await reeveJson(folder, ['approve', id, '--edit', '{"text":"Better"}', '--work'])).toMatchObject({
    code: 0,
  })
  expect(JSON.parse(readFileSync(join(folder, 'sent.jsonl'), 'utf8'))).toMatchObject({
    to: 'bo@example.com',
    text: 'Better',
  })
})

test('approve decides what was shown: an item that has changed since is refused, and looked at again', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  const { id } = approvals[0]!
  const file = join(folder, '.reeve', 'shown-approvals.json')
  const [hash] = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)
  writeFileSync(file, JSON.stringify({ [id]: hash!.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')) }))
  expect(await reeveJson(folder, ['approve', id])).toMatchObject({
    code: 2,
    error: { code: 'approval-changed' },
  })
  await reeveJson(folder, ['approvals', id])
  expect(await reeveJson(folder, ['approve', id])).toMatchObject({ decision: 'approved' })
})

test('an approval is decided once: the first decision stands', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  await reeveJson(folder, ['reject', approvals[0]!.id, '--work'])
  const { code, stderr } = await reeve(folder, ['approve', approvals[0]!.id, '--work'])
  expect(stderr).toMatch(/was rejected by ada already; the first decision is valid/)
  expect(code).toBe(2)
})

test('an expired approval cannot be decided', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  tamper(folder, 'update approvals set expires_at = 1000')
  expect(await reeveJson(folder, ['approve', approvals[0]!.id, '--work'])).toMatchObject({
    code: 2,
    error: { code: 'approval-expired' },
  })
})

test('a question says what answer fits, refuses another and approve, and stays open for one that does', async () => {
  const folder = project()
  const asked = await reeveJson<Rested>(folder, ['run', 'ask'])
  expect(asked).toMatchObject({
    code: 3,
    approvals: [{ kind: 'question', shown: { wanted: { type: 'object' } } }],
  })
  const { id } = asked.approvals[0]!
  expect(await reeveJson(folder, ['approve', id])).toMatchObject({ code: 2, error: { code: 'wrong-answer' } })
  expect(asked.approvals[0]).toMatchObject({
    wanted: { words: 'an object with count (a number)' },
    commands: { answer: expect.stringContaining(`answer ${id} '{"count":1}'`) },
  })
  for (const unfit of ['{"count":"seven"}', 'seven', '{}']) {
    const { code, stderr } = await reeve(folder, ['answer', id, unfit])
    expect(code).toBe(2)
    expect(stderr).toMatch(/It must be an object with count \(a number\), such as {"count":1}.*still open/s)
  }
  expect(await reeveJson(folder, ['answer', id, '{"count":7}', '--work'])).toMatchObject({
    code: 0,
    output: { count: 7 },
  })
})

test('an unknown outcome is told by a person: it happened', async () => {
  const folder = project()
  const asked = await reeveJson<Rested>(folder, ['run', 'pay', '--input', '{"amount":5}'])
  expect(asked).toMatchObject({
    code: 3,
    approvals: [{ kind: 'outcome', shown: { reason: 'the line went dead' } }],
  })
  const { id } = asked.approvals[0]!
  expect(await reeveJson(folder, ['answer', id, 'maybe', '--work'])).toMatchObject({
    code: 2,
    error: { code: 'wrong-answer' },
  })
  expect(asked.approvals[0]).toMatchObject({
    commands: { happened: expect.stringContaining(`answer ${id} happened --result '{"receipt":"text"}'`) },
  })
  for (const args of [[], ['--result', '{"receipt":1}'], ['--result', 'null']]) {
    const { code, stderr } = await reeve(folder, ['answer', id, 'happened', ...args])
    expect(code).toBe(2)
    expect(stderr).toMatch(/does not fit what it gives: .*such as {"receipt":"text"}/s)
  }
  const told = await reeveJson(folder, ['answer', id, 'happened', '--result', '{"receipt":"R1"}', '--work'])
  expect(told).toMatchObject({ code: 0, output: { receipt: 'R1' } })
  expect(readFileSync(join(folder, 'sent.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
})

test.each([
  ['again', 0, { output: { receipt: 'attempt 2' } }],
  ['failed', 1, { error: { code: 'not-applied' } }],
])('an unknown outcome is told by a person: %s', async (answer, code, end) => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, ['run', 'pay', '--input', '{"amount":5}'])
  expect(await reeveJson(folder, ['answer', approvals[0]!.id, answer, '--work'])).toMatchObject({
    code,
    ...end,
  })
})

test('JSON of a person that would be read otherwise than written is refused at each door', async () => {
  const folder = project()
  const { approvals, runId: run } = await reeveJson<Rested>(folder, reply)
  const twice = '{"to":"bo@example.com","\\u0074o":"eve@example.com","text":"Hi"}'
  for (const args of [
    ['run', 'reply', '--input', twice],
    ['approve', approvals[0]!.id, '--edit', twice, '--work'],
    ['signal', run!, 'go', twice],
    ['answer', approvals[0]!.id, twice, '--work'],
  ]) {
    const { code, stderr } = await reeve(folder, args)
    expect(stderr).toContain('gives the property "to" twice')
    expect(code).toBe(2)
  }
  expect(await reeveJson(folder, ['approve', approvals[0]!.id, '--work'])).toMatchObject({ code: 0 })
})

test('a person overrides what a run waits for, once, and is told what cannot be', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'await-go'])
  const override = ['override', run!, '1', '--why', 'the shop rang']
  const both = await reeve(folder, [...override, '--skip-wait', '--error', 'no'])
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('Give one of --result') })
  const endless = await reeve(folder, [...override, '--skip-wait'])
  expect(endless).toMatchObject({ code: 2, stderr: expect.stringContaining('waits without an end') })
  expect(await reeveJson(folder, [...override, '--result', '{"ok":true}'])).toMatchObject({
    code: 0,
    how: 'result',
  })
  const again = await reeve(folder, [...override, '--error', 'no'])
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('has not been taken yet') })
})

test('to decide runs nothing of the project: neither its workflows, nor what they import', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  const marker = join(folder, 'was-run')
  const says = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(marker)}, 'x')\nthrow new Error('was run')\n`
  for (const name of readdirSync(join(folder, 'workflows')))
    writeFileSync(join(folder, 'workflows', name), says)
  const { id } = approvals[0]!
  await reeveJson(folder, ['approvals', id])
  expect(await reeveJson(folder, ['approve', id, '--edit', '{"text":"Better"}'])).toMatchObject({
    decision: 'approved',
  })
  expect(existsSync(marker)).toBe(false)
})

const payTool = `import { tool } from 'reeve'
import { z } from 'zod'

export default tool({
  name: 'pay.refund',
  description: 'Refund a purchase',
  input: z.object({ amountUsd: z.number() }),
  output: z.null(),
  effect: 'idempotent',
  approval: 'always',
  run: () => null,
})
`
const refunding = `import { workflow } from 'reeve'
import { z } from 'zod'
import pay from '../tools/pay.ts'

export default workflow({
  input: z.object({ amountUsd: z.number() }),
  grants: [{ tool: 'pay.refund', args: { amountUsd: { max: 100 } } }],
  run: (ctx, given) => ctx.call(pay, given),
})
`

test('an edit that a grant denies is refused where the code runs, and elsewhere said to be judged as the run goes on', async () => {
  const folder = project()
  writeFileSync(join(folder, 'tools', 'pay.ts'), payTool)
  writeFileSync(join(folder, 'workflows', 'refund.ts'), refunding)
  const { approvals } = await reeveJson<Rested>(folder, ['run', 'refund', '--input', '{"amountUsd":40}'])
  const { id } = approvals[0]!
  const edited = ['approve', id, '--edit', '{"amountUsd":200}']
  const refused = await reeve(folder, [...edited, '--work'])
  expect(refused.stderr).toMatch(/would be denied: .*200.*Nothing was decided/s)
  expect(refused.code).toBe(2)
  const { code, stdout } = await reeve(folder, edited)
  expect(stdout).toMatch(
    /^The edit is judged .* when the run continues; if .* deny it, you are asked again$/m,
  )
  expect(code).toBe(0)
})
