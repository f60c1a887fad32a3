import {
  bearerOf,
  jsonOf,
  KeptState,
  type StandIn,
  startStandIn,
} from '../../../../src/connectors/stand-in/index.ts'
import { StandInTokens } from '../../../../src/connectors/stand-in/tokens.ts'

export interface TicketStandIn extends StandIn {
  tokens: StandInTokens
}

export async function start(
  options: {
    file?: string | undefined
    port?: number | undefined
    now?: () => number
    limit?: { count: number; perMs: number }
  } = {},
): Promise<TicketStandIn> {
  const kept = new KeptState(options.file, () => ({
    tickets: [{ id: 't1', subject: 'Broken', status: 'open' }],
    replies: 0,
  }))
  let tokens!: StandInTokens
  const standIn = await startStandIn(
    ({ books, now }) => {
      tokens = new StandInTokens({ now, clientSecret: '' })
      return {
        name: 'tickets',
        admit: (request) =>
          request.path === '/oauth/token' || tokens.standing(bearerOf(request)) === 'good'
            ? undefined
            : { status: 401, body: { error: { code: 'bad_token', message: 'no such token' } } },
        refuse: (refusal) => {
          if (refusal.why === 'rate-limited')
            return {
              status: 429,
              headers: { 'retry-after': String(refusal.retryAfterS) },
              body: { error: 'too many' },
            }
          const status =
            refusal.why === 'unavailable' ? refusal.status : refusal.why === 'unauthorized' ? 401 : 404
          return { status, body: { error: refusal.why } }
        },
        headers: (_request, rate): Record<string, string> =>
          rate
            ? {
                'x-ratelimit-limit': String(rate.limit),
                'x-ratelimit-remaining': String(rate.remaining),
                'x-ratelimit-reset': String(Math.max(0, (rate.resetAt - now()) / 1000)),
              }
            : {},
        routes: {
          'POST /oauth/token': (request) => tokens.answer(request),
          'GET /me': () => ({ body: { account: 'desk-1' } }),
          'GET /tickets': () => ({ body: { tickets: kept.state.tickets, last: 't1' } }),
          'GET /tickets/:id': ({ params }) => {
            const ticket = kept.state.tickets.find(({ id }) => id === params.id)
            return ticket ? { body: ticket } : { status: 404, body: { error: 'no such ticket' } }
          },
          'POST /tickets/:id/replies': (request) => {
            const key = request.headers['idempotency-key'] ?? ''
            const known = kept.look(key, request)
            if (known.is === 'same') return known.answer
            if (known.is === 'other') return { status: 409, body: { error: 'another request had this key' } }
            kept.state.replies++
            const answer = { body: { id: `r${kept.state.replies}`, ...(jsonOf(request) as object) } }
            books.record('replied', { key, id: answer.body.id })
            kept.keep(key, request, answer)
            kept.save()
            return answer
          },
        },
      }
    },
    {
      ...(options.port !== undefined && { port: options.port }),
      ...(options.now && { now: options.now }),
      ...(options.limit && { limit: options.limit }),
    },
  )
  return Object.assign(standIn, { tokens })
}
