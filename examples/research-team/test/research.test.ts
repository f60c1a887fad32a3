import { join } from 'node:path'
import { loadProject, Runtime, readEnvironment } from 'reeve'
import { expect, test } from 'vitest'

test('three questions are read side by side and reported with their sources, without a key', async () => {
  const folder = join(import.meta.dirname, '..')
  const project = await loadProject(folder)
  const environment = readEnvironment(folder, { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project, environment })
  await runtime.start()
  const request = 'How do I return a scale? When does the refund arrive on my card? How do I pair a sensor?'
  const handle = await runtime.startRun<string, { report: string; score: number }>('research', request)
  const result = await handle.result()
  await runtime.stop()
  if (result.status !== 'succeeded') throw new Error(JSON.stringify(result))
  expect(result.output.score).toBe(1)
  expect(result.output.report.match(/^## /gm)).toHaveLength(3)
  expect(result.output.report).toContain('refunds-and-returns.md')
  expect(result.output.report).toContain('pairing-a-sensor.md')
})
