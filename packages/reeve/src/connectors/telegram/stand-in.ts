import type { SandboxOptions } from '../shape/sandbox.ts'
import { jsonOf, type StandInAnswer, type StandInRequest, type StandInRoute } from '../stand-in/exchange.ts'
import { KeptState } from '../stand-in/kept.ts'
import type { StandInLimit } from '../stand-in/rate-limit.ts'
import { type StandIn, type StandInServer, startStandIn } from '../stand-in/stand-in.ts'

interface Sent {
  message_id: number
  date: number
  chat: { id: number; type: string }
  text: string
}

interface State {
  chats: { id: number; type: string; first_name?: string; title?: string }[]
  messages: Sent[]
  updates: { update_id: number; message: object }[]
  next: { message: number; update: number }
}

/** What methods are asked with. */
interface Args {
  chat_id: number
  message_id: number
  text: string
  offset?: number
  limit?: number
  timeout?: number
}

/** The stand-in of Telegram, with what it knows. */
export interface TelegramStandIn extends StandIn {
  state: State
  /** Somebody writes to the bot. */
  write(text: string, chat?: number): void
}

const token = '1234567:stand-in-token-0000000000000000000'

/** Starts a stand-in that speaks Telegram's wire format: the token in the path, `ok` in every answer, offsets, long polling. */
export async function start(
  options: SandboxOptions & { limit?: StandInLimit } = {},
): Promise<TelegramStandIn> {
  const kept = new KeptState<State>(options.file, beginning)
  const { state } = kept
  const waiting = new Set<() => void>()
  let now: () => number = Date.now
  const standIn = await startStandIn(
    (server) => {
      now = server.now
      return {
        name: 'telegram',
        admit: ({ path }) =>
          path === '/' || path.startsWith(`/bot${token}`) ? undefined : no(401, 'Unauthorized'),
        refuse: (refusal) => {
          if (refusal.why === 'rate-limited') {
            const after = refusal.retryAfterS
            return no(429, `Too Many Requests: retry after ${after}`, { retry_after: after })
          }
          if (refusal.why === 'unavailable') return no(refusal.status, 'Internal Server Error')
          return refusal.why === 'unauthorized' ? no(401, 'Unauthorized') : no(404, 'Not Found')
        },
        routes: routesOf(kept, server, waiting),
      }
    },
    { port: options.port, now: options.now, limit: options.limit },
  )
  const write = (text: string, chat = 100) => {
    const its = state.chats.find(({ id }) => id === chat) ?? state.chats[0]!
    const from = { id: its.id, is_bot: false, first_name: its.first_name ?? 'Somebody' }
    const message = {
      message_id: state.next.message++,
      date: Math.floor(now() / 1000),
      chat: its,
      from,
      text,
    }
    state.updates.push({ update_id: state.next.update++, message })
    kept.save()
    for (const wake of waiting) wake()
  }
  const close = async () => {
    for (const wake of waiting) wake()
    await base()
  }
  const base = standIn.close
  return Object.assign(standIn, { state, write, close })
}

function routesOf(
  kept: KeptState<State>,
  server: StandInServer,
  waiting: Set<() => void>,
): Record<string, StandInRoute> {
  const { state } = kept
  const method = (name: string, act: (args: Args) => StandInAnswer | Promise<StandInAnswer>) =>
    [`POST /bot${token}/${name}`, (request: StandInRequest) => act((jsonOf(request) ?? {}) as Args)] as const
  const chatOf = (wanted: number) => state.chats.find(({ id }) => id === wanted)
  const find = (chat: number, id: number) =>
    state.messages.find((each) => each.chat.id === chat && each.message_id === id)
  return Object.fromEntries<StandInRoute>([
    ['GET /', () => ({ body: 'Telegram on this machine\n' })],
    method('getMe', () =>
      yes({ id: 1234567, is_bot: true, first_name: 'Desk', username: 'desk_stand_in_bot' }),
    ),
    method('getChat', ({ chat_id }) => {
      const chat = chatOf(chat_id)
      return chat ? yes(chat) : no(400, 'Bad Request: chat not found')
    }),
    method('sendMessage', ({ chat_id, text }) => {
      const chat = chatOf(chat_id)
      if (!chat) return no(400, 'Bad Request: chat not found')
      const its = { message_id: state.next.message++, date: Math.floor(server.now() / 1000), chat, text }
      state.messages.push(its)
      server.books.record('message-sent', { id: String(its.message_id) })
      kept.save()
      return yes(its)
    }),
    method('editMessageText', ({ chat_id, message_id, text }) => {
      const its = find(chat_id, message_id)
      if (!its) return no(400, 'Bad Request: message to edit not found')
      if (its.text === text) return no(400, 'Bad Request: message is not modified')
      its.text = text
      kept.save()
      return yes(its)
    }),
    method('deleteMessage', ({ chat_id, message_id }) => {
      const its = find(chat_id, message_id)
      if (!its) return no(400, 'Bad Request: message to delete not found')
      state.messages.splice(state.messages.indexOf(its), 1)
      server.books.record('message-deleted', { id: String(message_id) })
      kept.save()
      return yes(true)
    }),
    method('getUpdates', async ({ offset = 0, limit = 100, timeout = 0 }) => {
      const some = () => {
        if (offset < 0) return state.updates.slice(offset).slice(0, limit)
        return state.updates.filter(({ update_id }) => update_id >= offset).slice(0, limit)
      }
      // What is asked beyond is dealt with, and forgotten.
      if (offset > 0) state.updates = state.updates.filter(({ update_id }) => update_id >= offset)
      if (some().length === 0 && timeout > 0) await woken(waiting, timeout)
      return yes(some())
    }),
  ])
}

function woken(waiting: Set<() => void>, timeoutS: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      waiting.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, timeoutS * 1000)
    timer.unref()
    waiting.add(wake)
  })
}

function yes(result: unknown): StandInAnswer {
  return { body: { ok: true, result } }
}

function no(error_code: number, description: string, parameters?: object): StandInAnswer {
  return {
    status: error_code,
    body: { ok: false, error_code, description, ...(parameters && { parameters }) },
  }
}

function beginning(): State {
  return {
    chats: [
      { id: 100, type: 'private', first_name: 'Eve' },
      { id: -200, type: 'group', title: 'Shop' },
    ],
    messages: [],
    updates: [],
    next: { message: 1, update: 1 },
  }
}
