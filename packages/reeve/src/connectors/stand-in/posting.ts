import { request } from 'node:http'
import type { Faults } from './faults.ts'

/** Something that a service posts to others. */
export interface StandInEvent {
  id: string
  body: string
}

/** Signs as the service does. `sentAt` is in seconds since 1970. */
export type SignEvent = (body: Buffer, sentAt: number, id: string) => Record<string, string>

/**
 * Posts events to a door on loopback, one after the other, signed at the stand-in's time. Where the faults say so, each comes twice,
 * or the last one first. Gives the status of each answer, in the order of posting.
 */
export async function postEvents(
  { faults, now }: { faults: Faults; now(): number },
  url: string,
  events: readonly StandInEvent[],
  sign: SignEvent,
): Promise<number[]> {
  const ordered = faults.meetPosting('reordered-events') ? [...events].reverse() : [...events]
  const copies = faults.meetPosting('duplicate-events') ? ordered.flatMap((event) => [event, event]) : ordered
  const statuses: number[] = []
  for (const { id, body } of copies) {
    const bytes = Buffer.from(body)
    statuses.push(await post(url, bytes, sign(bytes, Math.floor(now() / 1000), id)))
  }
  return statuses
}

function post(url: string, body: Buffer, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length } })
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
