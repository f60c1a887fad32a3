import { z } from 'zod'
import { connector } from '../connector.ts'
import { pathPart } from '../door/request.ts'
import { letterSchema, outgoingSchema } from '../email/letter-schema.ts'
import { googleAuth, googleRefusal } from '../google/google.ts'
import { googleStandInCredential } from '../google/google-stand-in.ts'
import { action } from '../shape/action.ts'
import { fromPoll } from '../shape/trigger.ts'
import { gmailApprovals, gmailSettings } from './mail-approvals.ts'
import { newMessages, placeSchema } from './new-messages.ts'
import { findDraft, makeDraft, sendLetter, verifySent } from './outgoing.ts'
import { readAll, readMessage } from './read-messages.ts'

const scopes = [
  'https://www.googleapis.com/auth/gmail.readonly',
  'https://www.googleapis.com/auth/gmail.compose',
  'https://www.googleapis.com/auth/gmail.modify',
]
const messageId = z.string().regex(/^[\da-f]{8,32}$/, 'the id of a message')
const threadId = z.string().regex(/^[\da-f]{8,32}$/, 'the id of a thread')
const gmailLetter = letterSchema.extend({ threadId: z.string() })
const outgoing = outgoingSchema.extend({ threadId: threadId.optional() })
const readOnly = {
  effect: 'read',
  reads: 'private',
  sends: 'none',
  answers: 'untrusted',
  timeout: '2m',
} as const
const mostFound = 50

/**
 * Gmail: letters, threads, drafts, what comes. Declared here and not by the vendor's library: that retries and renews tokens by
 * itself, which the one door of connectors does for all workers. Needs
 * `npm install nodemailer postal-mime html-to-text htmlparser2`, which write and read letters.
 * @example
 * import { gmail } from 'reeve/connectors/gmail'
 *
 * export const post = gmail({ mode: 'sandbox' })
 */
export const gmail = connector({
  name: 'gmail',
  title: 'Gmail',
  version: '1.0.0',
  vendorApi: { version: 'v1' },
  settings: gmailSettings,
  url: 'https://gmail.googleapis.com/gmail/v1/users/me',
  auth: googleAuth(scopes),
  health: {
    probe: async (api) => {
      const { json } = await api.get('/profile')
      return { identity: json.emailAddress, name: json.emailAddress }
    },
  },
  rate: { default: { count: 100, per: '1m' }, classes: { send: { count: 30, per: '1m' } } },
  sandbox: {
    standIn: {
      credential: googleStandInCredential,
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  refusal: googleRefusal(scopes),
  // The largest letter that Gmail takes, in base64.
  maxBytes: 48 * 1_048_576,
  actions: {
    send: action({
      description: 'Send a letter; with `threadId` and `inReplyTo` it stays in its thread',
      endpoint: ['POST /drafts', 'POST /drafts/send', 'GET /drafts', 'GET /messages'],
      class: 'send',
      scopes,
      input: outgoing,
      output: z.object({ id: z.string(), threadId: z.string(), messageId: z.string() }),
      effect: 'verifiable',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['to', 'cc', 'threadId'],
      timeout: '2m',
      run: (args, api) => sendLetter(api, args),
      verify: (_args, api) => verifySent(api),
    }),
    draft: action({
      description: 'Lay a letter among the drafts, for a person to look at and send',
      endpoint: ['POST /drafts', 'GET /drafts'],
      scopes,
      input: outgoing,
      output: z.object({ id: z.string(), messageId: z.string() }),
      effect: 'verifiable',
      risk: 'low',
      reads: 'none',
      sends: 'inside',
      stages: 'draft',
      run: (args, api) => makeDraft(api, args),
      verify: async (_args, api) => {
        const found = await findDraft(api)
        return found ? { outcome: 'applied', result: found } : { outcome: 'not-applied' }
      },
      undo: {
        effect: 'idempotent',
        run: async ({ result }, api) => {
          await api.delete(`/drafts/${pathPart(result.id)}`, { accept: [404] })
        },
      },
    }),
    search: action({
      ...readOnly,
      description: "Find letters by Gmail's search, the newest first",
      endpoint: ['GET /messages', 'GET /messages/{id}'],
      scopes,
      input: z.object({
        /** As in Gmail's own field: `from:eve subject:invoice newer_than:7d`. */
        query: z.string().max(500),
        limit: z.number().int().min(1).max(mostFound).default(10),
      }),
      output: z.array(gmailLetter),
      run: async ({ query, limit }, api) => {
        const { json } = await api.get('/messages', { query: { q: query, maxResults: limit } })
        return readAll(api, json.messages ?? [])
      },
    }),
    read: action({
      ...readOnly,
      description: 'Read one letter',
      endpoint: 'GET /messages/{id}',
      scopes,
      input: z.object({ id: messageId }),
      output: gmailLetter,
      directs: ['id'],
      run: ({ id }, api) => readMessage(api, id),
    }),
    thread: action({
      ...readOnly,
      description: 'Read the letters of a thread, the oldest first',
      endpoint: ['GET /threads/{id}', 'GET /messages/{id}'],
      scopes,
      input: z.object({ id: threadId }),
      output: z.array(gmailLetter),
      directs: ['id'],
      run: async ({ id }, api) => {
        const { json } = await api.get(`/threads/${pathPart(id)}`, { query: { format: 'minimal' } })
        return readAll(api, (json.messages as { id: string }[]).slice(-mostFound))
      },
    }),
    label: action({
      description: 'Add labels to a letter, and take others away',
      endpoint: 'POST /messages/{id}/modify',
      keyIn: 'path.id',
      scopes,
      input: z.object({
        id: messageId,
        add: z.array(z.string().max(200)).max(20).default([]),
        remove: z.array(z.string().max(200)).max(20).default([]),
      }),
      output: z.object({ id: z.string(), labelIds: z.array(z.string()) }),
      effect: 'idempotent',
      risk: 'low',
      reads: 'none',
      sends: 'none',
      directs: ['id'],
      run: async ({ id, add, remove }, api) => {
        const body = { addLabelIds: add, removeLabelIds: remove }
        const { json } = await api.post(`/messages/${pathPart(id)}/modify`, { json: body })
        return { id: json.id, labelIds: json.labelIds ?? [] }
      },
    }),
  },
  approvals: gmailApprovals,
  triggers: {
    letter: fromPoll({
      isMail: true,
      description: 'A letter came into the inbox',
      schema: gmailLetter,
      endpoint: ['GET /history', 'GET /messages', 'GET /messages/{id}'],
      look: (api, cursor) => newMessages(api, cursor === null ? undefined : placeSchema.parse(cursor)),
    }),
  },
})
