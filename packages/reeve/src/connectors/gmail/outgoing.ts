import { z } from 'zod'
import type { EffectVerdict } from '../../engine/calls/effect/definition.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { outgoingSchema } from '../email/letter-schema.ts'
import { compose, messageIdOf } from '../email/outgoing.ts'

type Outgoing = z.output<typeof outgoingSchema> & { threadId?: string | undefined }
type Sent = { id: string; threadId: string; messageId: string }

const looked = 20
const draftId = z.string().min(1)

/**
 * Sends a letter by a draft, which Gmail sends once and takes away in the same moment:
 *
 *   no draft → draft (known by its `Message-ID`) → sent, and no draft
 *
 * So after a death the drafts and what was sent tell where it ended, and a draft that is there was not sent.
 */
export async function sendLetter(api: ServiceCall, letter: Outgoing): Promise<Sent> {
  const sent = await findSent(api)
  // By another worker, which took this one for dead.
  if (sent) return sent
  const { id, messageId } = (await findDraft(api)) ?? (await makeDraft(api, letter))
  const { json } = await api.post('/drafts/send', { json: { id } })
  return { id: json.id, threadId: json.threadId ?? '', messageId }
}

export async function verifySent(api: ServiceCall): Promise<EffectVerdict> {
  const sent = await findSent(api)
  return sent ? { outcome: 'applied', result: { ...sent } } : { outcome: 'not-applied' }
}

export async function makeDraft(
  api: ServiceCall,
  letter: Outgoing,
): Promise<{ id: string; messageId: string }> {
  const { threadId, ...its } = letter
  const from = await addressOf(api)
  const { raw, messageId } = await compose({ ...its, from }, api.key)
  const message = { raw: raw.toString('base64url'), ...(threadId !== undefined && { threadId }) }
  const { json } = await api.post('/drafts', { json: { message } })
  return { id: draftId.parse(json.id), messageId }
}

export async function findDraft(api: ServiceCall): Promise<{ id: string; messageId: string } | undefined> {
  const messageId = messageIdOf(api.key, await addressOf(api))
  const { json } = await api.get('/drafts', { query: { q: idQuery(messageId), maxResults: 1 } })
  const [draft] = json.drafts ?? []
  return draft && { id: draft.id, messageId }
}

/** By Gmail's search, and among the last ones: what was sent just now may not be in its index. */
async function findSent(api: ServiceCall): Promise<Sent | undefined> {
  const messageId = messageIdOf(api.key, await addressOf(api))
  const query = { q: idQuery(messageId), labelIds: 'SENT', maxResults: 1 }
  const [found] = (await api.get('/messages', { query })).json.messages ?? []
  if (found) return { id: found.id, threadId: found.threadId ?? '', messageId }
  const latest = await api.get('/messages', { query: { labelIds: 'SENT', maxResults: looked } })
  for (const { id, threadId } of latest.json.messages ?? []) {
    const { json } = await api.get(`/messages/${id}`, {
      query: { format: 'metadata', metadataHeaders: 'Message-ID' },
    })
    const headers: { name: string; value: string }[] = json.payload?.headers ?? []
    const its = headers.find(({ name }) => name.toLowerCase() === 'message-id')?.value
    if (its === messageId) return { id, threadId: threadId ?? '', messageId }
  }
  return undefined
}

function idQuery(messageId: string): string {
  return `rfc822msgid:${messageId.slice(1, -1)}`
}

async function addressOf(api: ServiceCall): Promise<string> {
  return z.email().parse((await api.get('/profile')).json.emailAddress)
}
