import { ReeveError, workflow } from 'reeve'
import { inertText } from 'reeve/tools'
import { z } from 'zod'
import { chatPost, helpdeskReply } from '../tools/index.ts'

const Facts = z.object({
  category: z.enum(['billing', 'technical', 'sales']),
  urgency: z.number().int().min(1).max(5),
  orderId: z.string().optional(),
})

/** Reads a ticket, drafts a reply from the policies, and sends it once a person has approved exactly that text. */
export default workflow({
  input: z.object({ from: z.email(), subject: z.string(), body: z.string() }),
  limits: { cost: '$0.05', steps: 20, time: '7d' },
  // What it may do, whatever a letter or a model says: the reply goes to whoever wrote.
  grants: [
    { tool: 'chat.post', args: { channel: '#critical' } },
    { tool: 'helpdesk.reply', args: { to: { same: 'input.from' } } },
  ],
  async run(ctx, ticket) {
    const letter = { subject: ticket.subject, body: ticket.body }
    const facts = await ctx.extract('read the ticket', { schema: Facts, from: letter, route: 'triage' })
    if (facts.urgency === 5) {
      // A stranger wrote the subject: in the team's channel it is a text and nothing else.
      const text = `[${facts.category}] ${inertText(ticket.subject, { maxLength: 200 })}`
      await ctx.call(chatPost, { channel: '#critical', text })
    }

    const query = `${ticket.subject}\n${ticket.body}`
    const sources = await ctx.recall('policy', { query, in: `policy/${facts.category}`, limit: 3 })
    const draft = await ctx.generate('draft', { route: 'writing', with: { letter, facts, sources } })
    try {
      const reply = { to: ticket.from, subject: `Re: ${ticket.subject}`, body: draft }
      const sent = await ctx.call(helpdeskReply, reply)
      return { outcome: 'answered', facts, sent }
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'not-approved')) throw error
      return { outcome: 'rejected', facts, why: error.message }
    }
  },
})
