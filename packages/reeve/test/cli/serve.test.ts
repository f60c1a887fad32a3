import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, linesOf, project, type Rested, said, start } from './reeve.ts'

test.each(['start', 'worker'])(
  '%s drives what others start, tells only that it is ready, and SIGTERM ends it with 0',
  async (command) => {
    const folder = project()
    const child = start(folder, [command, '--json', '--capacity', '7'])
    const lines = linesOf(child)
    expect((await lines.next()).value).toMatchObject({
      event: command === 'start' ? 'serving' : 'working',
      capacity: 7,
      workflows: expect.arrayContaining(['greet']),
    })
    const args = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}', '--key', 'k']
    const waiting = await reeveJson<Rested>(folder, args)
    expect(await reeveJson(folder, ['approve', waiting.approvals[0]!.id])).toMatchObject({
      worker: { pid: child.pid },
    })
    expect(await reeveJson(folder, args)).toMatchObject({ runId: waiting.runId, status: 'succeeded' })
    child.kill('SIGTERM')
    expect((await lines.next()).done).toBe(true)
    expect(await once(child, 'exit')).toEqual([0, null])
  },
)

test('a worker that is told to stop gives its runs back, and signs off', async () => {
  const folder = project()
  const child = start(folder, ['worker'])
  const finished = ended(child)
  await said(child.stdout, 'reeve is working')
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'await-go', '--detach'])
  child.kill('SIGTERM')
  const { code, stderr } = await finished
  expect(stderr).toContain('calls in progress may finish')
  expect(code).toBe(0)
  const { runs } = await reeveJson<{ runs: { id: string; status: string }[] }>(folder, ['runs'])
  expect(runs).toMatchObject([{ id: run, status: expect.stringMatching(/^(queued|waiting)$/) }])
  expect((await reeve(folder, ['doctor'])).stdout).toMatch(/workers +none/)
})

test('a capacity that is no number of runs is refused with what it may be', async () => {
  const { code, stderr } = await reeve(project(), ['worker', '--capacity', '0'])
  expect(stderr).toContain('--capacity is "0"; it must be a whole number from 1')
  expect(code).toBe(2)
})

test('five graceful stops in the middle of one long step end with 0, and the run is not stuck', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'slow', '--detach'])
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const child = start(folder, ['start', '--grace', '10ms'])
    const finished = ended(child)
    await said(child.stdout, 'reeve is serving')
    await vi.waitFor(async () => {
      const { runs } = await reeveJson<{ runs: { status: string }[] }>(folder, ['runs'])
      expect(runs).toMatchObject([{ status: 'running' }])
    }, 60_000)
    child.kill(signal)
    expect((await finished).code).toBe(0)
    const { runs } = await reeveJson<{ runs: { id: string; status: string }[] }>(folder, ['runs'])
    expect(runs).toMatchObject([{ id: run, status: 'queued' }])
  }
  const { stdout } = await reeve(folder, ['show', run, '--events'])
  expect(stdout.match(/run-released/g)).toHaveLength(5)
})

test('a worker whose .reeve is deleted says so and stops; the next one makes a new database', async () => {
  const folder = project()
  const child = start(folder, ['start'])
  const finished = ended(child)
  await said(child.stdout, 'reeve is serving')
  rmSync(join(folder, '.reeve'), { recursive: true })
  const { code, stderr } = await finished
  expect(code).toBe(70)
  expect(stderr).toMatch(/reeve\.db was deleted, or its folder was moved, while this process used it/)
  expect(await reeveJson(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])).toMatchObject({
    status: 'succeeded',
  })
})
