import { ReeveError, workflow } from 'reeve'
import { z } from 'zod'
import { payments } from '../connections.ts'
import { findPurchase } from '../tools/index.ts'

export default workflow({
  input: z.object({ userId: z.string(), request: z.string() }),
  limits: { cost: '$0.05', steps: 10, time: '30d' },
  grants: [
    { tool: 'purchases.find', args: { userId: { same: 'input.userId' } } },
    {
      tool: 'stripe.refund',
      account: 'shop',
      args: { amount: { min: 1, max: 5_000_00 } },
      budgets: [
        { id: 'refunds a day', ceiling: 20_000_00, per: '1d', adds: 'amount' },
        { id: 'for one purchase', ceiling: 1, per: '30d', by: 'payment' },
      ],
    },
  ],
  async run(ctx, { userId, request }) {
    const purchase = await ctx.call(findPurchase, { userId })
    const { outcome, about } = await decide()
    // What the customer is told beside it: the shop's own words, which decide nothing.
    const policy = await ctx.recall('policy', {
      query: about,
      in: 'policy',
      limit: 1,
      minScore: 0.1,
      trustedOnly: true,
    })
    const told = { request, purchase, outcome, policy }
    const message = await ctx.generate('message', { route: 'writing', with: told })
    return { outcome, message }

    async function decide() {
      if (!purchase)
        return { outcome: 'No purchase history found for this user.', about: 'no purchase found' }
      if (purchase.daysAgo > 30) {
        const outcome = 'Sorry, our policy only allows refunds within 30 days of purchase.'
        return { outcome, about: 'refunds within 30 days' }
      }
      try {
        // Above $100 the tool waits for a person, who sees exactly these arguments and may change them.
        const refund = await ctx.call(payments.actions.refund, {
          payment: purchase.payment,
          amount: purchase.amount,
          reason: 'requested_by_customer',
        })
        const outcome = `Your refund of $${dollars(refund.amount)} has been paid (${refund.id}).`
        return { outcome, about: 'how long a refund takes' }
      } catch (error) {
        if (!(error instanceof ReeveError && error.code === 'not-approved')) throw error
        const outcome = 'Your request has been reviewed and declined by a manager.'
        return { outcome, about: 'declined by a manager' }
      }
    }
  },
})

/** 4900 is 49, 4950 is 49.50. */
function dollars(cents: number): string {
  return cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2)
}
