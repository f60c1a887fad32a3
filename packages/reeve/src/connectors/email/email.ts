import { z } from 'zod'
import { fields, oauth2 } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { action } from '../shape/action.ts'
import { fromPoll } from '../shape/trigger.ts'
import { letterSchema, outgoingSchema } from './letter-schema.ts'
import { emailApprovals, lookForLetters } from './mail-approvals.ts'
import {
  inMailbox,
  mailSettings,
  outgoingOf,
  placeSchema,
  sendFor,
  settingsOf,
  verifyFor,
} from './mail-call.ts'
import { waitForLetters } from './new-letters.ts'
import { compose } from './outgoing.ts'
import { noLetter, openLetter, readAll, readLetter } from './read-letters.ts'

const readOnly = { effect: 'read', reads: 'private', sends: 'none', answers: 'untrusted' } as const
const mostFound = 50

/**
 * E-mail: sending by SMTP, a mailbox over IMAP. With `nodemailer` and `imapflow`, which speak the protocols and nothing more; needs
 * `npm install nodemailer imapflow postal-mime html-to-text htmlparser2`.
 * @example
 * import { email } from 'reeve/connectors/email'
 *
 * export const post = email({ address: 'desk@shop.example', imap: 'imap.shop.example:993', smtp: 'smtp.shop.example:465' })
 */
export const email = connector({
  name: 'email',
  title: 'E-mail',
  version: '1.0.0',
  vendorApi: { version: 'IMAP4rev1 (RFC 3501), SMTP (RFC 5321)' },
  settings: mailSettings,
  url: ({ settings }) => `imap://${settings.imap}`,
  endpoints: {
    imap: ({ settings }) => `imap://${settings.imap}`,
    smtp: ({ settings }) => `smtp://${settings.smtp}`,
  },
  auth: [
    fields({
      where: "your mail provider's settings, under app passwords: most take one that is made for programs",
      fields: [
        { name: 'user', label: 'User (mostly the address)', isShown: true },
        { name: 'password', label: 'Password' },
      ],
    }),
    oauth2({
      where: 'https://entra.microsoft.com, App registrations (Microsoft 365 takes no passwords)',
      authorize: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
      token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
      device: 'https://login.microsoftonline.com/common/oauth2/v2.0/devicecode',
      flows: ['code', 'device'],
      scopes: [
        'https://outlook.office.com/IMAP.AccessAsUser.All',
        'https://outlook.office.com/SMTP.Send',
        'offline_access',
      ],
    }),
  ],
  health: {
    probe: (api) =>
      inMailbox(api, async (mailbox) => {
        await mailbox.openFolder(settingsOf(api).folder)
        return { identity: mailbox.user, name: settingsOf(api).address }
      }),
  },
  rate: {
    default: { count: 60, per: '1m' },
    classes: { send: { count: 30, per: '1m' } },
  },
  sandbox: {
    standIn: {
      credential: JSON.stringify({ user: 'desk@sandbox.test', password: 'sandbox-password' }),
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  actions: {
    send: action({
      description: 'Send a letter; with `inReplyTo` it stays in the thread of the letter that it answers',
      endpoint: ['SMTP DATA', 'IMAP APPEND', 'IMAP MOVE'],
      class: 'send',
      input: outgoingSchema,
      output: z.object({
        messageId: z.string(),
        accepted: z.array(z.string()),
        /** To these it is not delivered; others were accepted. */
        rejected: z.array(z.string()),
      }),
      effect: 'verifiable',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['to', 'cc'],
      timeout: '2m',
      run: (args, api) => sendFor(api, args),
      verify: (args, api) => verifyFor(api, args),
    }),
    draft: action({
      description: 'Lay a letter among the drafts, for a person to look at and send',
      endpoint: 'IMAP APPEND',
      input: outgoingSchema,
      output: z.object({ messageId: z.string() }),
      effect: 'verifiable',
      risk: 'low',
      reads: 'none',
      sends: 'inside',
      stages: 'draft',
      run: (args, api) =>
        inMailbox(api, async (mailbox) => {
          const { raw, messageId } = await compose(outgoingOf(api, args), api.key)
          await mailbox.append(await mailbox.folderOf('drafts'), raw, ['\\Draft'])
          return { messageId }
        }),
      verify: (args, api) =>
        inMailbox(api, async (mailbox) => {
          const { messageId } = await compose(outgoingOf(api, args), api.key)
          await mailbox.openFolder(await mailbox.folderOf('drafts'))
          const found = await mailbox.search({ header: { 'message-id': messageId } }, 1)
          return found.length > 0 ? { outcome: 'applied', result: { messageId } } : { outcome: 'not-applied' }
        }),
      undo: {
        effect: 'idempotent',
        run: ({ result }, api) =>
          inMailbox(api, async (mailbox) => {
            await mailbox.openFolder(await mailbox.folderOf('drafts'), { forWriting: true })
            await mailbox.delete(await mailbox.search({ header: { 'message-id': result.messageId } }, 10))
          }),
      },
    }),
    search: action({
      ...readOnly,
      description: 'Find letters in a folder, the newest first',
      endpoint: ['IMAP SEARCH', 'IMAP FETCH'],
      input: z.object({
        folder: z.string().max(200).default('INBOX'),
        from: z.string().max(200).optional(),
        subject: z.string().max(200).optional(),
        text: z.string().max(200).optional(),
        since: z.iso.date().optional(),
        unseen: z.boolean().optional(),
        limit: z.number().int().min(1).max(mostFound).default(10),
      }),
      output: z.array(letterSchema),
      directs: ['folder'],
      timeout: '2m',
      run: ({ folder, from, subject, text, since, unseen, limit }, api) =>
        inMailbox(api, async (mailbox, letters) => {
          const open = await mailbox.openFolder(folder)
          const query = {
            all: true,
            ...(from !== undefined && { from }),
            ...(subject !== undefined && { subject }),
            ...(text !== undefined && { body: text }),
            ...(since !== undefined && { since: new Date(since) }),
            ...(unseen && { seen: false }),
          }
          return readAll(mailbox, open, await mailbox.search(query, limit), letters)
        }),
    }),
    read: action({
      ...readOnly,
      description: 'Read one letter',
      endpoint: 'IMAP FETCH',
      input: z.object({ id: z.string().max(500) }),
      output: letterSchema,
      directs: ['id'],
      timeout: '1m',
      run: ({ id }, api) =>
        inMailbox(api, async (mailbox, letters) => {
          const { folder, uid } = await openLetter(mailbox, id)
          const [found] = await mailbox.find([uid])
          const read = found && (await readLetter(mailbox, folder, found, letters))
          if (!read) throw noLetter('it was moved or deleted')
          if ('problem' in read) throw noLetter(read.problem)
          return read.letter
        }),
    }),
    thread: action({
      ...readOnly,
      description: 'Read the letters of a thread, received and sent, the oldest first',
      endpoint: ['IMAP SEARCH', 'IMAP FETCH'],
      input: z.object({
        /** Of any letter in it. */
        messageId: z.string().regex(/^<[^<>\s]{1,990}>$/),
        limit: z.number().int().min(1).max(mostFound).default(20),
      }),
      output: z.array(letterSchema),
      directs: ['messageId'],
      timeout: '2m',
      run: ({ messageId, limit }, api) =>
        inMailbox(api, async (mailbox, letters) => {
          const headers = ['message-id', 'references', 'in-reply-to']
          const query = { or: headers.map((name) => ({ header: { [name]: messageId } })) }
          const all = []
          for (const path of [settingsOf(api).folder, await mailbox.folderOf('sent')]) {
            const folder = await mailbox.openFolder(path)
            all.push(...(await readAll(mailbox, folder, await mailbox.search(query, limit), letters)))
          }
          return all.sort((one, other) => (one.arrivedAt < other.arrivedAt ? -1 : 1)).slice(-limit)
        }),
    }),
    mark: action({
      description: 'Mark a letter as seen, answered or flagged, or not',
      endpoint: 'PUT IMAP STORE',
      input: z.object({
        id: z.string().max(500),
        as: z.enum(['seen', 'answered', 'flagged']),
        isSet: z.boolean().default(true),
      }),
      output: z.object({ id: z.string() }),
      effect: 'idempotent',
      risk: 'low',
      reads: 'none',
      sends: 'none',
      directs: ['id'],
      run: ({ id, as, isSet }, api) =>
        inMailbox(api, async (mailbox) => {
          const { uid } = await openLetter(mailbox, id, { forWriting: true })
          await mailbox.setFlags([uid], [flagOf(as)], isSet)
          return { id }
        }),
      undo: {
        effect: 'idempotent',
        run: ({ args }, api) =>
          inMailbox(api, async (mailbox) => {
            const { uid } = await openLetter(mailbox, args.id, { forWriting: true })
            await mailbox.setFlags([uid], [flagOf(args.as)], !args.isSet)
          }),
      },
    }),
  },
  approvals: emailApprovals,
  triggers: {
    letter: fromPoll({
      isMail: true,
      description: 'A letter came into the folder',
      schema: letterSchema,
      endpoint: ['IMAP FETCH', 'IMAP IDLE'],
      look: lookForLetters,
      wait: (api, cursor) =>
        inMailbox(api, (mailbox) => {
          const { folder } = settingsOf(api)
          return waitForLetters(mailbox, folder, placeSchema.parse(cursor), api.signal)
        }),
    }),
  },
})

function flagOf(as: 'seen' | 'answered' | 'flagged'): string {
  return `\\${as[0]!.toUpperCase()}${as.slice(1)}`
}
