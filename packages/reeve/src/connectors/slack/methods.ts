import type { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { EffectVerdict } from '../../engine/calls/effect/definition.ts'
import type { ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import type { Message } from './objects.ts'

/** The event type of the metadata that our messages carry: by it a message is found again. */
const eventType = 'reeve_message'
const pageSize = 200
const mostPages = 5
const mostChannels = 1_000

/** What a message carries for those who look for it by the key of its call. */
export function metadataOf({ key }: ServiceCall): object {
  return { event_type: eventType, event_payload: { key } }
}

/** Calls a method. */
export function call(
  api: ServiceCall,
  method: string,
  args: Record<string, unknown>,
  reads = false,
): Promise<ServiceAnswer> {
  return api.post(`/${method}`, { json: args, contentType: 'application/json; charset=utf-8', reads })
}

/** Undefined where Slack says no because it is so already. */
export async function unless(
  code: string,
  asked: Promise<ServiceAnswer>,
): Promise<ServiceAnswer | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ReeveError && error.details.code === code) return undefined
    throw error
  }
}

export async function listed(
  api: ServiceCall,
  method: string,
  args: Record<string, unknown>,
  field: string,
  most: number,
  // biome-ignore lint/suspicious/noExplicitAny: held to its schema by the action
): Promise<any[]> {
  const all: unknown[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(pageSize, most - all.length)
    const { json } = await call(api, method, { ...args, limit, cursor }, true)
    all.push(...json[field])
    cursor = json.response_metadata?.next_cursor || undefined
  } while (cursor !== undefined && all.length < most)
  return all.slice(0, most)
}

/** A channel may be named where something is posted; where messages are read Slack takes its id alone. */
async function channelId(api: ServiceCall, channel: string): Promise<string> {
  if (!channel.startsWith('#')) return channel
  const all = await listed(api, 'conversations.list', { exclude_archived: true }, 'channels', mostChannels)
  const found = all.find(({ name }) => `#${name}` === channel)
  if (found) return found.id
  throw new ReeveError(
    'service-failed',
    `The app sees no channel ${channel} among ${all.length}. Name it by its id, such as C0123ABCD.`,
  )
}

/** Our messages carry the key of their effect where only apps see it. */
export async function foundAgain(
  api: ServiceCall,
  channel: string,
  threadTs: string | undefined,
  oldest?: string,
): Promise<EffectVerdict> {
  const method = threadTs === undefined ? 'conversations.history' : 'conversations.replies'
  const id = await channelId(api, channel)
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const args = { channel: id, ts: threadTs, oldest, include_all_metadata: true, limit: pageSize, cursor }
    const { json } = await call(api, method, args, true)
    const found = (json.messages as z.output<typeof Message>[]).find(
      ({ metadata }) => metadata?.event_type === eventType && metadata.event_payload?.key === api.key,
    )
    if (found) return { outcome: 'applied', result: { channel: id, ts: found.ts } }
    cursor = json.response_metadata?.next_cursor || undefined
    if (cursor === undefined) return { outcome: 'not-applied' }
  }
  return {
    outcome: 'unknown',
    reason: `the newest ${pageSize * mostPages} messages of ${channel} do not have it, and there are more`,
  }
}
