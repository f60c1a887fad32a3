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
  attachments: { name: string; mimeType: string; bytes: number; sha256: string }[]
}
