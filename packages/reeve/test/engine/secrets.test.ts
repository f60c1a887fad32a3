import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { verifyChain } from '../../src/store/journal/journal.ts'
import { redacting } from '../../src/store/redacting.ts'
import { headOf } from '../../src/store/runs/runs.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, openTestDatabase, rowOf, testEngine } from './harness.ts'

const canary = 'sk-live-"7&w/4LmZq9+x=Kd'
const forms = [
  canary,
  JSON.stringify(canary).slice(1, -1),
  encodeURIComponent(canary),
  Buffer.from(canary).toString('base64').slice(0, -4),
  Buffer.from(canary).toString('hex'),
]

const child = defineWorkflow({
  name: 'child',
  input: z.object({ given: z.string() }),
  run: async (_ctx: CoreContext, { given }) => `child of ${given}`,
})

/** Puts a secret into everything that a run can write, and tells what it saw. */
const leaky = defineWorkflow({
  name: 'leaky',
  input: z.object({ note: z.string() }),
  async run(ctx: CoreContext, input) {
    const seen: unknown[] = [input.note]
    seen.push(await ctx.step(`named ${canary}`, () => ({ deep: [canary], url: encodeURIComponent(canary) })))
    seen.push(await ctx.step('text', () => `Basic ${Buffer.from(canary).toString('base64')}`))
    const failed = ctx.step('fails', () => Promise.reject(new Error(`refused ${canary}`)), {
      retry: { attempts: 1 },
    })
    seen.push(await failed.catch((error: Error) => error.message))
    seen.push(await (await ctx.start(child, { given: canary })).result())
    ctx.log(`it is ${canary}`)
    seen.push(await ctx.waitFor('go'))
    return seen
  },
})

function bytesUnder(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n')
}

test('no byte of the database holds a registered secret, and every life sees the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-secrets-'))
  const clock = new FakeClock()
  const plain = await openTestDatabase(clock, join(folder, 'reeve.db'))
  onTestFinished(() => plain.close())
  const database = redacting(plain, new Secrets([canary]))
  const options = { database, clock, lingerMs: 0, secrets: database.secrets! }
  const first = await mortalEngine([leaky, child], options)
  const handle = await first.engine.startRun(leaky, { note: `use ${canary}` }, { key: canary })
  await settle()
  await first.die()
  const { engine } = await testEngine([leaky, child], options)
  await engine.start()
  onTestFinished(() => engine.stop())
  await engine.control.signal(handle.id, 'go', { token: canary })
  const result = await engine.resultOf(handle.id)
  expect(result).toMatchObject({ status: 'succeeded' })
  const output = JSON.stringify(result)
  const bytes = bytesUnder(folder)
  for (const form of forms) {
    expect(output).not.toContain(form)
    expect(bytes.includes(form)).toBe(false)
  }
  expect(output).toContain('use [secret]')
  expect(output).toContain('child of [secret]')
  expect(
    verifyChain(handle.id, await eventsOf(plain, handle.id), headOf(await rowOf(plain, handle.id))),
  ).toBeUndefined()
})

test('a run that is started queued and one that is started here see the same input', async () => {
  const clock = new FakeClock()
  const database = redacting(await openTestDatabase(clock), new Secrets([canary]))
  const { engine } = await testEngine([child], { database, clock })
  const queued = await engine.startRun(child, { given: canary })
  await engine.start()
  onTestFinished(() => engine.stop())
  const here = await engine.startRun(child, { given: canary })
  const expected = { status: 'succeeded', output: 'child of [secret]' }
  expect([await queued.result(), await here.result()]).toEqual([expected, expected])
})
