// A process of its own: a letter that keeps the parser busy keeps nobody else waiting, and is ended with its process.
import { createHash } from 'node:crypto'
import { convert } from 'html-to-text'
import * as htmlparser2 from 'htmlparser2'
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime'
import { visibleHtml } from '../../tools/html/visible-html.ts'
import { serveReader } from '../../tools/process/reader-process.ts'
import { readHtml } from '../../tools/web-page/html-page.ts'
import { topmostResults } from './authentication.ts'
import { type Bounce, readBounce } from './bounce.ts'
import type { Letter, Mailbox } from './letter.ts'

const mostCharacters = 200_000
const mostBoxes = 200
const mostAttachments = 100

serveReader(async ({ raw, isPartial }: { raw: string; isPartial: boolean }): Promise<Letter> => {
  const bytes = Buffer.from(raw, 'base64')
  const mail = await PostalMime.parse(bytes, {
    maxNestingDepth: 20,
    maxHeadersSize: 1024 * 1024,
  })
  const [from] = boxes(mail.from ? [mail.from] : [])
  if (!from) throw new Error('it has no sender: it is not an email')
  const text = mail.text?.trim() ? mail.text : shownOf(mail.html)
  return {
    messageId: mail.messageId ?? null,
    inReplyTo: mail.inReplyTo ?? null,
    references: (mail.references ?? '').split(/\s+/).filter(Boolean).slice(-50),
    from,
    replyTo: boxes(mail.replyTo),
    to: boxes(mail.to),
    cc: boxes(mail.cc),
    subject: mail.subject ?? '',
    date: dateOf(mail.date),
    text: text.slice(0, mostCharacters).toWellFormed(),
    isCut: text.length > mostCharacters,
    isAutomatic: isAutomatic(mail),
    bounce: bounceIn(mail.attachments),
    authentication: topmostResults(bytes),
    isPartial,
    attachments: mail.attachments.slice(0, mostAttachments).map(({ filename, mimeType, content }) => {
      const its = Buffer.from(content as ArrayBuffer)
      const sha256 = createHash('sha256').update(its).digest('hex')
      return { name: filename ?? '', mimeType, bytes: its.length, sha256 }
    }),
  }
})

/** By the headers that machines set (RFC 3834), and those of lists and of old programs. */
function isAutomatic({ headers }: Email): boolean {
  const said = (name: string) =>
    headers
      .find(({ key }) => key === name)
      ?.value.trim()
      .toLowerCase()
  const submitted = said('auto-submitted')
  return (
    (submitted !== undefined && submitted !== 'no') ||
    /^(bulk|junk|list|auto_reply)$/.test(said('precedence') ?? '') ||
    said('return-path') === '<>' ||
    ['list-id', 'x-autoreply', 'x-autorespond'].some((name) => said(name) !== undefined)
  )
}

function bounceIn(attachments: readonly Attachment[]): Bounce | null {
  const find = (types: string[]) => attachments.find(({ mimeType }) => types.includes(mimeType))
  const report = find(['message/delivery-status'])
  const returned = find(['message/rfc822', 'text/rfc822-headers', 'message/rfc822-headers'])
  return (report && readBounce(textIn(report), returned ? textIn(returned) : '')) ?? null
}

function textIn({ content }: Attachment): string {
  return Buffer.from(content as ArrayBuffer)
    .subarray(0, mostCharacters)
    .toString('utf8')
}

/** Groups are named by their members. */
function boxes(addresses: readonly Address[] = []): Mailbox[] {
  return addresses
    .flatMap((each) => each.group ?? [each])
    .flatMap(({ name, address }) => (address ? [{ name: name.toWellFormed(), address }] : []))
    .slice(0, mostBoxes)
}

/** What a person who opens it sees: hidden text is the way in for those who write to models. */
function shownOf(html: string | undefined): string {
  if (html === undefined) return ''
  const seen = visibleHtml(html, htmlparser2)
  return readHtml(convert, seen.html, 'about:blank', { links: 0, characters: mostCharacters }).text
}

function dateOf(text: string | undefined): string | null {
  const date = new Date(text ?? '')
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
