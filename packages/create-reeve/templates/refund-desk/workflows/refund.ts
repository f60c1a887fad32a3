import { ReeveError, workflow } from 'reeve'
import { z } from 'zod'
import { findPurchase, refundPayment } from '../tools/index.ts'

export default workflow({
  input: z.object({ userId: z.string(), request: z.string() }),
  limits: { cost: '$0.05', steps: 10, time: '30d' },
  // What it may do, whatever a letter or a model says; a person can approve no more than this.
  grants: [
    { tool: 'purchases.find', args: { userId: { same: 'input.userId' } } },
    {
      tool: 'payments.refund',
      args: { amountUsd: { min: 0, max: 1000 } },
      budgets: [
        { id: 'refunds a day', ceiling: 5000, per: '1d', adds: 'amountUsd' },
        { id: 'for one purchase', ceiling: 1, per: '30d', by: 'purchaseId' },
      ],
    },
  ],
  async run(ctx, { userId, request }) {
    const purchase = await ctx.call(findPurchase, { userId })
    const outcome = await decide()
    const message = await ctx.generate('message', { route: 'writing', with: { request, purchase, outcome } })
    return { outcome, message }

    async function decide() {
      if (!purchase) return 'No purchase history found for this user.'
      if (purchase.daysAgo > 30) return 'Sorry, our policy only allows refunds within 30 days of purchase.'
      try {
        // Above $100 the tool waits for a person, who sees exactly these arguments and may change them.
        const refund = await ctx.call(refundPayment, {
          purchaseId: purchase.id,
          amountUsd: purchase.priceUsd,
        })
        return `Your refund of $${refund.amountUsd} has been paid (${refund.id}).`
      } catch (error) {
        if (!(error instanceof ReeveError && error.code === 'not-approved')) throw error
        return 'Your request has been reviewed and declined by a manager.'
      }
    }
  },
})
