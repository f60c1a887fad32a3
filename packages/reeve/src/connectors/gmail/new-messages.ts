import { z } from 'zod'
import type { ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import type { FoundItem } from '../shape/trigger.ts'
import { readOne, withReader } from './read-messages.ts'

/** How far the history of the mailbox was followed, and when (ms). `left`: what is known of and was not read yet. */
export const placeSchema = z.object({
  historyId: z.string(),
  at: z.number(),
  left: z.array(z.string()).default([]),
})

type Place = z.output<typeof placeSchema>

const atOnce = 25
/** A look ends after this with what it has: letters that take the reader all its time cannot hold the place for ever. */
const mostLookMs = 60_000
const dayMs = 86_400_000
const mostKnown = 50_000

/**
 * What came into the inbox since the last look, as Gmail's history tells it. Where Gmail has forgotten the place (it keeps about a
 * week), what arrived since the day before it is listed; letters are named by Gmail's ids, so that none counts twice.
 */
export async function newMessages(
  api: ServiceCall,
  place: Place | undefined,
): Promise<{ found: FoundItem[]; cursor: Place; more: boolean }> {
  const at = api.now()
  if (!place) {
    const { json } = await api.get('/profile')
    return { found: [], cursor: { historyId: String(json.historyId), at, left: [] }, more: false }
  }
  const next = place.left.length > 0 ? place : await follow(api, place, at)
  const some = next.left.slice(0, atOnce)
  let count = 0
  const found = await withReader(async (letters) => {
    const items: FoundItem[] = []
    for (const id of some) {
      if (count > 0 && api.now() - at > mostLookMs) break
      count++
      const read = await readOne(api, id, letters)
      if ('letter' in read) items.push({ id, item: read.letter as never })
      else if ('problem' in read) items.push({ id, problem: read.problem })
    }
    return items
  })
  const left = next.left.slice(count)
  return { found, cursor: { ...next, left }, more: left.length > 0 }
}

async function follow(api: ServiceCall, place: Place, at: number): Promise<Place> {
  const query = { startHistoryId: place.historyId, historyTypes: 'messageAdded', labelId: 'INBOX' }
  const ids: string[] = []
  let historyId = place.historyId
  for await (const { status, json } of api.pages('/history', { query, accept: [404] }, nextPage)) {
    if (status === 404) return listedSince(api, place, at)
    for (const { messagesAdded = [] } of json.history ?? [])
      for (const { message } of messagesAdded)
        if (message.labelIds?.includes('INBOX') !== false) ids.push(message.id)
    historyId = String(json.historyId ?? historyId)
  }
  return { historyId, at, left: [...new Set(ids)] }
}

async function listedSince(api: ServiceCall, place: Place, at: number): Promise<Place> {
  // First where to go on from, so that nothing falls between.
  const historyId = String((await api.get('/profile')).json.historyId)
  const after = Math.floor((place.at - dayMs) / 1000)
  const ids: string[] = []
  const query = { q: `after:${after}`, labelIds: 'INBOX', maxResults: 500 }
  for await (const { json } of api.pages('/messages', { query }, nextPage)) {
    for (const { id } of json.messages ?? []) ids.push(id)
    if (ids.length > mostKnown) break
  }
  return { historyId, at, left: ids.reverse() }
}

function nextPage({ json }: ServiceAnswer): { pageToken: string } | undefined {
  return json?.nextPageToken === undefined ? undefined : { pageToken: json.nextPageToken }
}
