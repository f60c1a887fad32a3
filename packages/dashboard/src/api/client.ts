import { ApiError, createClient } from 'reeve/client'
import { broughtAnswer } from './brought.ts'
import { hearTime } from './server-time.ts'

/** All that the page asks of the server goes through it. What changes something is still sent when the page is being left. */
export const api = createClient({
  async fetch(url, how) {
    const brought = how?.method === 'GET' ? broughtAnswer(String(url)) : undefined
    return hearTime(brought ?? (await fetch(url, { ...how, keepalive: isSmall(how) })))
  },
})

/** Browsers refuse to carry more than 64 KiB on for a page that is gone. */
function isSmall(how: RequestInit | undefined): boolean {
  return typeof how?.body === 'string' && how.body.length < 16_000
}

/** Whether there was an answer, and it was no: asking again does not help. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status > 0
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}

/** A write that is repeated with the same key is done once. */
export function newKey(): { idempotencyKey: string } {
  return { idempotencyKey: crypto.randomUUID() }
}
