import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { startAuthorizationServer } from '../connectors/authorization-server.ts'
import { reeve, reeveJson } from './hosted.ts'
import { start, temporaryFolder } from './reeve.ts'

test('reeve connect signs in by the browser, and the account is looked at with the token', async () => {
  const server = await startAuthorizationServer()
  onTestFinished(() => server.close())
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'reeve.config.ts'),
    `import { action, connector, oauth2 } from 'reeve/connectors'
     import { z } from 'zod'
     const desk = connector({
       name: 'desk', title: 'Desk', version: '1.0.0', vendorApi: { version: '1' }, url: 'https://desk.example',
       auth: oauth2({ where: 'anywhere', authorize: 'https://desk.example/authorize', token: 'https://desk.example/token',
         flows: ['code'], scopes: ['tickets'] }),
       health: { probe: async (api) => ({ identity: (await api.get('/me')).json.account }) },
       rate: { default: { count: 10, per: '1s' } },
       sandbox: { standIn: { credential: 'none', load: async () => async () => { throw new Error('not here') } } },
       actions: { me: action({ description: 'Me', endpoint: 'GET /me', input: z.object({}), output: z.unknown(), effect: 'read',
         run: async (_args, api) => (await api.get('/me')).json }) },
     })
     export default { connectors: { desk: desk({ url: '${server.url}' }) } }`,
  )
  const environment = { REEVE_SECRETS_KEY: SealingKey.make().secret }
  const child = start(folder, ['connect', 'desk'], environment)
  child.stdin.end(JSON.stringify({ client_id: 'stand-in-client', client_secret: 'stand-in-secret' }))
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      const url = /Say yes in your browser: (\S+)/.exec(line)?.[1]
      if (url !== undefined) void fetch(url)
    })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, said.at(-1)]).toEqual([0, expect.stringContaining('desk is connected: desk-1')])
  expect(said.join('\n')).not.toMatch(/stand-in-secret|stand-in-access|stand-in-refresh/)
  const { connectors = [], ...rest } = await reeveJson<{ connectors?: unknown[] }>(
    folder,
    ['connectors', 'list'],
    { environment },
  )
  expect(JSON.stringify([connectors, rest])).toContain('"state":"connected"')
})

test('reeve run ends where an account has to be connected, and says how', async () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'reeve.config.ts'),
    `import { stripe } from 'reeve/connectors/stripe'
     export const shop = stripe({ name: 'stripe', account: 'shop' })
     export default { connectors: { stripe: shop } }`,
  )
  mkdirSync(join(folder, 'workflows'))
  writeFileSync(
    join(folder, 'workflows', 'look.ts'),
    `import { workflow } from 'reeve'
     import { z } from 'zod'
     import { shop } from '../reeve.config.ts'
     export default workflow({ name: 'look', input: z.object({}), run: async (ctx) =>
       ctx.call(shop.actions.getPayment, { payment: 'pi_1' }) })`,
  )
  const environment = { REEVE_SECRETS_KEY: SealingKey.make().secret }
  const { code, stdout } = await reeve(folder, ['run', 'look'], { environment })
  expect([code, stdout]).toEqual([
    3,
    expect.stringMatching(/connect it with: .*reeve connect stripe --account shop\n/),
  ])
  const runId = /run (\S+)/.exec(stdout)![1]!
  expect(await reeveJson(folder, ['follow', runId], { environment })).toMatchObject({
    code: 3,
    waitsFor: { for: 'account', accounts: [{ connection: 'stripe', account: 'shop', mode: 'live' }] },
  })
})
