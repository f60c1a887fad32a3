import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { approvalScreen } from '../../src/cli/decide/approval-screen.ts'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, tamper } from './reeve.ts'

const invoice = `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  key: ({ number }) => number,
  input: z.object({ number: z.string(), days: z.number() }),
  run: (ctx) => ctx.waitFor('paid', { schema: z.object({}) }),
})
`

test('a run is told with its key, and one that has ended tells of another with the same key', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/invoice.ts'), invoice)
  const input = (days: number) => ['run', 'invoice', '--input', JSON.stringify({ number: 'R-2', days })]
  const first = await reeve(folder, [...input(1), '--key', 'R-2'])
  const [, id] = /invoice run (\w+) \(R-2\)/.exec(first.stdout) ?? []
  expect(id).toBeDefined()
  const { runId: second } = await reeveJson<Rested>(folder, input(2))
  expect((await reeve(folder, ['pause', id!])).stdout).toContain(`run ${id} (R-2) is paused`)
  expect((await reeve(folder, ['signal', id!, 'paid', '{}'])).stdout).toContain(
    `to run ${id} (R-2) is in its inbox`,
  )
  expect((await reeve(folder, ['cancel', 'R-2'])).stdout).toBe(`run ${id} (R-2) is cancelled\n`)
  const again = await reeve(folder, ['cancel', 'R-2'])
  expect(again.stderr).toMatch(
    new RegExp(
      `Another run has this key and has not ended: ${second} \\(waiting\\)\\. Name it by invoice:R-2, or by its id`,
    ),
  )
  expect(again.code).toBe(2)
  expect((await reeve(folder, ['cancel', 'invoice:R-2'])).stdout).toBe(`run ${second} (R-2) is cancelled\n`)
})

test('show says why somebody rejected, and that no worker drives a run that its worker left', async () => {
  const folder = project()
  const args = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']
  const { approvals, runId } = await reeveJson<Rested>(folder, args)
  await reeveJson(folder, ['reject', approvals[0]!.id, '--why', 'too short', '--work'])
  expect((await reeve(folder, ['show', runId!])).stdout).toMatch(/mail\.send: rejected by ada: too short/)
  tamper(folder, "update runs set status = 'running', ended_at = null")
  expect((await reeve(folder, ['show', runId!])).stdout).toMatch(
    /^ {2}no worker is running; it continues when one does: .*reeve dev$/m,
  )
})

test('an unknown outcome is followed by its example, and an agent that nobody is above says nothing of it', async () => {
  const folder = project()
  const { stdout } = await reeve(folder, ['run', 'pay', '--input', '{"amount":5}'])
  expect(stdout).toMatch(/for example:\n.* answer \w+ happened --result/)
  const shown = { tool: 'mail.send', args: { to: 'bo' }, agent: 'clerk', under: [] }
  expect(approvalScreen(shown, 'whole').lines.join('\n')).not.toContain('under')
  const above = { ...shown, under: ['chief'] }
  expect(approvalScreen(above, 'whole').lines.join('\n')).toContain('chief')
})

test('a command that only reads makes no database where none is', async () => {
  const folder = project()
  for (const args of [['runs'], ['costs'], ['show', 'R-1'], ['schedules']]) {
    const { code, stderr } = await reeve(folder, args, { environment: { DATABASE_URL: 'file:away/x.db' } })
    expect(stderr).toMatch(/There is no database at .*away\/x\.db, .* begin one there: .*reeve dev/)
    expect(code).toBe(2)
  }
  expect(existsSync(join(folder, 'away'))).toBe(false)
  expect(await reeve(folder, ['runs'])).toMatchObject({ code: 0 })
})

const parent = `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({}),
  async run(ctx) {
    const child = await ctx.start<object, number>('mendable', {})
    return child.result().catch(() => 'without it')
  },
})
`

test('a child that is tried again says what is left to do for a parent that has ended', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/parent.ts'), parent)
  const { runId, status } = await reeveJson<Rested>(folder, ['run', 'parent'])
  expect(status).toBe('succeeded')
  const { runs } = await reeveJson<{ runs: { id: string }[] }>(folder, ['runs', '--workflow', 'mendable'])
  const { stdout } = await reeve(folder, ['retry', runs[0]!.id])
  expect(stdout).toMatch(
    new RegExp(
      `its parent, run ${runId}, has ended and keeps the result .* fork ${runId} --from CALL .* show ${runId}`,
    ),
  )
})

test('the shape of an address stands in a message as it is to be written', async () => {
  const environment = { DATABASE_URL: 'mysql://x' }
  const { stderr } = await reeve(project(), ['runs'], { environment })
  expect(stderr).toContain('postgres://USER:PASSWORD@HOST/DATABASE')
})
