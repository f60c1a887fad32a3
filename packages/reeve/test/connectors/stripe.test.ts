import { expect, test } from 'vitest'
import { z } from 'zod'
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
