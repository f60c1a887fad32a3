import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { action, connector, fromWebhook, noAuth } from '../../src/connectors/index.ts'
import { contractDiff, contractOf } from '../../src/connectors/shape/contract.ts'
import { workflow } from '../../src/context.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import type { HmacSignature } from '../../src/triggers/signatures/own-hmac.ts'
import { startServer } from '../server/server-harness.ts'

const at = 1_785_000_000
const own: HmacSignature = {
  header: 'desk-hmac',
  encoding: 'base64',
  timestamp: { header: 'desk-time' },
  id: { field: 'id' },
}

/** A ticket desk that signs in a way of its own. */
function desk(signature: HmacSignature = own) {
  return connector({
    name: 'desk',
    title: 'Desk',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: 'https://desk.example',
    auth: noAuth(),
    health: { probe: async () => ({}) },
    rate: { default: { count: 100, per: '1s' } },
    sandbox: {
      standIn: {
        credential: '',
        webhookSecrets: { created: 'what-the-stand-in-signs-with' },
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
    triggers: {
      created: fromWebhook({
        description: 'A ticket came',
        signature,
        tolerance: '10m',
        schema: z.object({ id: z.string() }),
      }),
    },
  })
}

async function opened({ isSandbox }: { isSandbox: boolean }) {
  const connection = desk()({ mode: isSandbox ? 'sandbox' : 'live' })
  const note = workflow({
    name: 'note',
    input: z.object({ id: z.string() }),
    on: [connection.on.created({ input: ({ id }) => ({ id }) })],
    run: async (_ctx, { id }) => id,
  })
  const server = await startServer({
    workflows: [note as never],
    config: { connectors: { desk: connection } },
    clock: new FakeClock(at * 1000),
  })
  const post = async (id: string, key: string, time = at) => {
    const body = JSON.stringify({ id })
    const response = await fetch(`${server.url}/hooks/desk.created`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'desk-time': String(time),
        'desk-hmac': createHmac('sha256', key).update(`${time}.${body}`).digest('base64'),
      },
    })
    return response.status
  }
  return { server, post }
}

test('in sandbox a webhook is signed by the stand-in, in the way and the time that the connector says', async () => {
  const { post } = await opened({ isSandbox: true })
  const key = 'what-the-stand-in-signs-with'
  expect([
    await post('t1', key),
    await post('t1', key, at + 30),
    await post('t2', key, at - 599),
    await post('t3', key, at - 601),
    await post('t4', 'somebody-else-signs-this'),
  ]).toEqual([202, 200, 202, 401, 401])
})

test('the secret of a live webhook is replaced without a gap, and that of the stand-in opens nothing', async () => {
  const { server, post } = await opened({ isSandbox: false })
  const owner = await server.as('owner')
  const set = (secret: string, value: string) => owner.secrets.set({ params: { secret }, body: { value } })
  const [first, next] = ['the-first-secret-of-desk', 'the-next-secret-of-desk-']
  expect(await post('t1', 'what-the-stand-in-signs-with')).toBe(503)
  await set('desk:created:signature', first)
  expect(await post('t1', 'what-the-stand-in-signs-with')).toBe(401)
  await set('desk:created:signature-next', next)
  expect([await post('t1', first), await post('t2', next)]).toEqual([202, 202])
  await set('desk:created:signature', next)
  await owner.secrets.remove({ params: { secret: 'desk:created:signature-next' } })
  expect([await post('t3', first), await post('t4', next)]).toEqual([401, 202])
})

test('how events are signed is part of the contract, and is checked when the connector is declared', () => {
  const [before, after] = [desk(), desk({ ...own, algorithm: 'sha512' })].map((each) =>
    contractOf(each.definition),
  )
  expect(contractDiff(before!, after!)).toEqual([
    { path: 'triggers.created.signature.algorithm', before: null, after: 'sha512' },
  ])
  expect(() => desk({ header: 'a b' })).toThrow(
    expect.objectContaining({
      code: 'bad-connector',
      message: expect.stringContaining('its trigger "created" names the header "a b"'),
    }),
  )
})
