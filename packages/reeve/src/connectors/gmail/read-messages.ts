import { ReeveError } from '../../base/errors.ts'
import { isoText } from '../../base/time/time.ts'
import { LetterReader } from '../../triggers/letters/read-letter.ts'
import { pathPart } from '../door/request.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { MailboxLetter } from '../email/letter-schema.ts'

export type GmailLetter = MailboxLetter & { threadId: string }

/** A letter, or why it cannot be read. */
export type ReadMessage = { letter: GmailLetter } | { problem: string } | { isGone: true }

/** Larger ones are read in their beginning, as the reader's process takes no more (bytes). */
const mostBytes = 25 * 1024 * 1024
const beginningBytes = 1024 * 1024

/** @throws `mail-no-letter` */
export async function readMessage(api: ServiceCall, id: string): Promise<GmailLetter> {
  const [read] = await withReader(async (letters) => [await readOne(api, id, letters)])
  if (read && 'letter' in read) return read.letter
  const why = read && 'problem' in read ? read.problem : 'it was deleted'
  throw new ReeveError('mail-no-letter', `There is no such letter: ${why}.`, { details: { sent: false } })
}

/** Those that can be read, in their order. */
export async function readAll(api: ServiceCall, messages: readonly { id: string }[]): Promise<GmailLetter[]> {
  api.expects(messages.length)
  return withReader(async (letters) => {
    const read: GmailLetter[] = []
    for (const { id } of messages) {
      const each = await readOne(api, id, letters)
      if ('letter' in each) read.push(each.letter)
    }
    return read
  })
}

export async function withReader<T>(work: (letters: LetterReader) => Promise<T>): Promise<T> {
  const letters = new LetterReader()
  try {
    return await work(letters)
  } finally {
    letters.close()
  }
}

/** Its bytes are read in the process for foreign letters, as those of any mailbox. */
export async function readOne(api: ServiceCall, id: string, letters: LetterReader): Promise<ReadMessage> {
  const answer = await api.get(`/messages/${pathPart(id)}`, { query: { format: 'raw' }, accept: [404] })
  if (answer.status === 404) return { isGone: true }
  const { raw: text, internalDate, labelIds = [], threadId = '' } = answer.json
  const raw = Buffer.from(String(text ?? ''), 'base64url')
  const isPartial = raw.length > mostBytes
  try {
    const letter = await letters.read(isPartial ? raw.subarray(0, beginningBytes) : raw, isPartial)
    const its = {
      id,
      threadId,
      folder: labelIds.includes('INBOX') ? 'INBOX' : (labelIds[0] ?? ''),
      arrivedAt: isoText(Number(internalDate)),
      bytes: raw.length,
      isSeen: !labelIds.includes('UNREAD'),
    }
    return { letter: { ...its, ...letter } }
  } catch (error) {
    const isOfLetter = error instanceof ReeveError && ['not-read', 'input-too-large'].includes(error.code)
    if (!isOfLetter) throw error
    return { problem: `The letter ${id} (${raw.length} bytes) could not be read: ${error.message}` }
  }
}
