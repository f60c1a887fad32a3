import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { fields } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import type { RequestOptions, ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import { action } from '../shape/action.ts'
import type { Refusal } from '../shape/refusal.ts'
import { fromPoll } from '../shape/trigger.ts'

const chatId = z.union([z.number().int(), z.string().regex(/^@\w{3,64}$/)])
const Message = z.looseObject({
  message_id: z.number().int(),
  date: z.number().int(),
  chat: z.looseObject({ id: z.number().int(), type: z.string() }),
  from: z.looseObject({ id: z.number().int(), is_bot: z.boolean(), first_name: z.string() }).optional(),
  text: z.string().optional(),
})
const Update = z.looseObject({ update_id: z.number().int(), message: Message.optional() })
const Sent = z.object({ chatId: z.number().int(), messageId: z.number().int() })
const cursorSchema = z.object({ offset: z.number().int() })

/** So long a look holds its connection open (s). */
const longPollS = 25
const mostUpdates = 100

/**
 * Telegram: messages of a bot, and what people write to it. A bot cannot read what it sent: a message whose answer was lost is for a
 * person to look at.
 * @example
 * import { telegram } from 'reeve/connectors/telegram'
 *
 * export const bot = telegram({ mode: 'sandbox' })
 */
export const telegram = connector({
  name: 'telegram',
  title: 'Telegram',
  version: '1.0.0',
  vendorApi: { version: 'Bot API 9' },
  url: 'https://api.telegram.org',
  auth: fields({
    where: 'write /newbot, or /token, to @BotFather in Telegram',
    fields: [{ name: 'token', label: 'Bot token' }],
  }),
  health: {
    probe: async (api) => {
      const { result } = (await ask(api, 'getMe', { reads: true })).json
      return { identity: String(result.id), name: `@${result.username}` }
    },
  },
  rate: { default: { count: 25, per: '1s' } },
  sandbox: {
    standIn: {
      credential: '1234567:stand-in-token-0000000000000000000',
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  refusal: refusalOf,
  actions: {
    send: action({
      description: 'Send a message to a chat that the bot is in',
      endpoint: 'POST sendMessage',
      input: z.object({
        chatId,
        text: z.string().min(1).max(4096),
        /** The message that it answers. */
        replyTo: z.number().int().optional(),
      }),
      output: Sent,
      effect: 'once',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['chatId', 'replyTo'],
      run: async ({ chatId, text, replyTo }, api) => {
        const reply = replyTo === undefined ? {} : { reply_parameters: { message_id: replyTo } }
        const { json } = await ask(api, 'sendMessage', { json: { chat_id: chatId, text, ...reply } })
        return { chatId: json.result.chat.id, messageId: json.result.message_id }
      },
      undo: {
        effect: 'idempotent',
        run: async ({ result }, api) => {
          const its = { chat_id: result.chatId, message_id: result.messageId }
          await unless(/message to delete not found/, ask(api, 'deleteMessage', { json: its }))
        },
      },
    }),
    edit: action({
      description: 'Change the text of a message that the bot sent',
      endpoint: 'POST editMessageText',
      input: z.object({ chatId, messageId: z.number().int(), text: z.string().min(1).max(4096) }),
      output: z.object({ messageId: z.number().int() }),
      effect: 'idempotent',
      keyIn: 'body.message_id',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['chatId', 'messageId'],
      run: async ({ chatId, messageId, text }, api) => {
        const json = { chat_id: chatId, message_id: messageId, text }
        await unless(/message is not modified/, ask(api, 'editMessageText', { json }))
        return { messageId }
      },
    }),
    chat: action({
      description: 'Look a chat up',
      endpoint: 'POST getChat',
      input: z.object({ chatId }),
      output: z.looseObject({ id: z.number().int(), type: z.string() }),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      answers: 'untrusted',
      directs: ['chatId'],
      run: async ({ chatId }, api) =>
        (await ask(api, 'getChat', { json: { chat_id: chatId }, reads: true })).json.result,
    }),
  },
  triggers: {
    /** Telegram keeps what nobody took for 24 hours. */
    update: fromPoll({
      description: 'Somebody wrote to the bot, or something else happened in its chats',
      schema: Update,
      endpoint: 'POST getUpdates',
      every: '5s',
      look: async (api, cursor) => {
        if (cursor === null) return { found: [], cursor: { offset: (await latest(api)) + 1 } }
        const { offset } = cursorSchema.parse(cursor)
        const updates = await updatesFrom(api, offset, 0, mostUpdates)
        const next = Math.max(offset, ...updates.map(({ update_id: id }) => id + 1))
        const found = updates.map((item) => ({ id: String(item.update_id), item: item as never }))
        return { found, cursor: { offset: next }, more: updates.length === mostUpdates }
      },
      // It takes nothing: what comes is there at the next look, under the same offset.
      wait: async (api, cursor) => {
        await updatesFrom(api, cursorSchema.parse(cursor).offset, longPollS, 1)
      },
    }),
  },
})

/** The token stands in the path, as Telegram wants it; it is left out of everything that is written. */
async function ask(api: ServiceCall, method: string, options: RequestOptions): Promise<ServiceAnswer> {
  const { token } = await api.credential()
  return api.post(`/bot${String(token)}/${method}`, options)
}

/** Asking with an offset tells Telegram that everything before it is dealt with. */
async function updatesFrom(
  api: ServiceCall,
  offset: number,
  timeout: number,
  limit: number,
): Promise<z.output<typeof Update>[]> {
  const json = { offset, timeout, limit }
  return (await ask(api, 'getUpdates', { json, reads: true })).json.result
}

async function latest(api: ServiceCall): Promise<number> {
  const [last] = await updatesFrom(api, -1, 0, 1)
  return last?.update_id ?? -1
}

/** Of what is so already, Telegram says only words. */
async function unless(words: RegExp, asked: Promise<ServiceAnswer>): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof ReeveError && words.test(error.message))) throw error
  }
}

function refusalOf({ json, status }: ServiceAnswer): Refusal | undefined {
  if (!isRecord(json) || json.ok !== false) return undefined
  const code = typeof json.error_code === 'number' ? json.error_code : status
  const message = typeof json.description === 'string' ? json.description : undefined
  const said = { code: String(code), message }
  const waitS = isRecord(json.parameters) ? Number(json.parameters.retry_after) : Number.NaN
  if (code === 429) return { kind: 'rate', ...said, waitMs: waitS > 0 ? waitS * 1000 : undefined }
  // Of a token that it does not know, Telegram says that there is no such method.
  if (code === 401 || code === 404) return { kind: 'credential', ...said }
  if (code === 409) {
    return {
      kind: 'refused',
      ...said,
      message: `${message}. Another program asks for the updates of this bot, or it has a webhook: one of them may`,
    }
  }
  return { kind: code >= 500 ? 'failed' : 'refused', ...said }
}
