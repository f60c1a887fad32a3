import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connectAccount, disconnect, keepCredential } from '../../src/connectors/host/connecting.ts'
import { action, apiKey, connector, fromPoll } from '../../src/connectors/index.ts'
import { schemesOf } from '../../src/connectors/shape/connection.ts'
import { workflow } from '../../src/context.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { keysToSetWith } from '../../src/store/secrets/key/keys-to-set-with.ts'
import { testRuntime } from '../../src/testing/index.ts'

const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
const key = { connection: 'desk', account: 'default', mode: 'sandbox' } as const

/** A service with a test account and a real one, which has both at one address. */
async function startService() {
  const accounts: Record<string, { id: string; mode: string }> = {
    'key-of-the-test-account': { id: 'test-1', mode: 'sandbox' },
    'key-of-another-account': { id: 'test-2', mode: 'sandbox' },
    'key-of-the-real-account': { id: 'real-1', mode: 'live' },
  }
  const asked: string[] = []
  const service = { asked, isDown: false, url: '', close: async () => {} }
  const server = createServer((request, response) => {
    const its = accounts[String(request.headers.authorization).replace('Bearer ', '')]
    asked.push(`${its?.id ?? 'nobody'} ${request.method} ${request.url}`)
    const status = service.isDown ? 503 : its ? 200 : 401
    const body = request.url === '/me' ? its : { found: [] }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return service
}

async function desk() {
  const service = await startService()
  const its = connector({
    name: 'desk',
    title: 'Desk',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: 'https://desk.example',
    auth: apiKey({ where: 'anywhere' }),
    health: {
      probe: async (api) => {
        const { id, mode } = (await api.get('/me')).json
        return { identity: id, mode }
      },
    },
    rate: { default: { count: 100, per: '1s' } },
    sandbox: {
      standIn: {
        credential: 'stand-in-key',
        load: async () => async () => ({ url: 'http://127.0.0.1:1', close: async () => {} }),
      },
    },
    actions: {
      list: action({
        description: 'List what is there',
        endpoint: 'GET /list',
        input: z.object({}),
        output: z.unknown(),
        effect: 'read',
        run: async (_args, api) => (await api.get('/list')).json,
      }),
    },
    triggers: {
      found: fromPoll({
        description: 'Something came',
        schema: z.unknown(),
        look: async (api) => {
          await api.get('/news')
          return { found: [], cursor: null }
        },
      }),
    },
  })({ url: service.url })
  const list = workflow({
    name: 'list',
    input: z.string(),
    on: [its.on.found({ input: () => 'found' })],
    run: async (ctx) => ctx.call(its.actions.list, {}),
  })
  const folder = mkdtempSync(join(tmpdir(), 'reeve-connecting-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const runtime = await testRuntime({
    file: join(folder, 'reeve.db'),
    workflows: [list],
    config: { connectors: { desk: its } },
  })
  const { connections, vault, database, pollLoops } = internalsOf(runtime.runtime)
  const keys = () => keysToSetWith(database, runtime.runtime.environment)
  return {
    service,
    connections,
    database,
    its,
    start: () => runtime.start(list, 'now'),
    advance: (time: '10m') => runtime.advance(time),
    /** As a credential lies there from somewhere else: by `reeve secrets set`, or by a restored backup. */
    async lay(secret: string) {
      const kept = { key, scheme: schemesOf(its)[0]!, credential: { key: secret }, keys: await keys() }
      await database.transaction((session) => keepCredential(session, its, kept, acting))
      await vault.lookAgain()
    },
    connect: (secret: string) =>
      connectAccount(
        { connections, vault, keys },
        { connection: 'desk', account: 'default', mode: undefined },
        { key: secret },
        acting,
      ),
    look: async () => {
      for (const follower of pollLoops.followers) while (await follower.look()) {}
    },
    state: async () => (await connections.states.find(key))?.state,
    [Symbol.asyncDispose]: () => runtime.stop(),
  }
}

test('a credential that the service refuses takes the place of none that works', async () => {
  await using at = await desk()
  await at.connect('key-of-the-test-account')
  await expect(at.connect('a-slip-of-the-pen')).rejects.toMatchObject({
    code: 'bad-credential',
    message: expect.stringMatching(/Desk, .*refused.* The credential before it is kept\./s),
  })
  expect(await at.state()).toBe('connected')
  expect(await (await at.start()).status()).toBe('succeeded')
  expect(at.service.asked.at(-1)).toBe('test-1 GET /list')
})

test('a first credential that the service refuses is not kept', async () => {
  await using at = await desk()
  await expect(at.connect('a-slip-of-the-pen')).rejects.toThrow('Nothing was kept.')
  expect(await at.database.all('select name from secrets')).toEqual([])
})

test('a credential of another account is refused, until the one before is disconnected', async () => {
  await using at = await desk()
  await at.connect('key-of-the-test-account')
  await expect(at.connect('key-of-another-account')).rejects.toThrow(
    /is of test-2, and until now it was test-1\. .*reeve connectors disconnect desk --mode sandbox/,
  )
  expect(await (await at.start()).status()).toBe('succeeded')
  expect(at.service.asked.at(-1)).toBe('test-1 GET /list')
  await at.database.transaction((session) => disconnect(session, at.its, key, acting))
  await at.connect('key-of-another-account')
  expect(await at.connections.states.find(key)).toMatchObject({ state: 'connected', identity: 'test-2' })
})

test('nothing but the test call reaches the real account from a sandbox', async () => {
  await using at = await desk()
  await at.lay('key-of-the-real-account')
  await at.look()
  expect(await (await at.start()).status()).toBe('waiting')
  await at.look()
  expect(new Set(at.service.asked)).toEqual(new Set(['real-1 GET /me']))
  expect(await at.state()).toBe('needs-reconnect')
})

test('what goes out by the credential of a sandbox waits until it was seen whose it is', async () => {
  await using at = await desk()
  await at.lay('key-of-the-test-account')
  at.service.isDown = true
  const run = await at.start()
  await at.look()
  expect(await run.status()).toBe('waiting')
  expect(new Set(at.service.asked)).toEqual(new Set(['test-1 GET /me']))
  at.service.isDown = false
  await at.advance('10m')
  expect(await run.status()).toBe('succeeded')
  await at.look()
  expect(at.service.asked).toContain('test-1 GET /news')
})

test('what is not connected cannot be disconnected', async () => {
  await using at = await desk()
  const ended = at.database.transaction((session) =>
    disconnect(session, at.its, { ...key, account: 'nonsense' }, acting),
  )
  await expect(ended).rejects.toThrow(
    /There is no account "nonsense" of desk \(sandbox\)\..*Nothing was changed/,
  )
})
