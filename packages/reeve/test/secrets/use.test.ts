import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { secret } from '../../src/base/secrets/secret-handle.ts'
import { checkSecrets } from '../../src/cli/look/doctor/doctor-secrets.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { listActs } from '../../src/inspect/authority/act-list.ts'
import { deleteSecret, setSecret } from '../../src/store/secrets/change-secrets.ts'
import { readSealingKeys } from '../../src/store/secrets/key/key-file.ts'
import { httpTool } from '../../src/tools/http/http.ts'
import { tool } from '../../src/tools/tool.ts'
import { webhook } from '../../src/triggers/webhook.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'
import { LoopbackServer } from '../tools/loopback-server.ts'

const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
const folder = mkdtempSync(join(tmpdir(), 'reeve-secrets-'))
const database = { kind: 'sqlite' as const, file: join(folder, 'reeve.db') }
const service = await LoopbackServer.start((_request, response) => void response.end())
const origin = `http://${service.host}`

afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true })
})

const reaches = { allow: [], allowPrivate: [service.host] }
const pay = httpTool({
  ...reaches,
  name: 'pay.post',
  methods: ['POST'],
  approval: 'never',
  credentials: { [origin]: { authorization: secret`Bearer ${secret('PAY_KEY')}` } },
})
const greedy = tool({
  name: 'greedy',
  description: 'wants what it does not declare',
  input: z.object({}),
  output: z.unknown(),
  effect: 'read',
  secrets: ['PAY_KEY'],
  retry: { attempts: 1 },
  run: (_args, { reveal }) => reveal('OTHER_KEY'),
})
const twice = tool({
  name: 'twice',
  description: 'sends, and only then opens',
  input: z.object({}),
  output: z.unknown(),
  effect: 'once',
  approval: 'never',
  secrets: ['PAY_KEY', 'LATE_KEY'],
  async run(_args, { reveal }) {
    sent++
    await reveal('LATE_KEY')
    return null
  },
})
const fromEnvironment = tool({
  name: 'from-environment',
  description: 'opens what the environment has',
  input: z.object({ name: z.enum(['ENV_KEY', 'HIDDEN_KEY']) }),
  output: z.unknown(),
  effect: 'read',
  secrets: [secret('ENV_KEY')],
  retry: { attempts: 1 },
  run: async ({ name }, { reveal }) => (await reveal(name)).length,
})
let sent = 0

const calling = (name: string, it: unknown, args: unknown) =>
  workflow({
    name,
    input: z.null(),
    run: (ctx) => ctx.call(it as typeof greedy, args as never),
  }) as unknown as Workflow

const workflows = [
  calling('pay', pay, { url: `${origin}/x`, body: {} }),
  calling('greedy', greedy, {}),
  calling('twice', twice, {}),
  calling('from-environment', fromEnvironment, { name: 'ENV_KEY' }),
  workflow({
    name: 'hooked',
    input: z.object({ n: z.number() }),
    on: [webhook({ signature: 'github', secret: [secret('HOOK_KEY'), 'HOOK_KEY_OLD'] })],
    run: async (_ctx, { n }) => n,
  }) as unknown as Workflow,
]

async function serverWith(variables: Record<string, string> = {}): Promise<TestServer> {
  return startServer({
    database,
    workflows,
    variables: { ENV_KEY: 'from-the-environment', HIDDEN_KEY: 'not-for-tools-1', ...variables },
    config: { tools: [pay, greedy, twice, fromEnvironment], secrets: { fromEnvironment: ['ENV_KEY'] } },
  })
}

async function ended(server: TestServer, name: string) {
  return (await server.runtime.startRun(name, null)).result()
}

test('a secret is used, rotated and deleted under a running worker, and each is told clearly', async () => {
  const server = await serverWith()
  const { internals } = server
  const owner = await server.as('owner')
  const key = join(folder, 'secrets.key')
  expect(existsSync(key)).toBe(false)
  expect(await ended(server, 'pay')).toMatchObject({
    status: 'failed',
    error: { code: 'unknown-secret', message: expect.stringContaining('reeve secrets set PAY_KEY') },
  })
  expect(service.received).toEqual([])
  const set = (value: string) => owner.secrets.set({ params: { secret: 'PAY_KEY' }, body: { value } })
  await set('first-value-of-pay')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(await ended(server, 'pay')).toMatchObject({ status: 'succeeded' })
  // By another process, which only writes to the database: the next call has it.
  await internals.database.transaction((session) =>
    setSecret(
      session,
      { name: 'PAY_KEY', value: 'other-value-of-pay', keys: readSealingKeys({ database }) },
      acting,
    ),
  )
  expect(await ended(server, 'pay')).toMatchObject({ status: 'succeeded' })
  expect(service.received.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer first-value-of-pay',
    'Bearer other-value-of-pay',
  ])
  expect((await set('other-value-of-pay')).version).toBe(2)
  expect((await owner.secrets.list()).items).toMatchObject([
    { name: 'PAY_KEY', version: 2, setBy: 'ada', usedBy: ['pay.post', 'greedy', 'twice'] },
  ])
  await owner.secrets.remove({ params: { secret: 'PAY_KEY' } })
  expect(await ended(server, 'pay')).toMatchObject({ status: 'failed', error: { code: 'unknown-secret' } })
  const missing = owner.secrets.set({
    params: { secret: 'NONE' },
    body: { value: 'a-good-value', mustExist: true },
  })
  await expect(missing).rejects.toMatchObject({ code: 'unknown-secret' })
  await expect(owner.secrets.remove({ params: { secret: 'PAY_KEY' } })).rejects.toMatchObject({
    code: 'unknown-secret',
  })
  for (const value of ['short', 'x'.repeat(30_000)])
    await expect(set(value)).rejects.toMatchObject({
      code: expect.stringMatching(/^(bad-secret|invalid-input)$/),
    })
  const operator = await server.as('operator')
  await expect(operator.secrets.remove({ params: { secret: 'X' } })).rejects.toMatchObject({
    code: 'role-too-low',
  })
  expect((await operator.secrets.list()).items).toEqual([])
  await expect((await server.as('approver')).secrets.list()).rejects.toMatchObject({ code: 'role-too-low' })
  const acts = (await listActs(internals.database)).filter(({ subject }) => subject === 'PAY_KEY')
  expect(acts.map(({ type }) => type)).toEqual(['secret-deleted', 'secret-rotated', 'secret-set'])
  await server.close()
})

test('a tool opens what it declares and nothing else, and nothing is sent by halves', async () => {
  const server = await serverWith()
  const owner = await server.as('owner')
  const set = (name: string) =>
    owner.secrets.set({ params: { secret: name }, body: { value: `the-value-of-${name}` } })
  await set('PAY_KEY')
  await set('OTHER_KEY')
  expect(await ended(server, 'greedy')).toMatchObject({
    status: 'failed',
    error: { code: 'secret-not-declared' },
  })
  // Of the two that it declares one is missing: the call does not begin, and no outcome is unknown.
  expect(await ended(server, 'twice')).toMatchObject({ status: 'failed', error: { code: 'unknown-secret' } })
  expect(sent).toBe(0)
  expect(await ended(server, 'from-environment')).toMatchObject({ status: 'succeeded', output: 20 })
  expect(server.internals.vault.known('HIDDEN_KEY')).toBeUndefined()
  const found = (await checkSecrets(server.runtime)).map(({ found }) => found)
  expect(found).toEqual([
    'LATE_KEY is not kept, and twice cannot do without it',
    'the webhook of trigger hooked is closed: HOOK_KEY is not set; HOOK_KEY_OLD is not set',
    'no tool, trigger or connection of the project names OTHER_KEY',
  ])
  await server.close()
})

test('a door opens with a sealed secret, and shuts when it is deleted', async () => {
  const server = await serverWith({ HOOK_KEY: 'only-in-the-environment' })
  const owner = await server.as('owner')
  const post = async (key: string, n: number) => {
    const body = JSON.stringify({ n })
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
    const headers = {
      'content-type': 'application/json',
      'x-hub-signature-256': signature,
      'x-github-delivery': `d${n}`,
    }
    return (await fetch(`${server.url}/hooks/hooked`, { method: 'POST', headers, body })).status
  }
  expect(await post('only-in-the-environment', 1)).toBeGreaterThanOrEqual(400)
  await owner.secrets.set({ params: { secret: 'HOOK_KEY' }, body: { value: 'a-sealed-secret-of-it' } })
  const usedAt = async () =>
    (await owner.secrets.list()).items.find(({ name }) => name === 'HOOK_KEY')!.usedAt
  // Who knocks and is not let in has not used it.
  expect(await post('what-somebody-guessed', 2)).toBe(401)
  expect(await usedAt()).toBeNull()
  expect(await post('a-sealed-secret-of-it', 2)).toBe(202)
  await expect.poll(usedAt).not.toBeNull()
  await owner.secrets.remove({ params: { secret: 'HOOK_KEY' } })
  expect(await post('a-sealed-secret-of-it', 3)).toBeGreaterThanOrEqual(400)
  await server.close()
})

test('a worker without the key fails the calls that need it, with advice, and loses nothing', async () => {
  rmSync(join(folder, 'secrets.key'))
  const server = await serverWith()
  const { status, error } = (await ended(server, 'pay')) as { status: string; error: { code: string } }
  expect([status, error.code]).toEqual(['failed', 'secrets-key-missing'])
  const owner = await server.as('owner')
  const set = owner.secrets.set({ params: { secret: 'NEW' }, body: { value: 'a-good-value' } })
  await expect(set).rejects.toMatchObject({ code: 'secrets-key-missing' })
  expect(existsSync(join(folder, 'secrets.key'))).toBe(false)
  await server.internals.database.transaction(async (session) => {
    await deleteSecret(session, 'PAY_KEY', acting)
    await deleteSecret(session, 'OTHER_KEY', acting)
    await deleteSecret(session, 'reeve.marks', acting)
  })
  expect(
    (await owner.secrets.set({ params: { secret: 'NEW' }, body: { value: 'a-good-value' } })).version,
  ).toBe(1)
  await server.close()
})
