import { workflow } from 'reeve'
import { z } from 'zod'
import { signature } from '../../answers.ts'
import { mail, payments } from '../connections.ts'

const daysUntilDue = 14
const mostReminders = 3

/** Makes an invoice at Stripe for what was delivered; whoever is late is reminded, once a week and three times at most. */
export default workflow({
  input: z.object({
    email: z.email(),
    name: z.string(),
    description: z.string().max(500),
    /** Whole cents. */
    amount: z.number().int().positive(),
  }),
  limits: { steps: 40, time: '60d' },
  grants: [
    { tool: 'stripe.findCustomers', args: { email: { same: 'input.email' } } },
    { tool: 'stripe.createCustomer', args: { email: { same: 'input.email' } } },
    { tool: 'stripe.createInvoice' },
    { tool: 'stripe.sendInvoice' },
    { tool: 'stripe.getInvoice' },
    { tool: 'email.send', args: { to: { same: 'input.email' } } },
  ],
  async run(ctx, { email, name, description, amount }) {
    const [known] = await ctx.call(payments.actions.findCustomers, { email, limit: 1 })
    const customer = known ?? (await ctx.call(payments.actions.createCustomer, { email, name }))
    const lines = [{ description, amount }]
    const draft = await ctx.call(payments.actions.createInvoice, {
      customer: customer.id,
      currency: 'usd',
      lines,
      daysUntilDue,
    })
    const { id, number } = await ctx.call(payments.actions.sendInvoice, { invoice: draft.id })
    await ctx.sleep(`${daysUntilDue + 1}d`)
    for (let reminders = 0; ; reminders++) {
      const { status } = await ctx.call(payments.actions.getInvoice, { invoice: id })
      if (status !== 'open' || reminders === mostReminders) return { invoice: id, status, reminders }
      await ctx.call(mail.actions.send, {
        to: [email],
        subject: `Reminder ${reminders + 1}: invoice ${number ?? id}`,
        text: `Dear ${name},\n\n$${(amount / 100).toFixed(2)} for ${description} was due. Should you have paid by now, thank you.\n\n${signature}`,
      })
      await ctx.sleep('7d')
    }
  },
})
