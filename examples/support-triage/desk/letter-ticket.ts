import { splitReply } from '../ingest/quoted-reply.ts'
import { capBody } from '../ingest/ticket.ts'
import type { TicketInput } from '../outlets.ts'
import { mail } from './connections.ts'

/** A letter, as the mailbox gives it. */
export type Letter = Parameters<Parameters<typeof mail.on.letter>[0]['input']>[0]

/** What comes back from the desk itself, from machines and from mail servers is not answered: two desks would write to each other for ever. */
export function ticketOf(letter: Letter): TicketInput {
  const { from, replyTo, subject, text, bounce, isAutomatic, isPartial, references, messageId } = letter
  const notes = isPartial ? ['only its beginning was read'] : []
  const elsewhere = replyTo.find(({ address }) => address.toLowerCase() !== from.address.toLowerCase())
  // The reply goes to whoever wrote, as a person checks it.
  if (elsewhere) notes.push(`suspicious: Reply-To names another address (${elsewhere.address})`)
  const { reply } = splitReply(text)
  const own = (mail.settings as { address: string }).address.toLowerCase()
  const isOwn = from.address.toLowerCase() === own
  return {
    id: messageId ?? letter.id,
    from: from.address,
    subject,
    body: capBody(reply, notes),
    automatic: isAutomatic || bounce !== null || isOwn,
    notes,
    references,
  }
}
