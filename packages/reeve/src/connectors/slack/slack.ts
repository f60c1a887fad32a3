import { z } from 'zod'
import { apiKey } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { action } from '../shape/action.ts'
import { fromWebhook } from '../shape/trigger.ts'
import { Settings, slackApprovals } from './approvals/slack-approvals.ts'
import { call, foundAgain, listed, metadataOf, unless } from './methods.ts'
import { blocks, channel, Event, Interaction, Message, ts } from './objects.ts'
import { refusalOf } from './refusals.ts'

const readOnly = { effect: 'read', reads: 'private', sends: 'none', answers: 'untrusted' } as const

/**
 * Slack: messages, threads, people, events, buttons. Declared here and not by the vendor's library: that queues, retries and waits by
 * itself, which the one door of connectors does for all workers.
 * @example
 * import { slack } from 'reeve/connectors/slack'
 *
 * export const chat = slack({ mode: 'sandbox' })
 *
 * // Requests go to a channel, and these people decide there with buttons:
 * export const desk = slack({ name: 'desk', approvals: { channel: '#desk', people: { U0123ABCD: 'ada' } } })
 */
export const slack = connector({
  name: 'slack',
  title: 'Slack',
  version: '1.0.0',
  vendorApi: { version: 'Web API' },
  settings: Settings,
  url: 'https://slack.com/api',
  auth: apiKey({
    label: 'bot token',
    where: 'https://api.slack.com/apps, OAuth & Permissions, Bot User OAuth Token',
    pattern: /^xox[a-z]-[\w-]{10,}$/,
  }),
  health: {
    probe: async (api) => {
      const { json, headers } = await call(api, 'auth.test', {}, true)
      const scopes = headers['x-oauth-scopes']?.split(',').map((scope) => scope.trim())
      return { identity: json.team_id, name: `${json.team} (${json.user})`, ...(scopes && { scopes }) }
    },
  },
  // Slack takes one message a second in a channel, and about 50 reads a minute of a method.
  rate: {
    default: { count: 50, per: '1m' },
    classes: { post: { count: 60, per: '1m' } },
  },
  sandbox: {
    standIn: {
      credential: 'xoxb-stand-in-0000000000',
      webhookSecrets: { event: 'stand-in-signing-secret', interaction: 'stand-in-signing-secret' },
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  refusal: refusalOf,
  responseHeaders: ['x-oauth-scopes'],
  actions: {
    post: action({
      description: 'Post a message into a channel, or with `threadTs` into a thread',
      endpoint: ['POST chat.postMessage', 'POST conversations.history', 'POST conversations.replies'],
      class: 'post',
      scopes: ['chat:write', 'channels:history'],
      input: z.object({
        channel,
        text: z.string().min(1).max(40_000),
        threadTs: ts.optional(),
        /** Block Kit, in the place of the plain text. */
        blocks: blocks.optional(),
      }),
      output: z.object({ channel: z.string(), ts: z.string() }),
      effect: 'verifiable',
      risk: 'medium',
      reads: 'none',
      sends: 'inside',
      directs: ['channel', 'threadTs'],
      run: async ({ channel, text, threadTs, blocks: its }, api) => {
        const { json } = await call(api, 'chat.postMessage', {
          channel,
          text,
          thread_ts: threadTs,
          blocks: its,
          unfurl_links: false,
          unfurl_media: false,
          metadata: metadataOf(api),
        })
        return { channel: json.channel, ts: json.ts }
      },
      verify: async ({ channel, threadTs }, api) => foundAgain(api, channel, threadTs),
      undo: {
        effect: 'idempotent',
        run: async ({ result }, api) => {
          await unless('message_not_found', call(api, 'chat.delete', { ...result }))
        },
      },
    }),
    update: action({
      description: 'Change a message that this app posted',
      endpoint: 'POST chat.update',
      class: 'post',
      scopes: ['chat:write'],
      input: z.object({ channel, ts, text: z.string().min(1).max(40_000), blocks: blocks.optional() }),
      output: z.object({ channel: z.string(), ts: z.string() }),
      effect: 'idempotent',
      keyIn: 'body.ts',
      risk: 'medium',
      reads: 'none',
      sends: 'inside',
      directs: ['channel', 'ts'],
      run: async (args, api) => {
        const { json } = await call(api, 'chat.update', args)
        return { channel: json.channel, ts: json.ts }
      },
    }),
    react: action({
      description: 'Put an emoji to a message',
      endpoint: 'POST reactions.add',
      scopes: ['reactions:write'],
      input: z.object({ channel, ts, name: z.string().regex(/^[\w+'-]{1,100}$/) }),
      output: z.object({ channel: z.string(), ts: z.string() }),
      effect: 'idempotent',
      keyIn: 'body.name',
      risk: 'low',
      reads: 'none',
      sends: 'inside',
      directs: ['channel', 'ts'],
      run: async ({ channel, ts: timestamp, name }, api) => {
        await unless('already_reacted', call(api, 'reactions.add', { channel, timestamp, name }))
        return { channel, ts: timestamp }
      },
      undo: {
        effect: 'idempotent',
        run: async ({ args: { channel, ts: timestamp, name } }, api) => {
          await unless('no_reaction', call(api, 'reactions.remove', { channel, timestamp, name }))
        },
      },
    }),
    thread: action({
      ...readOnly,
      description: 'Read a thread, the oldest message first',
      endpoint: 'POST conversations.replies',
      scopes: ['channels:history'],
      input: z.object({ channel, ts, limit: z.number().int().min(1).max(1_000).default(200) }),
      output: z.array(Message),
      directs: ['channel', 'ts'],
      run: ({ channel, ts, limit }, api) =>
        listed(api, 'conversations.replies', { channel, ts }, 'messages', limit),
    }),
    history: action({
      ...readOnly,
      description: 'Read the messages of a channel, the newest first',
      endpoint: 'POST conversations.history',
      scopes: ['channels:history'],
      input: z.object({
        channel,
        oldest: ts.optional(),
        limit: z.number().int().min(1).max(1_000).default(50),
      }),
      output: z.array(Message),
      directs: ['channel'],
      run: ({ channel, oldest, limit }, api) =>
        listed(api, 'conversations.history', { channel, oldest }, 'messages', limit),
    }),
    channels: action({
      ...readOnly,
      description: 'List the channels that the app sees',
      endpoint: 'POST conversations.list',
      scopes: ['channels:read'],
      input: z.object({ limit: z.number().int().min(1).max(1_000).default(200) }),
      output: z.array(z.object({ id: z.string(), name: z.string(), is_member: z.boolean().optional() })),
      answers: 'trusted',
      run: ({ limit }, api) =>
        listed(api, 'conversations.list', { exclude_archived: true }, 'channels', limit),
    }),
    findPerson: action({
      ...readOnly,
      description: 'Find a person by their e-mail address',
      endpoint: 'GET users.lookupByEmail',
      scopes: ['users:read.email'],
      input: z.object({ email: z.email() }),
      output: z.object({ id: z.string(), name: z.string() }).nullable(),
      directs: ['email'],
      run: async ({ email }, api) => {
        const answer = await unless('users_not_found', api.get('/users.lookupByEmail', { query: { email } }))
        const user = answer?.json.user
        return user ? { id: user.id, name: user.real_name ?? user.name } : null
      },
    }),
  },
  approvals: slackApprovals,
  triggers: {
    event: fromWebhook({
      description: 'Something happened in the workspace: a message, a mention, a reaction',
      signature: 'slack',
      schema: Event,
      how: 'https://api.slack.com/apps, Event Subscriptions: add the address; Basic Information has the signing secret',
      foreign: ({ team_id: team }, { identity }) => foreignTeam(team, identity),
    }),
    interaction: fromWebhook({
      description: 'Somebody pressed a button or sent a form',
      signature: 'slack',
      schema: Interaction,
      how: 'https://api.slack.com/apps, Interactivity & Shortcuts: add the address; Basic Information has the signing secret',
      foreign: ({ payload }, { identity }) => foreignTeam(payload.team?.id, identity),
    }),
  },
})

function foreignTeam(team: string | undefined, identity: string | undefined): string | undefined {
  return team === identity ? undefined : `it is of the workspace ${team}`
}
