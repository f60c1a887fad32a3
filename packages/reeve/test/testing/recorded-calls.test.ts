import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { slack } from '../../src/connectors/slack/slack.ts'
import { start as startSlack } from '../../src/connectors/slack/stand-in.ts'
import { start as startStripe } from '../../src/connectors/stripe/stand-in.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { workflow } from '../../src/context.ts'
import { recordedCalls, testRuntime } from '../../src/testing/index.ts'

const input = z.object({ payment: z.string(), amount: z.number() })

function inFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'recorded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'calls/refund.json')
}

/** Refunds, and reads what was refunded. */
async function refund(
  file: string,
  from: { credential: string; url: string } | undefined,
  args: z.output<typeof input> = { payment: 'pi_standin_20', amount: 500 },
) {
  const payments = recordedCalls(stripe, { file, from }, { rules: { refund: { approval: 'never' } } })
  const desk = workflow({
    name: 'desk',
    input,
    async run(ctx, given) {
      const { id } = await ctx.call(payments.actions.refund, given)
      return { id, all: await ctx.call(payments.actions.listRefunds, { payment: given.payment }) }
    },
  })
  await using runtime = await testRuntime({ workflows: [desk], config: { connectors: { stripe: payments } } })
  const run = await runtime.start(desk, args)
  return await run.result()
}

test('what a service answered once is replayed without it, and no credential stands in the file', async () => {
  const file = inFolder()
  const credential = 'sk_test_realone1234567890'
  const service = await startStripe()
  onTestFinished(() => service.close())
  service.keys.set(credential, {})
  const first = await refund(file, { credential, url: service.url })
  expect(first).toMatchObject({ status: 'succeeded', output: { all: [{ amount: 500 }] } })
  expect(service.requests.map(({ route }) => route)).toEqual(['POST /v1/refunds', 'GET /v1/refunds'])
  const written = readFileSync(file, 'utf8')
  expect(written).not.toContain(credential)
  expect(written).not.toContain(Buffer.from(credential).toString('base64'))
  expect(JSON.parse(written)).toMatchObject({
    connector: 'stripe',
    exchanges: [
      { request: { method: 'POST', body: { 'metadata[reeve_key]': '[key]', amount: '500' } } },
      { request: { method: 'GET' } },
    ],
  })
  // Its own runs have other keys.
  const again = await refund(file, undefined)
  expect(again).toMatchObject({
    status: 'succeeded',
    output: { id: (first as { output: { id: string } }).output.id },
  })
  const keyOf = (result: unknown) =>
    (result as { output: { all: { metadata: { reeve_key: string } }[] } }).output.all[0]!.metadata.reeve_key
  expect(keyOf(again)).toMatch(/^\w{17}:\w{17}:1$/)
  expect(keyOf(again)).not.toBe(keyOf(first))
  expect(service.requests).toHaveLength(2)
})

test('a request that is not in the file fails the call and is named; so does a file of another version', async () => {
  const file = inFolder()
  const service = await startStripe()
  onTestFinished(() => service.close())
  service.keys.set('sk_test_realone1234567890', {})
  await refund(file, { credential: 'sk_test_realone1234567890', url: service.url })
  const other = await refund(file, undefined, { payment: 'pi_standin_20', amount: 600 })
  expect(other).toMatchObject({
    status: 'failed',
    error: { code: 'not-applied', message: expect.stringMatching(/not in the recording .*"amount":"600"/) },
  })
  const changed = readFileSync(file, 'utf8').replace('2025-09-30.clover', '2024-01-01')
  writeFileSync(file, changed)
  expect(() => recordedCalls(stripe, { file })).toThrow(/2024-01-01.*Record them again/)
  writeFileSync(file, '{"exchanges":')
  expect(() => recordedCalls(stripe, { file })).toThrow(/is not JSON/)
  expect(() => recordedCalls(stripe, { file: `${file}.none` })).toThrow(/There is no recording/)
})

test('failures are replayed in their order, and the message is posted once behind them', async () => {
  const file = inFolder()
  const service = await startSlack()
  onTestFinished(() => service.close())
  service.tokens.set('xoxb-real-token-0001', {})
  const post = async (from?: { credential: string; url: string }) => {
    const chat = recordedCalls(slack, { file, from }, { rules: { post: { approval: 'never' } } })
    const desk = workflow({
      name: 'desk',
      input: z.null(),
      run: (ctx) => ctx.call(chat.actions.post, { channel: 'C0GENERAL', text: 'hello' }),
    })
    await using runtime = await testRuntime({ workflows: [desk], config: { connectors: { slack: chat } } })
    const run = await runtime.start(desk, null)
    await runtime.advance('10s')
    return await run.result()
  }
  service.faults.add({ kind: 'server-error', times: 1, on: 'POST /chat.postMessage' })
  const first = await post({ credential: 'xoxb-real-token-0001', url: service.url })
  expect(first).toMatchObject({ status: 'succeeded' })
  expect(readFileSync(file, 'utf8')).not.toContain('xoxb-real')
  expect(await post()).toEqual(first)
})
