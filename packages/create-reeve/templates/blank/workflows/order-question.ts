import { workflow } from 'reeve'
import { z } from 'zod'

const Facts = z.object({ order: z.string() })

/** Reads which order a customer asks about, drafts an answer, and waits until a person has approved exactly that text. */
export default workflow({
  input: z.object({ message: z.string().min(1) }),
  limits: { steps: 20, time: '7d' },
  async run(ctx, { message }) {
    // A message without an order number has no local answer: then a person is asked for it.
    const { order } = await ctx.extract('read the message', {
      schema: Facts,
      from: message,
      route: 'reading',
    })
    const draft = { order, text: `Thank you for your message. Your order ${order} is on its way.` }
    const decision = await ctx.approve('answer the customer', { show: draft })
    if (decision.status !== 'approved') return { answered: false, why: decision.note }
    // What acts outside belongs in a tool, so that it happens once even when this process dies: see `tool`.
    const answeredAt = await ctx.step('answer', () => new Date().toISOString())
    return { answered: true, answeredAt, ...decision.value }
  },
})
