import { bearerOf } from '../../src/connectors/stand-in/exchange.ts'
import { type StandIn, type StandInAnswer, startStandIn } from '../../src/connectors/stand-in/index.ts'
import { StandInTokens } from '../../src/connectors/stand-in/tokens.ts'

/** An authorization server on this machine, with one thing behind it that a token opens. */
export interface AuthorizationServer extends StandIn {
  tokens: StandInTokens
  /** What the person says. */
  person: 'yes' | 'no'
}

const scopes = ['tickets']

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  let tokens!: StandInTokens
  const standIn = await startStandIn(({ now }) => {
    tokens = new StandInTokens({ now })
    return {
      name: 'authorization',
      refuse: ({ why }) => ({ status: why === 'not-found' ? 404 : 503, body: { error: why } }),
      routes: {
        'GET /authorize': ({ query }): StandInAnswer => {
          const back = new URL(query.get('redirect_uri')!)
          back.searchParams.set('state', query.get('state')!)
          const challenge = query.get('code_challenge_method') === 'S256' ? query.get('code_challenge') : null
          if (challenge === null) back.searchParams.set('error', 'invalid_request')
          else if (server.person === 'no') back.searchParams.set('error', 'access_denied')
          else back.searchParams.set('code', tokens.issueCode(scopes, challenge, query.get('redirect_uri')!))
          return { status: 302, headers: { location: back.href } }
        },
        'POST /token': (request) => tokens.answer(request),
        'POST /device': () => tokens.startDevice(`${standIn.url}/activate`),
        'GET /me': (request) =>
          tokens.standing(bearerOf(request)) === 'good'
            ? { body: { account: 'desk-1' } }
            : { status: 401, body: { error: 'no such token' } },
      },
    }
  })
  const server: AuthorizationServer = Object.assign(standIn, { tokens, person: 'yes' as const })
  return server
}
