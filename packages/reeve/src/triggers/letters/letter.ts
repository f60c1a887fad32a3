import type { Bounce } from './bounce.ts'

/** Who wrote, or is written to. */
export interface Mailbox {
  /** As they call themselves: anybody may call themselves anything. */
  name: string
  address: string
}

/** A letter as it was read: all of it is foreign text. */
export interface Letter {
  /** What its sender calls it; null: nothing. */
  messageId: string | null
  inReplyTo: string | null
  references: string[]
  from: Mailbox
  replyTo: Mailbox[]
  to: Mailbox[]
  cc: Mailbox[]
  subject: string
  /** When its sender says it was written (ISO 8601); null: it does not say. */
  date: string | null
  /** What a person reads of it: its text, or what its HTML shows. */
  text: string
  /** Whether `text` was cut, at 200,000 characters. */
  isCut: boolean
  /**
   * Written by a machine (an answer while somebody is away, a list, a report): whoever answers it by another machine begins a
   * loop.
   */
  isAutomatic: boolean
  /** It tells that another letter did not arrive; null: it tells nothing of the kind. */
  bounce: Bounce | null
  /**
   * The topmost `Authentication-Results` (RFC 8601) as it stands there: it counts only where it begins with the name of your own
   * server. Null: there is none, or the letter has several senders.
   */
  authentication: string | null
  /** Only its beginning was read, for it is larger than is taken; its last attachment may be cut. */
  isPartial: boolean
  attachments: { name: string; mimeType: string; bytes: number; sha256: string }[]
}
