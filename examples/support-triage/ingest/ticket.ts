import { hash } from 'node:crypto'

export interface Attachment {
  name: string
  type: string
  /** Size in bytes. The content itself stays in the mail. */
  bytes: number
}

/** One message from a customer, cleaned, as plain JSON. Everything in it was written by a stranger. */
export interface Ticket {
  /** The Message-ID, the row's own id, or a hash of the content: the same message always has the same id. */
  id: string
  /** The address to answer; empty when the message has no usable sender. */
  from: string
  subject: string
  /** What the sender wrote now: visible text, without quoted replies and signature, at most 32 KiB. */
  body: string
  /** ISO 639-1, guessed from function words and script; absent when the text is too short to tell. */
  language?: string
  attachments: Attachment[]
  /** The earlier messages and the signature that were cut off. */
  quoted?: string
  /** The label, when the data has one. */
  category?: string
  /** A machine wrote it (auto-reply, bounce): never answer it, or two machines answer each other for ever. */
  automatic?: boolean
  /** What was repaired or looked wrong; a note that begins with `suspicious:` deserves a person's eye. */
  notes: string[]
}

/** A message, or the place and the reason why there is none. Reading goes on after a fault. */
export type Reading = { ok: true; ticket: Ticket } | Fault
export interface Fault {
  ok: false
  /** A file, or `file:line`. */
  where: string
  problem: string
}

export const bodyLimitBytes = 32 * 1024

export function contentId(from: string, subject: string, body: string): string {
  return `content-${hash('sha256', JSON.stringify([from, subject, body]), 'base64url').slice(0, 32)}`
}

/** Cuts a text at 32 KiB of UTF-8, never inside a character. */
export function capBody(text: string, notes: string[]): string {
  const size = Buffer.byteLength(text)
  if (size <= bodyLimitBytes) return text
  const bytes = Buffer.from(text)
  let end = bodyLimitBytes
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  notes.push(`body cut at ${bodyLimitBytes / 1024} KiB (it had ${Math.ceil(size / 1024)} KiB)`)
  return bytes.toString('utf8', 0, end)
}
