import { createHash } from 'node:crypto'
import { importOptional } from '../../base/optional-package.ts'

/** A letter to be sent. */
export interface Outgoing {
  /** Who sends it: an address. */
  from: string
  /** As the sender is called. */
  fromName?: string | undefined
  to: readonly string[]
  cc?: readonly string[] | undefined
  subject: string
  text: string
  html?: string | undefined
  /** The `Message-ID` of the letter that it answers. */
  inReplyTo?: string | undefined
  /** Those before it, the oldest first. */
  references?: readonly string[] | undefined
  attachments?: readonly { name: string; mimeType: string; base64: string }[] | undefined
}

/** A letter as it goes on the wire. */
export interface Composed {
  messageId: string
  from: string
  recipients: string[]
  raw: Buffer
}

/**
 * The `Message-ID` of the letter of an effect: the same on each attempt, so that a letter that is sent again is known by it, by us
 * and by receivers that drop what they have.
 */
export function messageIdOf(key: string, from: string): string {
  return `<${localPartOf(key)}@${from.split('@').at(-1)!.toLowerCase()}>`
}

/** Of the `Message-ID`, what stands before the `@`. */
export function localPartOf(key: string): string {
  return `reeve.${createHash('sha256').update(key).digest('hex').slice(0, 40)}`
}

/** @throws `missing-package` */
export async function compose(letter: Outgoing, key: string): Promise<Composed> {
  const { default: MailComposer } = await importOptional(
    ['nodemailer'],
    'Letters that are sent',
    () => import('nodemailer/lib/mail-composer'),
  )
  const { from, fromName, to, cc = [], subject, text, html, inReplyTo, references = [] } = letter
  const messageId = messageIdOf(key, from)
  const composed = new MailComposer({
    messageId,
    from: { name: fromName ?? '', address: from },
    to: [...to],
    cc: [...cc],
    subject,
    text,
    ...(html !== undefined && { html }),
    ...(inReplyTo !== undefined && { inReplyTo, references: [...references, inReplyTo] }),
    // RFC 3834: machines that answer leave it alone.
    headers: { 'Auto-Submitted': inReplyTo === undefined ? 'auto-generated' : 'auto-replied' },
    attachments: (letter.attachments ?? []).map(({ name, mimeType, base64 }) => ({
      filename: name,
      contentType: mimeType,
      content: Buffer.from(base64, 'base64'),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const raw = await composed.compile().build()
  return { messageId, from, recipients: [...to, ...cc], raw }
}
