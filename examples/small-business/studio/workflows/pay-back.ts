import { workflow } from 'reeve'
import { z } from 'zod'
import { payments } from '../connections.ts'

/** Pays back what was paid twice: once, when a person approved exactly this payment and sum. */
export default workflow({
  input: z.object({ payment: z.string(), amount: z.number().int().positive() }),
  limits: { steps: 5, time: '30d' },
  grants: [
    {
      tool: 'stripe.refund',
      args: { payment: { same: 'input.payment' }, amount: { min: 1, max: 1_000_00 } },
      budgets: [
        { id: 'refunds a day', ceiling: 2_000_00, per: '1d', adds: 'amount' },
        { id: 'for one payment', ceiling: 1, per: '30d', by: 'payment' },
      ],
    },
  ],
  run: (ctx, { payment, amount }) =>
    ctx.call(payments.actions.refund, { payment, amount, reason: 'duplicate' }),
})
