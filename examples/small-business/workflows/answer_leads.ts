import { workflow } from 'reeve'
import { z } from 'zod'
import { answers, LetterKind, signature } from '../answers.ts'

const Letters = z.object({
  messages: z.array(
    z.object({ id: z.string(), from: z.string(), name: z.string(), subject: z.string(), body: z.string() }),
  ),
})

export default workflow({
  input: z.object({}),
  output: z.object({ answered: z.number(), junk: z.number(), held: z.number(), left: z.number() }),
  async run(ctx) {
    const { messages } = Letters.parse(await ctx.call('script.read_inbox', {}))
    const replies: { id: string; as: string; to: string; subject: string; body: string }[] = []
    for (const { id, from, name, subject, body } of messages) {
      const { kind } = await ctx.extract('read the letter', {
        schema: LetterKind,
        from: { subject, body },
        route: 'reading',
      })
      const text = kind === 'spam' || kind === 'discount' ? '' : answers[kind]
      replies.push({
        id,
        as: kind,
        to: from,
        subject: `Re: ${subject}`,
        body: `Dear ${name},\n\n${text}\n\n${signature}`,
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
