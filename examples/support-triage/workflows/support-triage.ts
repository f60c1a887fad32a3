import { ReeveError, workflow } from 'reeve'
import { inertText } from 'reeve/tools'
import { z } from 'zod'
import { type Outlets, receivers } from '../outlets.ts'

/** What the shop's own examples are labelled with; other examples have other categories. */
export const shopCategories = ['billing', 'technical', 'sales']

const Address = z.email()

const Review = z.object({ score: z.number().min(0).max(1), problems: z.array(z.string()) })

const rounds = 3
const goodEnough = 0.9

export default supportTriageFor(shopCategories)

/**
 * The triage into these categories and no others: what a model answers is never a text of its own choice. `outlets`: how it reaches
 * people. Default: the helpdesk and the chat of `receivers/`.
 */
export function supportTriageFor(categories: readonly string[], outlets: Outlets = receivers) {
  const Facts = z.object({
    category: z.enum(categories),
    urgency: z.number().int().min(1).max(5),
    orderId: z.string().optional(),
  })

  return workflow({
    input: z.object({
      id: z.string(),
      from: z.string(),
      subject: z.string(),
      body: z.string(),
      automatic: z.boolean().optional(),
      notes: z.array(z.string()).optional(),
      references: z.array(z.string()).optional(),
    }),
    limits: { cost: '$0.05', steps: 40, time: '7d' },
    // A model that a letter has fooled can also do harm by doing nothing.
    requires: [
      { oneOf: [outlets.tools.reply, 'person'], when: ({ automatic }) => automatic !== true },
      { oneOf: [outlets.tools.alarm], when: (ticket) => ticket.automatic !== true && soundsCritical(ticket) },
    ],
    grants: outlets.grants,
    ...(outlets.on && { on: outlets.on }),
    async run(ctx, ticket) {
      if (ticket.automatic) return { outcome: 'ignored', reason: 'a machine wrote it' }
      const letter = { subject: ticket.subject, body: ticket.body }

      const facts = await ctx.extract('read the ticket', { schema: Facts, from: letter, route: 'triage' })
      const isCritical = facts.urgency === 5
      if (isCritical)
        await outlets.postAlarm(ctx, { channel: '#critical-bugs', text: alarmOf(facts.category, ticket) })

      const query = `${ticket.subject}\n${ticket.body}`
      const policy = await ctx.recall('policy', { query, in: `policy/${facts.category}`, limit: 4 })
      const sources = policy.length > 0 ? policy : await ctx.recall('any article', { query, limit: 4 })

      let draft = ''
      let feedback: { answer: string; problem: string } | undefined
      for (let round = 1; round <= rounds; round++) {
        draft = await ctx.generate('draft', { route: 'writing', with: { letter, facts, sources }, feedback })
        // A person's word is final: no critic judges it, and no model writes it anew.
        if (ctx.writtenBy(draft) !== undefined) break
        const review = await ctx.extract('review', {
          schema: Review,
          from: { draft, ticket: letter },
          route: 'critic',
          passages: sources,
        })
        if (review.score >= goodEnough) break
        feedback = { answer: draft, problem: review.problems.join('; ') }
      }

      try {
        // Without a usable sender the reply stays with its ticket.
        const to = Address.safeParse(ticket.from).data
        const { id: inReplyTo, references } = ticket
        const reply = { to, subject: `Re: ${ticket.subject}`, body: draft, inReplyTo, references }
        const sent = await outlets.sendReply(ctx, reply)
        return { outcome: isCritical ? 'critical' : 'answered', facts, sent }
      } catch (error) {
        if (error instanceof ReeveError && error.code === 'not-approved')
          return { outcome: 'rejected', facts, why: error.message }
        throw error
      }
    },
  })
}

/** The second source for what is critical: a rule that no model has a say in, for the plainest words of all. */
function soundsCritical({ subject, body }: { subject: string; body: string }): boolean {
  return /\b(?:complete|total|major) outage\b|\byour cloud is down\b|\bpanne totale\b/i.test(
    `${subject}\n${body}`,
  )
}

/** Whoever wrote the mail wrote its subject: in the team's channel it is a text and nothing else. */
function alarmOf(category: string, { subject, from }: { subject: string; from: string }): string {
  const about = inertText(subject, { maxLength: 200 }) || '(no subject)'
  return `[${inertText(category)}] ${about} (from ${inertText(from, { maxLength: 100 }) || 'unknown'})`
}
