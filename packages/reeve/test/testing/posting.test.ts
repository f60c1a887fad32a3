import { expect, test } from 'vitest'
import { z } from 'zod'
import { connector } from '../../src/connectors/connector.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { workflow } from '../../src/context.ts'
import { testRuntime } from '../../src/testing/index.ts'
import { mail } from '../../src/triggers/mail.ts'
import { webhook } from '../../src/triggers/webhook.ts'

const note = (on: readonly unknown[], name = 'note') =>
  workflow({
    name,
    input: z.object({ id: z.string() }),
    on: on as never,
    run: async (ctx, { id }) => ctx.step('note', () => `noted ${id}`),
  })

test('a post to a webhook whose secret the test does not have starts a run, and the same again is the same', async () => {
  const shop = webhook({ name: 'shop', secret: 'SHOP_SECRET', schema: z.object({ id: z.string() }) })
  await using desk = await testRuntime({ workflows: [note([shop])] })
  const first = await desk.post('shop', { id: 'o1' }, { id: 'd1' })
  expect(first).toMatchObject({ status: 202, answer: { isRepeat: false, reason: null } })
  expect(await first.run!.output()).toBe('noted o1')
  const again = await desk.post('shop', { id: 'o1' }, { id: 'd1' })
  expect([again.status, again.run?.id]).toEqual([200, first.run?.id])
  expect((await desk.post('shop', { id: 'o1' })).run?.id).not.toBe(first.run?.id)
})

test('what a server would refuse is refused, in its words', async () => {
  const shop = webhook({ name: 'shop', secret: 'SHOP_SECRET', schema: z.object({ id: z.string() }) })
  await using desk = await testRuntime({ workflows: [note([shop])], at: '2026-03-02T06:00:00Z' })
  const forged = await desk.post(
    'shop',
    { id: 'o1' },
    { secret: 'whsec_c29tZWJvZHkgZWxzZSBzaWduZWQgdGhpcw==' },
  )
  expect(forged).toMatchObject({ status: 401, answer: { code: 'webhook-forged' }, run: undefined })
  const stale = await desk.post('shop', { id: 'o1' }, { sentAt: '2026-03-02T05:50:00Z' })
  expect(stale).toMatchObject({ status: 401, answer: { code: 'webhook-stale' } })
  const unsigned = await desk.post('shop', { id: 'o1' }, { headers: { 'Webhook-Signature': null } })
  expect(unsigned).toMatchObject({ status: 401, answer: { code: 'webhook-unsigned' } })
  expect(await desk.post('shop', { name: 'o1' })).toMatchObject({
    status: 422,
    answer: { code: 'invalid-input' },
  })
  expect(await desk.post('shop', '{"id": "o')).toMatchObject({ status: 400, answer: { code: 'not-json' } })
  expect((await desk.runs()).runs).toEqual([])
})

test('each way of signing has a secret in a test', async () => {
  const own = { header: 'x-desk', encoding: 'base64', key: 'hex' } as const
  const all = [
    'standard',
    'github',
    'stripe',
    'slack',
    'zendesk',
    'bearer',
    own,
    { ...own, key: 'base64' },
  ] as const
  const doors = all.map((signature, index) =>
    note([webhook({ name: `door-${index}`, secret: 'NONE', signature })], `note-${index}`),
  )
  await using desk = await testRuntime({ workflows: doors })
  for (const index of doors.keys())
    expect((await desk.post(`door-${index}`, { id: `e${index}` })).status, JSON.stringify(all[index])).toBe(
      202,
    )
})

test("an event of a connector goes by the stand-in's account and secret", async () => {
  const payments = stripe()
  const on = [payments.on.event({ input: ({ id }) => ({ id }) })]
  await using desk = await testRuntime({
    workflows: [note(on)],
    config: { connectors: { stripe: payments } },
  })
  const event = { type: 'charge.refunded', created: 1, livemode: false, data: { object: {} } }
  const first = await desk.post('stripe.event', { ...event, id: 'evt_1' })
  expect([first.status, await first.run?.output()]).toEqual([202, 'noted evt_1'])
  const live = await desk.post('stripe.event', { ...event, id: 'evt_2', livemode: true })
  expect(live).toMatchObject({ status: 200, answer: { reason: 'it is of live mode' }, run: undefined })
})

test('a letter is posted as it is; a process that dies while it answers is posted to again', async () => {
  const letters = workflow({
    name: 'letters',
    input: z.object({ subject: z.string() }),
    on: [mail({ name: 'desk', secret: 'MAIL_SECRET', input: ({ subject }) => ({ subject: subject ?? '' }) })],
    run: async (ctx, { subject }) => ctx.step('note', () => subject),
  })
  await using desk = await testRuntime({ workflows: [letters] })
  desk.crashIn('note', 'before')
  const { status, run } = await desk.post('desk', 'From: a@b.test\r\nSubject: Hello\r\n\r\nwhere?')
  // 200: whoever got no answer posted again.
  expect([[200, 202].includes(status), await run?.output()]).toEqual([true, 'Hello'])
  expect((await desk.runs()).runs).toHaveLength(1)
})

test('a trigger that there is not, or that nobody posts to, is told; what the project throws comes out', async () => {
  const { definition } = stripe
  const foreign = () => {
    throw new TypeError('a slip in the code')
  }
  const event = { ...definition.triggers!.event, foreign } as never
  const broken = connector({ ...definition, triggers: { event } })()
  const posts = [broken.on.event({ input: () => ({ id: 'e1' }) })]
  await using desk = await testRuntime({
    config: { connectors: { stripe: broken } },
    workflows: [
      note(posts),
      note([{ ...mail({ folder: '.', input: () => undefined }), name: 'folder' }], 'two'),
    ],
  })
  await expect(desk.post('stripe.evnt', {})).rejects.toMatchObject({
    code: 'unknown-trigger',
    message: expect.stringContaining('stripe.event'),
  })
  await expect(desk.post('folder', {})).rejects.toMatchObject({ code: 'untestable-trigger' })
  const said = { id: 'e1', type: 'x', created: 1, livemode: false, data: { object: {} } }
  await expect(desk.post('stripe.event', said)).rejects.toThrow('a slip in the code')
})
