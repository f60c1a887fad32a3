import { z } from 'zod'
import type { Letter } from '../../triggers/letters/letter.ts'

const mailbox = z.object({ name: z.string(), address: z.string() })

/** A letter in a mailbox. Whatever its sender wrote is foreign text. */
export const letterSchema = z.object({
  /** Names it in its mailbox: for `read`, `mark`. */
  id: z.string(),
  folder: z.string(),
  /** When the mailbox took it (ISO 8601). */
  arrivedAt: z.string(),
  /** Of the whole letter. */
  bytes: z.number(),
  isSeen: z.boolean(),
  messageId: z.string().nullable(),
  inReplyTo: z.string().nullable(),
  references: z.array(z.string()),
  from: mailbox,
  replyTo: z.array(mailbox),
  to: z.array(mailbox),
  cc: z.array(mailbox),
  subject: z.string(),
  /** When its sender says it was written; null: it does not say. */
  date: z.string().nullable(),
  text: z.string(),
  isCut: z.boolean(),
  isAutomatic: z.boolean(),
  bounce: z
    .object({
      action: z.enum(['failed', 'delayed']),
      recipient: z.string(),
      status: z.string().nullable(),
      reason: z.string().nullable(),
      messageId: z.string().nullable(),
    })
    .nullable(),
  isPartial: z.boolean(),
  attachments: z.array(
    z.object({ name: z.string(), mimeType: z.string(), bytes: z.number(), sha256: z.string() }),
  ),
})

/** With what only requests need that are decided by reply: workflows do not get it. */
export type MailboxLetter = z.output<typeof letterSchema> & Pick<Letter, 'authentication'>

const address = z.email().max(320)

/** What a letter to be sent is made of. */
export const outgoingSchema = z.object({
  to: z.array(address).min(1).max(50),
  cc: z.array(address).max(50).optional(),
  subject: z.string().max(500),
  text: z.string().max(500_000),
  /** Beside the text, for those who read that. */
  html: z.string().max(1_000_000).optional(),
  /** The `messageId` of the letter that this one answers, and the `references` of that one: so that it stays in its thread. */
  inReplyTo: z
    .string()
    .regex(/^<[^<>\s]{1,990}>$/)
    .optional(),
  references: z
    .array(z.string().regex(/^<[^<>\s]{1,990}>$/))
    .max(50)
    .optional(),
  attachments: z
    .array(
      z.object({
        name: z.string().max(200),
        mimeType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
        base64: z.base64().max(28_000_000),
      }),
    )
    .max(20)
    .optional(),
})
