import { expect, test } from 'vitest'
import { z } from 'zod'
import { connectorViews } from '../../src/connectors/host/view.ts'
import { action, apiKey, connector } from '../../src/connectors/index.ts'
import { startServer } from '../server/server-harness.ts'
import { LoopbackServer } from '../tools/loopback-server.ts'

const desk = connector({
  name: 'desk',
  title: 'Desk',
  version: '1.0.0',
  vendorApi: { version: '1' },
  url: 'https://desk.example',
  auth: apiKey({ where: 'https://desk.example/settings' }),
  health: { probe: async (api) => ({ identity: (await api.get('/me')).json.account }) },
  rate: { default: { count: 100, per: '1s' } },
  sandbox: {
    standIn: {
      credential: 'key',
      load: async () => async () => ({ url: 'http://127.0.0.1:1', close: async () => {} }),
    },
  },
  actions: {
    read: action({
      description: 'Read a ticket',
      endpoint: 'GET /tickets/{id}',
      input: z.object({ id: z.string() }),
      output: z.object({ id: z.string() }),
      effect: 'read',
      run: async ({ id }) => ({ id }),
    }),
  },
})

test('a disconnected account says that it is, by whom, at once and after later looks', async () => {
  const service = await LoopbackServer.start((_request, response) =>
    response.setHeader('content-type', 'application/json').end('{"account":"desk-1"}'),
  )
  const server = await startServer({
    isIdle: true,
    config: { connectors: { desk: desk({ url: `http://${service.host}` }) } },
  })
  const owner = await server.as('owner')
  const { connections } = server.internals
  const account = async () => (await connectorViews(connections))[0]!.accounts[0]!
  const its = { connector: 'desk', account: 'default' }
  await owner.connectors.connect({ params: its, body: { credential: { key: 'a-key-of-the-desk' } } })
  expect(await account()).toMatchObject({ state: 'connected', identity: 'desk-1' })
  const told = await owner.connectors.disconnect({ params: its })
  const disconnected = {
    state: 'needs-reconnect',
    reason: expect.stringMatching(/^it was disconnected by \w+/),
    identity: null,
  }
  expect(told.accounts[0]).toMatchObject(disconnected)
  await connections.health.probe({ connection: 'desk', account: 'default', mode: 'live' })
  expect(await account()).toMatchObject(disconnected)
  await owner.connectors.connect({ params: its, body: { credential: { key: 'a-key-of-the-desk' } } })
  expect(await account()).toMatchObject({ state: 'connected', reason: null })
  await service.close()
})
