import PostalMime, { decodeWords, type Email } from 'postal-mime'
import {
  bytesOfUserDefined,
  guessCharset,
  looksMisdecoded,
  repairHeader,
  undoDoubleEncoding,
} from './charset.ts'
import { htmlToVisibleText } from './html-text.ts'
import { guessLanguage } from './language.ts'
import { splitReply } from './quoted-reply.ts'
import { capBody, contentId, type Ticket } from './ticket.ts'

/** Before anything is parsed. */
const most = { headerBytes: 256 * 1024, lines: 400_000, parts: 1000 }

/**
 * Reads one RFC 5322 message, however untidy. It may take as long as the message wants it to: `readInbox` has it run in a
 * process of its own.
 * @throws when its structure is hostile (nested too deep, endless headers, too many parts or lines)
 */
export async function readMail(raw: Uint8Array): Promise<Ticket> {
  const notes: string[] = []
  checkStructure(raw)
  const { message, headers } = startOfMessage(Buffer.from(raw).toString('latin1'), notes)
  const email = await repairBodies(await parse(message), message, notes)
  const from = senderOf(email, notes)
  const subject = headerText(email, headers, 'subject', notes)
  const { reply, rest, isForward } = splitReply(stripInvisible(visibleBody(email, notes), notes))
  if (isForward) notes.push('only a forwarded message')
  if (rest !== '') notes.push('quoted text or signature cut off')
  if (reply === '') notes.push('empty body')
  const body = capBody(reply, notes)
  const ticket: Ticket = {
    id: messageId(email, notes) ?? contentId(from, subject, body),
    from,
    subject,
    body,
    attachments: attachmentsOf(email),
    notes,
  }
  const language = guessLanguage(`${subject}\n${body}`)
  if (language !== undefined) ticket.language = language
  if (rest !== '') ticket.quoted = capBody(rest, notes)
  if (isAutomatic(email)) {
    ticket.automatic = true
    notes.push('automatic message: do not answer it')
  }
  return ticket
}

function parse(message: string): Promise<Email> {
  return PostalMime.parse(Buffer.from(message, 'latin1'), {
    maxNestingDepth: 30,
    maxHeadersSize: most.headerBytes,
  })
}

/** Counts lines and parts. Both parsers and people give up on what has more. */
function checkStructure(raw: Uint8Array): void {
  let lines = 0
  let parts = 0
  for (let at = 0; at >= 0 && at < raw.length; ) {
    if (++lines > most.lines) throw new Error(`it has more than ${most.lines} lines`)
    if (raw[at] === 0x2d && raw[at + 1] === 0x2d && isHeaderBelow(raw, at)) parts++
    if (parts > most.parts) throw new Error(`it has more than ${most.parts} parts`)
    const end = raw.indexOf(0x0a, at)
    at = end < 0 ? -1 : end + 1
  }
}

/** A line such as `--boundary` begins a part when a header of it follows; a signature's `-- ` does not. */
function isHeaderBelow(raw: Uint8Array, at: number): boolean {
  const end = raw.indexOf(0x0a, at)
  return end >= 0 && /^content-/i.test(Buffer.from(raw.subarray(end + 1, end + 9)).toString('latin1'))
}

/** Skips blank lines and the `From …` line of an mbox. The text holds one character per byte. */
function startOfMessage(raw: string, notes: string[]): { message: string; headers: string } {
  let start = raw.startsWith('\xef\xbb\xbf') ? 3 : 0
  for (let at = start; at < raw.length && /[\s]/.test(raw[at]!); at++) if (raw[at] === '\n') start = at + 1
  let message = raw.slice(start)
  const mbox = /^>?From [^\r\n]*\r?\n/.exec(message)
  if (mbox) {
    notes.push('stray mbox line skipped')
    message = message.slice(mbox[0].length).replace(/^>(>*From )/gm, '$1')
  }
  const end = /\r?\n\r?\n/.exec(message)
  const headers = end ? message.slice(0, end.index) : message
  if (headers.length > most.headerBytes) {
    throw new Error(`its headers have ${headers.length} bytes; the most is ${most.headerBytes}`)
  }
  return { message, headers }
}

/**
 * A text whose declared charset is wrong or missing is read again with every label replaced by one that keeps each
 * byte, so that the charset can be told from the bytes themselves.
 */
async function repairBodies(email: Email, message: string, notes: string[]): Promise<Email> {
  if (!looksMisdecoded(`${email.text ?? ''}${email.html ?? ''}`)) return email
  const lossless = await parse(relabelParts(message))
  const repaired = { ...email }
  for (const part of ['text', 'html'] as const) {
    const before = email[part]
    if (before === undefined || !looksMisdecoded(before)) continue
    const { text, charset } = guessCharset(bytesOfUserDefined(lossless[part] ?? ''))
    const single = undoDoubleEncoding(text)
    if ((single ?? text) === before) continue
    repaired[part] = single ?? text
    notes.push(
      single === undefined ? `charset of the ${part} guessed: ${charset}` : `doubly encoded ${part} repaired`,
    )
  }
  return repaired
}

const contentTypeHeader = /^content-type:[ \t]*[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim

function relabelParts(message: string): string {
  const relabelled = message.replace(contentTypeHeader, (header) => {
    if (!/^content-type:\s*text\//i.test(header)) return header
    return `${header.replace(/;\s*charset\s*=\s*("[^"]*"|[^\s;]+)/gi, '')}; charset=x-user-defined`
  })
  const headers = /\r?\n\r?\n/.exec(message)
  return headers && /^content-type:/im.test(message.slice(0, headers.index))
    ? relabelled
    : `Content-Type: text/plain; charset=x-user-defined\r\n${relabelled}`
}

function headerText(email: Email, headers: string, name: 'subject', notes: string[]): string {
  const decoded = email[name]
  if (decoded === undefined) {
    notes.push(`no ${name}`)
    return ''
  }
  let text = decoded
  if (looksMisdecoded(decoded)) {
    const raw = new RegExp(`^${name}:[ \\t]*([^\\r\\n]*(?:\\r?\\n[ \\t][^\\r\\n]*)*)`, 'im').exec(
      headers,
    )?.[1]
    const repaired = repairHeader((raw ?? '').replace(/\r?\n[ \t]+/g, ' '))
    text = undoDoubleEncoding(repaired.text) ?? repaired.text
    notes.push(`charset of the ${name} guessed: ${repaired.charset}`)
  }
  return stripInvisible(text, notes).replace(/\s+/g, ' ').trim()
}

function senderOf(email: Email, notes: string[]): string {
  const address = (email.from?.address ?? email.from?.group?.[0]?.address ?? '').trim().toLowerCase()
  const replyTo = email.replyTo?.[0]?.address?.trim().toLowerCase()
  if (replyTo && replyTo !== address) notes.push(`suspicious: Reply-To names another address (${replyTo})`)
  if (/^[^\s@<>]+@[^\s@<>]+$/.test(address)) return address
  notes.push(address === '' ? 'no sender' : `unusable sender: ${address.slice(0, 100)}`)
  return ''
}

function messageId(email: Email, notes: string[]): string | undefined {
  const id = /^<?([^<>\s]{3,250})>?$/.exec((email.messageId ?? '').trim())?.[1]
  if (id === undefined) notes.push('no Message-ID: id made from the content')
  return id
}

/** The plain part when it says the same as the HTML; what a person saw is the HTML. */
function visibleBody(email: Email, notes: string[]): string {
  const plain = (email.text ?? '').replaceAll('\r\n', '\n').trim()
  if (email.html === undefined) return plain
  let fromHtml: string
  try {
    fromHtml = htmlToVisibleText(email.html, notes).trim()
  } catch (error) {
    if (plain === '') throw error
    notes.push(`suspicious: the HTML was not read: ${error instanceof Error ? error.message : String(error)}`)
    return plain
  }
  if (plain === '') {
    notes.push('HTML converted to text')
    return fromHtml
  }
  if (fromHtml === '' || shareOfWords(plain, fromHtml) >= 0.6) return plain
  // "Your program cannot show HTML" is common and harmless; a long other text is there to be read by machines.
  notes.push(
    `${plain.length > 300 ? 'suspicious: ' : ''}the plain part differs from the HTML; the HTML was read`,
  )
  return fromHtml
}

function shareOfWords(plain: string, other: string): number {
  const wordsOf = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [])
  const mine = wordsOf(plain.slice(0, 20_000))
  if (mine.size === 0) return 1
  const theirs = wordsOf(other)
  let shared = 0
  for (const word of mine) if (theirs.has(word)) shared++
  return shared / mine.size
}

/**
 * Characters that nobody sees carry text that only a machine reads. Those that join letters or make an emoji what it is
 * stay where they do so.
 */
const invisible =
  /(?![\u200c\u200d])[\p{Cf}\p{Co}]|(?<![\p{L}\p{M}\p{Extended_Pictographic}])[\u200c\u200d]|(?<![\p{Extended_Pictographic}\d#*])[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]|\u034f|\u115f|\u1160|\u2800|\u3164|\uffa0/gu

function stripInvisible(text: string, notes: string[]): string {
  const count = text.match(invisible)?.length ?? 0
  if (count === 0) return text
  notes.push(`${count > 8 ? 'suspicious: ' : ''}${count} invisible characters dropped`)
  return text.replace(invisible, '')
}

function attachmentsOf(email: Email): Ticket['attachments'] {
  return email.attachments.map((each, index) => ({
    name: decodeWords(each.filename ?? `attachment-${index + 1}`).slice(0, 200),
    type: each.mimeType,
    bytes: typeof each.content === 'string' ? Buffer.byteLength(each.content) : each.content.byteLength,
  }))
}

function isAutomatic(email: Email): boolean {
  const value = (key: string) =>
    email.headers
      .find((header) => header.key === key)
      ?.value.trim()
      .toLowerCase()
  const submitted = value('auto-submitted')
  if (submitted !== undefined && submitted !== 'no') return true
  if (value('x-autoreply') !== undefined || value('x-auto-response-suppress') === 'all') return true
  if (/^(bulk|auto_reply|junk)$/.test(value('precedence') ?? '')) return true
  return value('return-path') === '<>' || /^(mailer-daemon|postmaster)@/.test(email.from?.address ?? '')
}
