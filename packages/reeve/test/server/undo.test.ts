import { expect, test } from 'vitest'
import { recalled, startServer } from './server-harness.ts'

test('a plan is shown, and undone as it was shown, once under its key', async () => {
  recalled.length = 0
  const server = await startServer()
  const operator = await server.as('operator')
  const { id: run } = await operator.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'reply', input: { to: 'bo@example.com', text: 'Hi' } },
  })
  const going = operator.runs.planUndo({ params: { run } })
  await expect(going).rejects.toMatchObject({ code: 'cannot-undo' })
  const { items } = await operator.approvals.list()
  const { id: approval, hash } = items[0]!
  await operator.approvals.decide({ params: { approval }, body: { verdict: 'approve', hash } })
  await server.runtime.result(run)
  const plan = await operator.runs.planUndo({ params: { run } })
  expect(plan).toMatchObject({
    open: 1,
    steps: [{ tool: 'mail.send', state: 'open', args: { to: 'bo@example.com' } }],
  })

  const viewer = await server.as('viewer')
  const body = { plan: plan.hash }
  await expect(viewer.runs.undo({ params: { run }, body })).rejects.toMatchObject({ status: 403 })
  const other = operator.runs.undo({ params: { run }, body: { plan: 'another' } })
  await expect(other).rejects.toMatchObject({ code: 'cannot-undo' })
  const undo = await operator.runs.undo({ params: { run }, body, idempotencyKey: 'undo 1' })
  expect(undo).toMatchObject({ workflow: 'reeve.undo' })
  expect(await server.runtime.result(undo.id)).toMatchObject({ output: { undone: 1 } })
  expect(recalled).toEqual(['bo@example.com'])
  const again = await operator.runs.undo({ params: { run }, body, idempotencyKey: 'undo 1' })
  expect(again.id).toBe(undo.id)
  const misused = operator.runs.undo({ params: { run: undo.id }, body, idempotencyKey: 'undo 1' })
  await expect(misused).rejects.toMatchObject({ code: 'idempotency-conflict' })
  await expect(operator.runs.undo({ params: { run }, body })).rejects.toMatchObject({ code: 'cannot-undo' })
  const { steps } = await operator.runs.planUndo({ params: { run } })
  expect(steps).toMatchObject([{ state: 'undone', byRunId: undo.id }])
  expect((await operator.workflows.list()).items.map(({ name }) => name)).not.toContain('reeve.undo')
})
