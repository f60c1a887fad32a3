import { expect, test } from 'vitest'
import { z } from 'zod'
import { standInSecrets } from '../../src/connectors/host/of-project.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { workflow } from '../../src/context.ts'
import { testRuntime } from '../../src/testing/index.ts'

test('a refund goes to the stand-in, with the version and the key of the effect', async () => {
  const payments = stripe({ rules: { refund: { approval: 'never' } } })
  const desk = workflow({
    name: 'desk',
    input: z.string(),
    run: async (ctx, payment) => ctx.call(payments.actions.refund, { payment, amount: 5_00 }),
  })
  await using test = await testRuntime({ workflows: [desk], config: { connectors: { stripe: payments } } })
  const run = await test.start(desk, 'pi_standin_20')
  expect(await run.output()).toMatchObject({
    amount: 5_00,
    payment_intent: 'pi_standin_20',
    status: 'succeeded',
  })
})

test('takes the published secret of the stand-in for events of the sandbox alone', () => {
  const live = stripe()
  const tried = stripe({ mode: 'sandbox' })
  const names = ['stripe:event:signature', 'stripe:event:sandbox-signature']
  const open = (all: Parameters<typeof standInSecrets>[0], isSandbox: boolean) =>
    names.filter((name) => standInSecrets(all, isSandbox)(name) !== undefined)
  expect(open([live], false)).toEqual([])
  expect(open([tried], false)).toEqual(['stripe:event:sandbox-signature'])
  expect(open([live], true)).toEqual(['stripe:event:signature'])
  const secretsOf = (connection: typeof live) =>
    (connection.on.event({ input: ({ id }) => ({ id }) }) as unknown as { secrets: { name: string }[] })
      .secrets
  expect(secretsOf(live).map(({ name }) => name)).toEqual([
    'stripe:event:signature',
    'stripe:event:signature-next',
  ])
  expect(secretsOf(tried).map(({ name }) => name)).toEqual([
    'stripe:event:sandbox-signature',
    'stripe:event:sandbox-signature-next',
  ])
})
