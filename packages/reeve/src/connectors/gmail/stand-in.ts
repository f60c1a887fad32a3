import { readHeaders } from '../email/stand-in/plain-headers.ts'
import { GoogleSignIn, googleError, googleRefuse } from '../google/google-stand-in.ts'
import type { SandboxOptions } from '../shape/sandbox.ts'
import { jsonOf, type StandInAnswer, type StandInRequest, type StandInRoute } from '../stand-in/exchange.ts'
import { KeptState } from '../stand-in/kept.ts'
import type { StandInLimit } from '../stand-in/rate-limit.ts'
import { type StandIn, type StandInServer, startStandIn } from '../stand-in/stand-in.ts'

interface Stored {
  id: string
  threadId: string
  labelIds: string[]
  /** When it arrived (ms). */
  at: number
  /** Base64url. */
  raw: string
}

interface State {
  address: string
  messages: Stored[]
  drafts: { id: string; message: Stored }[]
  /** What was added, by its number. */
  history: { id: number; message: string }[]
  next: number
  /** History of before this number is forgotten (404). */
  forgottenBefore: number
}

/** The stand-in of Gmail, with what it knows. */
export interface GmailStandIn extends StandIn {
  state: State
  signIn: GoogleSignIn
  /** A letter comes into the inbox. Gives its id. */
  deliver(raw: string | Buffer): string
}

/** Starts a stand-in that speaks Gmail's wire format: raw letters in base64url, drafts that are sent once, history, pages. */
export async function start(options: SandboxOptions & { limit?: StandInLimit } = {}): Promise<GmailStandIn> {
  const kept = new KeptState<State>(options.file, () => ({
    address: 'desk@sandbox.test',
    messages: [],
    drafts: [],
    history: [],
    next: 1,
    forgottenBefore: 0,
  }))
  const { state } = kept
  let signIn!: GoogleSignIn
  let server!: StandInServer
  const standIn = await startStandIn(
    (its) => {
      server = its
      signIn = new GoogleSignIn(its.now)
      return {
        name: 'gmail',
        admit: (request) => signIn.admit(request, 'https://www.googleapis.com/auth/gmail.modify'),
        refuse: googleRefuse,
        routes: { 'POST /token': (request) => signIn.answer(request), ...routesOf(kept, its) },
      }
    },
    { port: options.port, now: options.now, limit: options.limit },
  )
  const deliver = (raw: string | Buffer) => {
    const text = Buffer.from(raw).toString('base64url')
    const { id } = add(state, { raw: text, labelIds: ['INBOX', 'UNREAD'], at: server.now() })
    kept.save()
    return id
  }
  return Object.assign(standIn, { state, signIn, deliver })
}

const notFound = googleError(404, 'notFound', 'Requested entity was not found.', 'NOT_FOUND')

function routesOf(kept: KeptState<State>, server: StandInServer): Record<string, StandInRoute> {
  const { state } = kept
  const onMessage = (act: (message: Stored, request: StandInRequest) => StandInAnswer): StandInRoute => {
    return (request) => {
      const message = state.messages.find(({ id }) => id === request.params.id)
      return message ? act(message, request) : notFound
    }
  }
  return {
    'GET /': () => ({ body: 'Gmail on this machine\n' }),
    'HEAD /': () => ({}),
    'GET /profile': () => ({
      body: {
        emailAddress: state.address,
        messagesTotal: state.messages.length,
        historyId: String(state.next),
      },
    }),
    'POST /drafts': (request) => {
      const { message } = jsonOf(request) as { message: { raw: string; threadId?: string } }
      const id = `r${state.next++}`
      state.drafts.push({ id, message: stored(state, { ...message, labelIds: ['DRAFT'], at: server.now() }) })
      server.books.record('draft-created', { key: messageIdOf(message), id })
      kept.save()
      return { body: { id, message: { id: state.drafts.at(-1)!.message.id } } }
    },
    'POST /drafts/send': (request) => {
      const { id } = jsonOf(request) as { id: string }
      const index = state.drafts.findIndex((each) => each.id === id)
      if (index < 0) return notFound
      const [draft] = state.drafts.splice(index, 1)
      const { raw, threadId } = draft!.message
      const sent = add(state, { raw, threadId, labelIds: ['SENT'], at: server.now() })
      server.books.record('letter-sent', { key: messageIdOf(sent), id: sent.id })
      kept.save()
      return { body: { id: sent.id, threadId: sent.threadId, labelIds: sent.labelIds } }
    },
    'GET /drafts': ({ query }) => {
      const found = state.drafts.filter(({ message }) => fits(message, query))
      return page(
        'drafts',
        found.map(({ id, message }) => ({ id, message: { id: message.id } })),
        query,
      )
    },
    'DELETE /drafts/:id': ({ params }) => {
      const index = state.drafts.findIndex(({ id }) => id === params.id)
      if (index < 0) return notFound
      state.drafts.splice(index, 1)
      server.books.record('draft-deleted', { id: params.id! })
      kept.save()
      return { status: 204 }
    },
    'GET /messages': ({ query }) => {
      const found = state.messages.filter((message) => fits(message, query)).reverse()
      return page(
        'messages',
        found.map(({ id, threadId }) => ({ id, threadId })),
        query,
      )
    },
    'GET /messages/:id': onMessage((message, { query }) => ({ body: shown(message, query) })),
    'POST /messages/:id/modify': onMessage((message, request) => {
      const { addLabelIds = [], removeLabelIds = [] } = jsonOf(request) as Record<string, string[]>
      const labels = new Set([...message.labelIds, ...addLabelIds])
      for (const label of removeLabelIds) labels.delete(label)
      message.labelIds = [...labels]
      kept.save()
      return { body: { id: message.id, threadId: message.threadId, labelIds: message.labelIds } }
    }),
    'GET /threads/:id': ({ params, query }) => {
      const its = state.messages.filter(({ threadId }) => threadId === params.id)
      return its.length > 0
        ? { body: { id: params.id, messages: its.map((each) => shown(each, query)) } }
        : notFound
    },
    'GET /history': ({ query }) => {
      const start = Number(query.get('startHistoryId'))
      if (start < state.forgottenBefore) return notFound
      const added = state.history.filter(({ id }) => id >= start)
      const wanted = added.flatMap(({ id, message }) => {
        const its = state.messages.find((each) => each.id === message)
        if (!its || (query.has('labelId') && !its.labelIds.includes(query.get('labelId')!))) return []
        const { threadId, labelIds } = its
        return [{ id: String(id), messagesAdded: [{ message: { id: message, threadId, labelIds } }] }]
      })
      const answer = page('history', wanted, query)
      return { body: { ...(answer.body as object), historyId: String(state.next) } }
    },
  }
}

function stored(
  state: State,
  its: { raw: string; threadId?: string | undefined; labelIds: string[]; at: number },
): Stored {
  const id = (0x1900000000n + BigInt(state.next++)).toString(16)
  return { id, ...its, threadId: its.threadId ?? id }
}

function add(state: State, its: Parameters<typeof stored>[1]): Stored {
  const replied = readHeaders(Buffer.from(its.raw, 'base64url')).get('in-reply-to')
  const thread =
    its.threadId ?? state.messages.find((each) => replied && messageIdOf(each) === replied)?.threadId
  const message = stored(state, { ...its, threadId: thread })
  state.messages.push(message)
  state.history.push({ id: state.next++, message: message.id })
  return message
}

function messageIdOf({ raw }: { raw: string }): string {
  return readHeaders(Buffer.from(raw, 'base64url')).get('message-id') ?? ''
}

function fits(message: Stored, query: URLSearchParams): boolean {
  const words = (query.get('q') ?? '').split(/\s+/).filter(Boolean)
  const label = query.get('labelIds')
  if (label !== null && !message.labelIds.includes(label)) return false
  return words.every((word) => {
    const [, name = '', value = word] = /^(rfc822msgid|after):(.*)$/.exec(word) ?? []
    if (name === 'rfc822msgid') return messageIdOf(message) === `<${value}>`
    if (name === 'after') return message.at / 1000 > Number(value)
    return Buffer.from(message.raw, 'base64url').toString().toLowerCase().includes(value.toLowerCase())
  })
}

function shown({ id, threadId, labelIds, at, raw }: Stored, query: URLSearchParams): object {
  const its = { id, threadId, labelIds, internalDate: String(at), sizeEstimate: raw.length }
  const format = query.get('format') ?? 'full'
  if (format === 'raw') return { ...its, raw }
  if (format === 'minimal') return its
  const headers = [...readHeaders(Buffer.from(raw, 'base64url'))].map(([name, value]) => ({ name, value }))
  return { ...its, payload: { headers } }
}

function page(field: string, all: readonly unknown[], query: URLSearchParams): StandInAnswer {
  const from = Number(query.get('pageToken') ?? 0)
  const to = from + Number(query.get('maxResults') ?? 100)
  const next = to < all.length ? { nextPageToken: String(to) } : {}
  return { body: { [field]: all.slice(from, to), ...next, resultSizeEstimate: all.length } }
}
