import PostalMime from 'postal-mime'
import type { ReadDocument } from '../../../memory/ingest/document-reader.ts'
import { readHtml } from './html.ts'
import { PlacedLines } from './placed-lines.ts'

const mostNamed = 20

/** A mail: who wrote to whom and when, what it says, and what hangs on it. Its lines are those of its text. */
export async function readMail(bytes: Uint8Array): Promise<ReadDocument> {
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 20, maxHeadersSize: 1024 * 1024 })
  const shown: { text: string; of?: readonly number[] } = mail.text?.trim()
    ? { text: mail.text }
    : mail.html
      ? { text: readHtml(mail.html).text }
      : { text: '' }
  const from = mail.from?.address ? `${mail.from.name} <${mail.from.address}>`.trim() : undefined
  const names = mail.attachments.slice(0, mostNamed).map(({ filename }) => filename || '(no name)')
  if (shown.text.trim() === '' && !mail.subject && names.length === 0)
    throw new Error(
      'it has neither a subject nor a text nor an attachment: it is not an email, or it is empty',
    )
  const lines = new PlacedLines('line')
  const said = [
    from && `From: ${oneLine(from)}`,
    mail.date && `Date: ${oneLine(mail.date)}`,
    names.length > 0 && `Attachments: ${names.map(oneLine).join(', ')}`,
  ]
  for (const line of said) if (line) lines.add(line, 1)
  lines.gap()
  lines.add(shown.text, 1, true)
  const title = oneLine(mail.subject ?? '')
  return { ...lines.whole(), untrusted: true, ...(title !== '' && { title }) }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300)
}
