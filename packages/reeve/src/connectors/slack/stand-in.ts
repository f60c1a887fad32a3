import type { SandboxOptions } from '../shape/sandbox.ts'
import { bearerOf, jsonOf, type StandInAnswer, type StandInRoute } from '../stand-in/exchange.ts'
import { KeptState } from '../stand-in/kept.ts'
import type { StandInLimit } from '../stand-in/rate-limit.ts'
import { type StandIn, type StandInServer, startStandIn } from '../stand-in/stand-in.ts'

interface Posted {
  ts: string
  channel: string
  text: string
  user: string
  thread_ts?: string | undefined
  blocks?: unknown
  metadata?: { event_type?: string; event_payload?: { key?: string } } | undefined
  reactions: string[]
}

interface State {
  team: string
  channels: { id: string; name: string; is_member: boolean }[]
  people: { id: string; name: string; real_name: string; email: string }[]
  messages: Posted[]
  /** What only one person sees. */
  whispers?: { channel: string; user: string; text: string }[]
  lastTs: string
}

/** What methods are asked with. */
interface Args {
  channel: string
  ts: string
  timestamp: string
  text: string
  user: string
  name: string
  thread_ts?: string
  blocks?: unknown
  metadata?: Posted['metadata']
  oldest?: string
  limit?: number
  cursor?: string
  include_all_metadata?: boolean
}

/** The stand-in of Slack, with what it knows. */
export interface SlackStandIn extends StandIn {
  state: State
  /** The tokens that it takes, with what each may do; absent scopes: everything. */
  tokens: Map<string, { scopes?: string[] }>
}

const token = 'xoxb-stand-in-0000000000'

/** Starts a stand-in that speaks Slack's wire format: methods by POST, `ok` in every answer, cursors, 429 with `Retry-After`. */
export async function start(options: SandboxOptions & { limit?: StandInLimit } = {}): Promise<SlackStandIn> {
  const kept = new KeptState<State>(options.file, beginning)
  const tokens: SlackStandIn['tokens'] = new Map([[token, {}]])
  const standIn = await startStandIn(
    (server) => ({
      name: 'slack',
      admit: (request) => {
        if (request.path === '/') return undefined
        const known = tokens.get(bearerOf(request))
        if (!known) return no(bearerOf(request) === '' ? 'not_authed' : 'invalid_auth')
        const needed = scopeOf[request.path.slice(1)]
        if (!known.scopes || needed === undefined || known.scopes.includes(needed)) return undefined
        return { body: { ok: false, error: 'missing_scope', needed, provided: known.scopes.join(',') } }
      },
      refuse: (refusal) => {
        if (refusal.why === 'rate-limited')
          return {
            ...no('ratelimited'),
            status: 429,
            headers: { 'retry-after': String(refusal.retryAfterS) },
          }
        if (refusal.why === 'unavailable') return { ...no('internal_error'), status: refusal.status }
        return no(refusal.why === 'unauthorized' ? 'token_revoked' : 'unknown_method')
      },
      headers: (request) => ({
        'x-oauth-scopes': (tokens.get(bearerOf(request))?.scopes ?? Object.values(scopeOf)).join(','),
      }),
      routes: routesOf(kept, server),
    }),
    { port: options.port, now: options.now, limit: options.limit },
  )
  return Object.assign(standIn, { state: kept.state, tokens })
}

const scopeOf: Record<string, string> = {
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.delete': 'chat:write',
  'reactions.add': 'reactions:write',
  'reactions.remove': 'reactions:write',
  'conversations.history': 'channels:history',
  'conversations.replies': 'channels:history',
  'conversations.list': 'channels:read',
  'users.lookupByEmail': 'users:read.email',
}

function routesOf(kept: KeptState<State>, server: StandInServer): Record<string, StandInRoute> {
  const { state } = kept
  const method = (act: (args: Args) => StandInAnswer): StandInRoute => {
    return (request) => act((jsonOf(request) ?? {}) as Args)
  }
  const channelOf = (wanted: string) =>
    state.channels.find(({ id, name }) => id === wanted || `#${name}` === wanted)?.id
  const find = (channel: string, ts: string) =>
    state.messages.find((each) => each.ts === ts && each.channel === channelOf(channel))
  return {
    'GET /': () => ({ body: 'Slack on this machine\n' }),
    'HEAD /': () => ({}),
    'POST /auth.test': () => yes({ team_id: state.team, team: 'Sandbox', user: 'reeve', user_id: 'U0REEVE' }),
    'POST /chat.postMessage': method(({ channel, text, thread_ts, blocks, metadata }) => {
      const id = channelOf(channel)
      if (id === undefined) return no('channel_not_found')
      if (!text && !blocks) return no('no_text')
      const ts = nextTs(state, server.now())
      const its: Posted = {
        ts,
        channel: id,
        text,
        user: 'U0REEVE',
        thread_ts,
        blocks,
        metadata,
        reactions: [],
      }
      state.messages.push(its)
      server.books.record('message-posted', { id: ts, key: its.metadata?.event_payload?.key ?? '' })
      kept.save()
      return yes({ channel: id, ts, message: shown(its, false) })
    }),
    'POST /chat.update': method(({ channel, ts, text, blocks }) => {
      const its = find(channel, ts)
      if (!its) return no('message_not_found')
      Object.assign(its, { text, blocks })
      kept.save()
      return yes({ channel: its.channel, ts, text })
    }),
    'POST /chat.postEphemeral': method(({ channel, user, text }) => {
      const id = channelOf(channel)
      if (id === undefined) return no('channel_not_found')
      state.whispers = [...(state.whispers ?? []), { channel: id, user, text }]
      kept.save()
      return yes({ message_ts: nextTs(state, server.now()) })
    }),
    'POST /chat.delete': method(({ channel, ts }) => {
      const its = find(channel, ts)
      if (!its) return no('message_not_found')
      state.messages.splice(state.messages.indexOf(its), 1)
      server.books.record('message-deleted', { id: ts })
      kept.save()
      return yes({ channel: its.channel, ts })
    }),
    'POST /reactions.add': method(({ channel, timestamp, name }) => {
      const its = find(channel, timestamp)
      if (!its) return no('message_not_found')
      if (its.reactions.includes(name)) return no('already_reacted')
      its.reactions.push(name)
      kept.save()
      return yes({})
    }),
    'POST /reactions.remove': method(({ channel, timestamp, name }) => {
      const its = find(channel, timestamp)
      if (!its?.reactions.includes(name)) return no('no_reaction')
      its.reactions = its.reactions.filter((each) => each !== name)
      kept.save()
      return yes({})
    }),
    'POST /conversations.history': method(({ channel, oldest, include_all_metadata, limit, cursor }) => {
      // By its id alone, as at Slack.
      const id = state.channels.find((each) => each.id === channel)?.id
      if (id === undefined) return no('channel_not_found')
      const its = state.messages.filter((each) => each.channel === id && each.thread_ts === undefined)
      const since = its.filter(({ ts }) => oldest === undefined || ts > oldest).reverse()
      return page(
        'messages',
        since.map((each) => shown(each, include_all_metadata)),
        limit,
        cursor,
      )
    }),
    'POST /conversations.replies': method(({ channel, ts, include_all_metadata, limit, cursor }) => {
      if (!find(channel, ts)) return no('thread_not_found')
      const its = state.messages.filter((each) => each.ts === ts || each.thread_ts === ts)
      return page(
        'messages',
        its.map((each) => shown(each, include_all_metadata)),
        limit,
        cursor,
      )
    }),
    'POST /conversations.list': method(({ limit, cursor }) =>
      page('channels', state.channels, limit, cursor),
    ),
    'GET /users.lookupByEmail': ({ query }) => {
      const user = state.people.find(({ email }) => email === query.get('email'))
      return user ? yes({ user }) : no('users_not_found')
    },
  }
}

/** Metadata is shown to whoever asks for it alone. */
function shown({ metadata, reactions: _reactions, ...message }: Posted, withMetadata = false): object {
  return { type: 'message', ...message, ...(withMetadata && metadata && { metadata }) }
}

function yes(fields: object): StandInAnswer {
  return { body: { ok: true, ...fields } }
}

function no(error: string): StandInAnswer {
  return { body: { ok: false, error } }
}

function page(field: string, all: readonly unknown[], limit = 100, cursor = ''): StandInAnswer {
  const from = cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64').toString())
  const to = from + Math.min(limit, 1_000)
  const next = to < all.length ? Buffer.from(String(to)).toString('base64') : ''
  return yes({
    [field]: all.slice(from, to),
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  })
}

function nextTs(state: State, now: number): string {
  const made = `${Math.floor(now / 1000)}.${String((now % 1000) * 1000).padStart(6, '0')}`
  const [seconds = '', micros = ''] = state.lastTs.split('.')
  state.lastTs = made > state.lastTs ? made : `${seconds}.${String(Number(micros) + 1).padStart(6, '0')}`
  return state.lastTs
}

function beginning(): State {
  return {
    team: 'T0STANDIN',
    channels: [
      { id: 'C0GENERAL', name: 'general', is_member: true },
      { id: 'C0BUGS', name: 'critical-bugs', is_member: true },
    ],
    people: [{ id: 'U0ADA', name: 'ada', real_name: 'Ada Lovelace', email: 'ada@example.com' }],
    messages: [],
    lastTs: '0.000000',
  }
}
