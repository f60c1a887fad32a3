import { z } from 'zod'
import { type LettersOfService, lettersSchema } from '../asking/letters-of-service.ts'
import { localPartOf } from '../email/outgoing.ts'
import { newMessages, placeSchema } from './new-messages.ts'
import { sendLetter } from './outgoing.ts'

/** What a project says of Gmail beside what all connections have. */
export const gmailSettings = z.strictObject({
  /** Requests are brought to people by letter, and decided by reply. */
  approvals: lettersSchema.optional(),
})

/** As Gmail calls itself in what it says of who sent a letter. */
const authservId = 'mx.google.com'

/** Requests as letters, and what comes as replies. */
export const gmailApprovals: LettersOfService = {
  by: 'letters',
  // Of a letter that is sent, most requests look whether it was sent already.
  class: 'default',
  settingsOf(settings) {
    const { approvals } = settings as z.output<typeof gmailSettings>
    return approvals && { ...approvals, authservId }
  },
  nameOf: localPartOf,
  send: async (api, { to, ...letter }) => void (await sendLetter(api, { ...letter, to: [to] })),
  async look(api, cursor) {
    const { found, ...more } = await newMessages(api, cursor === null ? undefined : placeSchema.parse(cursor))
    return { found: found as never, ...more }
  },
}
