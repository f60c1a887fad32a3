import { ReeveError } from '../../../base/errors.ts'
import type { EffectVerdict } from '../../../engine/calls/effect/definition.ts'
import { asNotApplied } from '../../../tools/http/http-client.ts'
import type { MailHost, MailLogin } from '../mail-host.ts'
import { Mailbox } from '../mailbox.ts'
import { type Composed, compose, messageIdOf, type Outgoing } from '../outgoing.ts'
import { sendBySmtp } from './smtp.ts'

/** What an account sends and receives by. */
export interface MailServers {
  smtp: MailHost
  imap: MailHost
  /** The SMTP server keeps a copy in the folder for sent letters by itself (Gmail, Microsoft 365). */
  keepsSent: boolean
}

/** What became of a letter. */
export interface SentLetter {
  messageId: string
  accepted: string[]
  /** To these it will not be delivered; others were accepted. */
  rejected: string[]
}

const searched = 10

/**
 * Sends a letter so that it can be found out later whether it was sent.
 *
 *   laid among the drafts → handed to SMTP → accepted → moved to what is sent
 *                                          ↘ refused → no draft any more
 *
 * After a death at any place the folders tell: in none of them, SMTP was never asked; among what is sent, it was accepted; a draft
 * alone, it may have been: that is for a person.
 * @throws `NotApplied` `mail-unanswered` `missing-package`
 */
export async function sendLetter(
  servers: MailServers,
  login: MailLogin,
  letter: Outgoing,
  attempt: { key: string; signal: AbortSignal },
): Promise<SentLetter> {
  const composed = await compose(letter, attempt.key)
  const mailbox = await openForSending(servers, login, attempt.signal)
  try {
    const [drafts, sent] = await before(() =>
      Promise.all([mailbox.folderOf('drafts'), mailbox.folderOf('sent')]),
    )
    const isSent = await before(async () => (await withId(mailbox, sent, composed.messageId)).length > 0)
    // By another worker, which took this one for dead.
    if (isSent) return { messageId: composed.messageId, accepted: composed.recipients, rejected: [] }
    await before(() => stage(mailbox, drafts, composed))
    const taken = await sendBySmtp(servers.smtp, login, composed, attempt.signal).catch(async (error) => {
      const isRefused = error instanceof ReeveError && error.details.sent !== true
      if (isRefused) await quietly(() => discard(mailbox, drafts, composed.messageId))
      throw asNotApplied(error)
    })
    // It is sent: whatever happens to the copy changes nothing of that.
    await quietly(() =>
      servers.keepsSent
        ? discard(mailbox, drafts, composed.messageId)
        : file(mailbox, drafts, sent, composed.messageId),
    )
    return { messageId: composed.messageId, ...taken }
  } finally {
    await mailbox.leave()
  }
}

/** What the folders tell of a letter whose sending nobody saw the end of. */
export async function verifySent(
  servers: MailServers,
  login: MailLogin,
  letter: Outgoing,
  attempt: { key: string; signal: AbortSignal },
): Promise<EffectVerdict> {
  const messageId = messageIdOf(attempt.key, letter.from)
  const mailbox = await Mailbox.open(servers.imap, login, attempt.signal)
  try {
    if ((await withId(mailbox, await mailbox.folderOf('sent'), messageId)).length > 0) {
      const accepted = [...letter.to, ...(letter.cc ?? [])]
      return { outcome: 'applied', result: { messageId, accepted, rejected: [] } }
    }
    if ((await withId(mailbox, await mailbox.folderOf('drafts'), messageId)).length === 0)
      return { outcome: 'not-applied' }
    return {
      outcome: 'unknown',
      reason: `the letter ${messageId} lies among the drafts of ${letter.from}: it was about to be sent, and may have been. Ask a recipient, or look into the mail server's log`,
    }
  } finally {
    await mailbox.leave()
  }
}

async function openForSending(
  { imap }: MailServers,
  login: MailLogin,
  signal: AbortSignal,
): Promise<Mailbox> {
  return before(() => Mailbox.open(imap, login, signal))
}

/** Nothing was handed to SMTP yet: whatever goes wrong, nothing was sent. */
async function before<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    const { code, message, retryable, cause, details } = error
    throw asNotApplied(
      new ReeveError(code, message, { retryable, cause, details: { ...details, sent: false } }),
    )
  }
}

/** Once: an attempt before may have left it. */
async function stage(mailbox: Mailbox, drafts: string, { raw, messageId }: Composed): Promise<void> {
  const there = await withId(mailbox, drafts, messageId)
  if (there.length === 0) await mailbox.append(drafts, raw, ['\\Draft', '\\Seen'])
}

async function file(mailbox: Mailbox, drafts: string, sent: string, messageId: string): Promise<void> {
  const uids = await withId(mailbox, drafts, messageId, true)
  if (uids.length === 0) return
  await mailbox.setFlags(uids, ['\\Draft'], false)
  await mailbox.move(uids, sent)
}

async function discard(mailbox: Mailbox, drafts: string, messageId: string): Promise<void> {
  await mailbox.delete(await withId(mailbox, drafts, messageId, true))
}

async function withId(
  mailbox: Mailbox,
  folder: string,
  messageId: string,
  forWriting = false,
): Promise<number[]> {
  await mailbox.openFolder(folder, { forWriting })
  return mailbox.search({ header: { 'message-id': messageId } }, searched)
}

async function quietly(act: () => Promise<void>): Promise<void> {
  await act().catch(() => {})
}
