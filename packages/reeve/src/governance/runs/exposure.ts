import type { Channel } from '../../store/journal/events.ts'

/** What a run had read, as far as it matters for whatever it hands on: to a child, to its next chapter. */
export interface Exposure {
  hasReadUntrusted: boolean
  hasReadPrivate: boolean
}

export const exposedToAll: Exposure = { hasReadUntrusted: true, hasReadPrivate: true }
export const exposedToNothing: Exposure = { hasReadUntrusted: false, hasReadPrivate: false }

/**
 * Whether an input that came by this way is the operator's own words, or the project's code. Whoever else sends one (a mail, a
 * webhook, a file, a caller with a token) chooses its words, and those direct nothing.
 */
export function isOwnWords(channel: Channel | undefined): boolean {
  return channel === undefined || channel === 'operator' || channel === 'schedule'
}
