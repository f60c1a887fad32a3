import { workflow } from 'reeve'
import { z } from 'zod'

const Kind = z.object({ kind: z.enum(['price', 'project', 'discount', 'support', 'spam']) })

const Letters = z.object({
  messages: z.array(
    z.object({ id: z.string(), from: z.string(), name: z.string(), subject: z.string(), body: z.string() }),
  ),
})

/** What is written to whom: fixed sentences. A model says what a letter is, and nothing else. */
const texts: Record<'price' | 'project' | 'support', string> = {
  price:
    'Care for a website costs $49 a month, care plus $79. You can begin at any day and leave at any month.',
  project:
    'We build pages for between $180 and $830. We will send you an offer; tell us what the page must do.',
  support: 'Thank you for telling us. We look at it today and write to you again.',
}

export default workflow({
  input: z.object({}),
  output: z.object({ answered: z.number(), junk: z.number(), held: z.number(), left: z.number() }),
  async run(ctx) {
    const { messages } = Letters.parse(await ctx.call('script.read_inbox', {}))
    const replies: { id: string; as: string; to: string; subject: string; body: string }[] = []
    for (const { id, from, name, subject, body } of messages) {
      const { kind } = await ctx.extract('read the letter', {
        schema: Kind,
        from: { subject, body },
        route: 'reading',
      })
      const text = kind === 'spam' || kind === 'discount' ? '' : texts[kind]
      replies.push({
        id,
        as: kind,
        to: from,
        subject: `Re: ${subject}`,
        body: `Dear ${name},\n\n${text}\n\nFernhill Studio`,
      })
    }
    const sent =
      replies.length === 0
        ? 0
        : Number(((await ctx.call('script.send_replies', { replies })) as { sent: number }).sent)
    const count = (kind: string) => replies.filter(({ as }) => as === kind).length
    return {
      answered: sent,
      junk: count('spam'),
      held: count('discount'),
      left: messages.length - replies.length,
    }
  },
})
