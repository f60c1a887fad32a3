import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, linesOf, project, said, start } from './reeve.ts'

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

function hooked(): string {
  const folder = project()
  writeFileSync(
    join(folder, 'workflows', 'hooked.ts'),
    `import { webhook, workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({ type: z.string() }),
  on: [
    webhook({ name: 'shop', secret: 'SHOP_SECRET', input: ({ body }) => body as { type: string } }),
    webhook({ name: 'shut', secret: 'NO_SUCH_SECRET', input: ({ body }) => body as { type: string } }),
  ],
  run: async (ctx, { type }) => {
    ctx.log('it came', { type })
    return type
  },
})
`,
  )
  return folder
}

test('a signed sample is posted to the server, starts a run, and the list and the log tell of it', async () => {
  const folder = hooked()
  const environment = { SHOP_SECRET: secret }
  const server = start(folder, ['start', '--json', '--port', '0', '--no-open'], environment)
  const { value } = await linesOf(server).next()
  const { url } = value as { url: string }
  const args = ['trigger', 'test', 'shop', '--server', url]
  const sent = await reeveJson(folder, args, { environment })
  expect(sent).toMatchObject({ code: 0, status: 202, answer: { runId: expect.any(String), isRepeat: false } })
  const listed = await reeveJson(folder, ['trigger', 'list'], { environment })
  expect(listed).toMatchObject({
    code: 0,
    triggers: [
      {
        name: 'shop',
        path: '/hooks/shop',
        signature: 'standard',
        closed: null,
        last: { outcome: 'started' },
      },
      { name: 'shut', closed: 'NO_SUCH_SECRET is not set', last: null },
    ],
  })
  const { stdout } = await reeve(folder, ['trigger', 'list'], { environment })
  expect(stdout).toMatch(/shop webhook: POST \/hooks\/shop \(standard\) starts hooked/)
  expect(stdout).toContain('shut: NO_SUCH_SECRET is not set')
  const wrong = await reeveJson(folder, args, {
    environment: { SHOP_SECRET: `whsec_${Buffer.alloc(32, 4).toString('base64')}` },
  })
  expect(wrong).toMatchObject({ code: 1, status: 401, answer: { code: 'webhook-forged' } })
  const closed = await reeveJson(folder, ['trigger', 'test', 'shut', '--server', url], { environment })
  expect(closed).toMatchObject({ code: 2, error: { code: 'webhook-closed' } })
  const unknown = await reeveJson(folder, ['trigger', 'test', 'other'], { environment })
  expect(unknown).toMatchObject({ code: 2, error: { code: 'unknown-trigger' } })
  const { runId: run } = (sent as unknown as { answer: { runId: string } }).answer
  const told = await reeve(folder, ['logs', run], { environment })
  expect(told.stdout).toMatch(/hooked .* log-written .*it came/)
  server.kill('SIGTERM')
  expect(await ended(server)).toMatchObject({ code: 0 })
  const nobody = await reeveJson(folder, args, { environment })
  expect(nobody).toMatchObject({ code: 2, error: { code: 'no-server' } })
})

test('logs -f tells what comes, of other processes too, until Ctrl-C', async () => {
  const folder = project()
  await reeve(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  const following = start(folder, ['logs', '-f', '--all'])
  await said(following.stdout, 'run-succeeded')
  const second = said(following.stdout, 'Hello Grace')
  await reeve(folder, ['run', 'greet', '--input', '{"name":"Grace"}'])
  await second
  following.kill('SIGINT')
  expect(await ended(following)).toMatchObject({ code: 0 })
})
