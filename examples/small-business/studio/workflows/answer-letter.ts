import { type Context, ReeveError, workflow } from 'reeve'
import { z } from 'zod'
import { answers, LetterKind, signature } from '../../answers.ts'
import { calendar, mail } from '../connections.ts'
import { freeHalfHour, nextDays } from '../free-time.ts'

type Letter = Parameters<Parameters<typeof mail.on.letter>[0]['input']>[0]

/** What machines and mail servers wrote, and what the studio wrote itself, is answered by nobody. */
function inputOf({ from, subject, text, messageId, isAutomatic, bounce, references }: Letter) {
  const own = (mail.settings as { address: string }).address.toLowerCase()
  if (isAutomatic || bounce !== null || from.address.toLowerCase() === own) return undefined
  return {
    from: from.address,
    name: from.name || from.address,
    subject,
    body: text,
    inReplyTo: messageId,
    references: references.slice(-50),
  }
}

/** Answers whoever writes; for whoever wants something built, half an hour of the calendar is kept. */
export default workflow({
  input: z.object({
    from: z.string(),
    name: z.string(),
    subject: z.string(),
    body: z.string(),
    inReplyTo: z.string().nullable(),
    references: z.array(z.string()),
  }),
  queue: 'letters',
  limits: { cost: '$0.05', steps: 20, time: '14d' },
  grants: [
    {
      tool: 'email.send',
      args: { to: { same: 'input.from' } },
      budgets: [{ id: 'letters to one address', ceiling: 10, per: '1d', by: 'to' }],
    },
    { tool: 'google-calendar.freeBusy' },
    { tool: 'google-calendar.createEvent', args: { calendar: 'primary', notify: 'none' } },
    { tool: 'google-calendar.deleteEvent', args: { calendar: 'primary', notify: 'none' } },
  ],
  on: [mail.on.letter({ input: inputOf })],
  async run(ctx, { from, name, subject, body, inReplyTo, references }) {
    const letter = { subject, body }
    const { kind } = await ctx.extract('read the letter', {
      schema: LetterKind,
      from: letter,
      route: 'reading',
    })
    if (kind === 'spam') return { kind, outcome: 'left alone' }
    const booked = kind === 'project' ? await bookCall(ctx, from) : undefined
    const text =
      kind === 'discount'
        ? 'We can give you ten percent for the first three months.'
        : booked
          ? `${answers.project} We keep ${spoken(booked.start)} free for a call with you.`
          : answers[kind]
    try {
      await ctx.call(mail.actions.send, {
        to: [from],
        subject: `Re: ${subject}`.slice(0, 500),
        text: `Dear ${name},\n\n${text}\n\n${signature}`,
        ...(inReplyTo !== null && { inReplyTo, references }),
      })
      return { kind, outcome: 'answered', call: booked?.start ?? null }
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'not-approved')) throw error
      // Nobody was told of the half hour.
      if (booked)
        await ctx.call(calendar.actions.deleteEvent, { calendar: 'primary', id: booked.id, notify: 'none' })
      return { kind, outcome: 'rejected' }
    }
  },
})

async function bookCall(ctx: Context, from: string): Promise<{ id: string; start: string } | undefined> {
  const days = nextDays(ctx.now())
  const { primary } = await ctx.call(calendar.actions.freeBusy, { calendars: ['primary'], ...days })
  const free = freeHalfHour(days, primary?.busy ?? [])
  if (!free) return undefined
  const { id } = await ctx.call(calendar.actions.createEvent, {
    calendar: 'primary',
    summary: `Call with ${from}`,
    start: { dateTime: free.start },
    end: { dateTime: free.end },
    notify: 'none',
  })
  return { id, start: free.start }
}

/** 2026-03-03T10:00:00.000Z is 2026-03-03 at 10:00 (UTC). */
function spoken(moment: string): string {
  return `${moment.slice(0, 10)} at ${moment.slice(11, 16)} (UTC)`
}
