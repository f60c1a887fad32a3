import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import { reeve, reeveJson } from './hosted.ts'
import { linesOf, project, start } from './reeve.ts'

interface Serving {
  url: string
  signIn?: string
}

test('the first start makes the owner, prints a link that signs in once, and the next one prints none', async () => {
  const folder = project()
  const child = start(folder, ['start', '--json'])
  const { url, signIn } = (await linesOf(child).next()).value as unknown as Serving
  expect(signIn).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in\?code=reeve_[\w-]{43}$/)
  const code = new URL(signIn!).searchParams.get('code')!
  const body = new URLSearchParams({ code })
  const response = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' })
  const cookie = response.headers.get('set-cookie')!.split(';')[0]!
  const session = await fetch(`${url}/api/session`, { headers: { cookie } })
  expect(await session.json()).toMatchObject({ principal: 'ada', role: 'owner', via: 'session' })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  const second = start(folder, ['start', '--json'])
  expect((await linesOf(second).next()).value).not.toHaveProperty('signIn')
})

test('a later start says with which command one gets in, and that command signs in', async () => {
  const folder = project()
  const first = start(folder, ['start', '--json'])
  await linesOf(first).next()
  first.kill('SIGTERM')
  await once(first, 'exit')
  const second = start(folder, ['start', '--no-open'])
  let said = ''
  for await (const chunk of second.stdout!) {
    said += String(chunk)
    if (said.includes('sign in')) break
  }
  const [, command = ''] = /^sign in with a link: npx reeve (open --at http:\S+)$/m.exec(said)!
  const { signIn } = await reeveJson<{ signIn: string }>(folder, command.split(' '))
  expect((await fetch(signIn)).status).toBe(200)
})

test('a token that the CLI makes works at the server until the CLI revokes it', async () => {
  const folder = project()
  const child = start(folder, ['dev', '--json'])
  const { url } = (await linesOf(child).next()).value as unknown as Serving
  const made = await reeveJson<{ id: string; token: string }>(folder, [
    'token',
    'create',
    'ci',
    '--role',
    'operator',
  ])
  const client = createClient({ url, token: made.token })
  const run = await client.runs.start({
    query: { wait: '30s' },
    body: { workflow: 'greet', input: { name: 'Ada' } },
  })
  expect(run.status).toBe('succeeded')
  const environment = { REEVE_URL: url, REEVE_TOKEN: made.token }
  expect((await reeve(folder, ['whoami'], { environment })).stdout).toBe(
    `ada (operator) at ${url}, by a token\n`,
  )
  expect((await reeve(folder, ['whoami'])).stdout).toMatch(/^ada \(owner\) at /)
  expect(await reeveJson(folder, ['token', 'list'])).toMatchObject({
    tokens: [{ id: made.id, name: 'ci', role: 'operator', usedAt: expect.any(String), revokedAt: null }],
  })
  await reeve(folder, ['token', 'revoke', made.id])
  await expect(client.runs.list()).rejects.toMatchObject({ code: 'token-revoked' })
})

test('a link that the CLI makes later signs in, too', async () => {
  const folder = project()
  const child = start(folder, ['start', '--json'])
  const { url } = (await linesOf(child).next()).value as unknown as Serving
  const { signIn } = await reeveJson<{ signIn: string }>(folder, ['token', 'sign-in', '--at', url])
  const body = new URLSearchParams({ code: new URL(signIn).searchParams.get('code')! })
  const response = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' })
  expect(response.status).toBe(303)
})

test('a port in use ends the start with 2 and what to do; another host needs an owner', async () => {
  const folder = project()
  const child = start(folder, ['start', '--json'])
  const { url } = (await linesOf(child).next()).value as unknown as Serving
  const taken = await reeve(project(), ['start', '--port', new URL(url).port])
  expect(taken.stderr).toMatch(/Port \d+ of 127\.0\.0\.1 is in use.*--port N/)
  expect(taken.code).toBe(2)
  const open = await reeve(project(), ['start', '--host', '0.0.0.0'])
  expect(open.stderr).toContain('There is no owner yet')
  expect(open.code).toBe(2)
  const wrong = await reeve(project(), ['start', '--port', 'x'])
  expect(wrong.stderr).toContain('The port is "x"')
})

test('sql asks the views of the project, and refuses what is not of them', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<{ runId: string }>(folder, [
    'run',
    'greet',
    '--input',
    '{"name":"Ada"}',
  ])
  const asked = await reeveJson(folder, ['sql', "select id, status from runs where workflow = 'greet'"])
  expect(asked).toMatchObject({ columns: ['id', 'status'], rows: [[run, 'succeeded']], more: false })
  const refused = await reeve(folder, ['sql', 'select hash from tokens'])
  expect(refused.stderr).toContain('"tokens" cannot be read; there are runs, steps')
  expect(refused.code).toBe(2)
  expect((await reeve(folder, ['sql', '--help'])).stdout).toContain('model_calls  every paid call')
})
