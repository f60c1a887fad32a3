import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { runningStandIn, standInOf, testRuntime } from '../../src/testing/index.ts'
import { temporaryFolder } from '../cli/reeve.ts'

test('where a stand-in answers is told in its test and to other processes, and only while it does', async () => {
  vi.stubEnv('DATABASE_URL', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  const project = temporaryFolder()
  expect(await runningStandIn('stripe', { project })).toBeUndefined()
  expect(existsSync(join(project, '.reeve'))).toBe(false)
  mkdirSync(join(project, '.reeve'))
  const desk = await testRuntime({
    file: join(project, '.reeve', 'reeve.db'),
    config: { connectors: { stripe: stripe() } },
  })
  try {
    const place = await standInOf(desk, 'stripe')
    expect(place).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), endpoints: {} })
    expect(await runningStandIn('stripe', { project })).toEqual(place)
    expect(await runningStandIn('email', { project })).toBeUndefined()
    await expect(standInOf(desk, 'email')).rejects.toMatchObject({ code: 'unknown-connection' })
  } finally {
    await desk.stop()
  }
  expect(await runningStandIn('stripe', { project })).toBeUndefined()
})
