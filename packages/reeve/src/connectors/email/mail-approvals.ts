import type { z } from 'zod'
import type { Json } from '../../base/json/json.ts'
import type { LettersOfService } from '../asking/letters-of-service.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { FoundItem } from '../shape/trigger.ts'
import { inMailbox, type mailSettings, placeSchema, sendFor, settingsOf } from './mail-call.ts'
import { newLetters } from './new-letters.ts'
import { localPartOf } from './outgoing.ts'

/** A look for new letters ends after this, with what it has. */
const mostLookMs = 60_000

/** Requests as letters, and what comes as replies. */
export const emailApprovals: LettersOfService = {
  by: 'letters',
  class: 'send',
  settingsOf: (settings) => (settings as z.output<typeof mailSettings>).approvals,
  nameOf: localPartOf,
  send: async (api, { to, ...letter }) => void (await sendFor(api, { ...letter, to: [to] })),
  look: async (api, cursor) => (await lookForLetters(api, cursor)) as never,
}

export async function lookForLetters(
  api: ServiceCall,
  cursor: Json,
): Promise<{ found: FoundItem[]; cursor: Json; more: boolean }> {
  return inMailbox(api, async (mailbox, letters) => {
    const place = cursor === null ? null : placeSchema.parse(cursor)
    const began = api.now()
    const isLate = () => api.now() - began > mostLookMs
    const by = { letters, now: began, isLate }
    const { found, place: next, more } = await newLetters(mailbox, settingsOf(api).folder, place, by)
    return { found: found as never, cursor: next as never, more }
  })
}
