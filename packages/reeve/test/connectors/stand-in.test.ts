import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { bearerOf, formOf, jsonOf, type StandInRequest } from '../../src/connectors/stand-in/exchange.ts'
import type { Fault } from '../../src/connectors/stand-in/faults.ts'
import { KeyedAnswers } from '../../src/connectors/stand-in/keyed-answers.ts'
import { postEvents } from '../../src/connectors/stand-in/posting.ts'
import { type StandIn, type StandInOptions, startStandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { StandInTokens, type StandInTokensOptions } from '../../src/connectors/stand-in/tokens.ts'
import { schemeOf } from '../../src/triggers/signatures/schemes.ts'

const start = 1_800_000_000_000

/** A service with notes, which are made once for each key. */
async function notes(options: StandInOptions = {}): Promise<StandIn & { tokens: StandInTokens }> {
  const keyed = new KeyedAnswers()
  let tokens!: StandInTokens
  const standIn = await startStandIn(
    ({ books, now }) => {
      tokens = new StandInTokens({ now })
      return {
        name: 'notes',
        admit: (request) => {
          const standing = tokens.standing(bearerOf(request))
          return standing === 'good' ? undefined : { status: 401, body: { error: standing } }
        },
        accountOf: bearerOf,
        refuse: (refusal) =>
          refusal.why === 'rate-limited'
            ? {
                status: 429,
                headers: { 'retry-after': String(refusal.retryAfterS) },
                body: { error: refusal.why },
              }
            : { status: refusal.why === 'unavailable' ? refusal.status : 404, body: { error: refusal.why } },
        headers: (_request, rate) => ({ 'x-remaining': String(rate?.remaining) }),
        routes: {
          'GET /notes/:id': ({ params }) => ({ body: { id: params.id, note: { id: 1 } } }),
          'GET /files/*path': ({ params }) => ({ body: params.path }),
          'POST /notes': (request) => {
            const key = request.headers['idempotency-key'] ?? ''
            const standing = keyed.look(key, request)
            if (standing.is === 'same') return standing.answer
            if (standing.is === 'other') return { status: 409, body: { error: 'key-reused' } }
            books.record('note-made', { key })
            const answer = { status: 201, body: { note: jsonOf(request), form: formOf(request).size } }
            keyed.keep(key, request, answer)
            return answer
          },
        },
      }
    },
    { now: () => start, ...options },
  )
  onTestFinished(() => standIn.close())
  return Object.assign(standIn, { tokens })
}

async function ask(standIn: StandIn, path: string, token: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) }
  const answer = await fetch(`${standIn.url}${path}`, { ...init, headers })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const post = (key: string, body = '{"text":"a"}') => ({
  method: 'POST',
  headers: { 'idempotency-key': key },
  body,
})

test('a stand-in routes, names parts of paths, and tells its own time', async () => {
  const standIn = await notes()
  const { accessToken } = standIn.tokens.issue()
  expect(JSON.parse((await ask(standIn, '/notes/a%2Fb?x=1', accessToken)).text).id).toBe('a/b')
  expect((await ask(standIn, '/files/one/two.txt', accessToken)).text).toBe('one/two.txt')
  expect((await ask(standIn, '/nothing', accessToken)).status).toBe(404)
  standIn.skewMs = 600_000
  const { headers } = await ask(standIn, '/notes/1', accessToken)
  expect(headers.get('date')).toBe(new Date(start + 600_000).toUTCString())
  const [first] = standIn.requests
  expect({ route: first?.route, x: first?.query.get('x') }).toEqual({ route: 'GET /notes/:id', x: '1' })
})

test('what is done once for a key stands in the books once, what is done twice twice', async () => {
  const standIn = await notes()
  const { accessToken } = standIn.tokens.issue()
  for (const key of ['a', 'a', 'b']) await ask(standIn, '/notes', accessToken, post(key))
  expect([standIn.books.count('note-made'), standIn.books.doubled()]).toEqual([2, []])
  expect((await ask(standIn, '/notes', accessToken, post('a', '{}'))).status).toBe(409)
  standIn.books.record('note-made', { key: 'a' })
  expect(standIn.books.doubled()).toEqual([{ what: 'note-made', key: 'a', times: 2 }])
})

const faults: [Fault, number | 'broken', number][] = [
  [{ kind: 'rate-limited', retryAfterS: 7 }, 429, 0],
  [{ kind: 'server-error', status: 500 }, 500, 0],
  [{ kind: 'error-page', status: 502 }, 502, 0],
  [{ kind: 'unauthorized' }, 404, 0],
  [{ kind: 'lost-answer' }, 'broken', 1],
]

test.each(faults)('the fault %o gives %s, after %i deeds', async (fault, status, deeds) => {
  const standIn = await notes()
  const { accessToken } = standIn.tokens.issue()
  standIn.faults.add({ ...fault, times: 1, on: 'POST /notes' })
  expect((await ask(standIn, '/notes/1', accessToken)).status).toBe(200)
  const met = await ask(standIn, '/notes', accessToken, post('a')).catch(() => 'broken' as const)
  expect(met === 'broken' ? met : met.status).toBe(status)
  if (met !== 'broken' && status === 429) expect(met.headers.get('retry-after')).toBe('7')
  if (met !== 'broken' && status === 502) expect(met.text).toContain('<html>')
  expect(standIn.books.count('note-made')).toBe(deeds)
  expect((await ask(standIn, '/notes', accessToken, post('a'))).status).toBe(201)
  expect(standIn.books.doubled()).toEqual([])
})

test.each(['no-answer', 'lost-answer'] as const)(
  'the fault %s is silent until the caller gives up',
  async (kind) => {
    const standIn = await notes()
    const { accessToken } = standIn.tokens.issue()
    standIn.faults.add({ kind, how: 'silence', times: 1 })
    const giveUp = new AbortController()
    const asked = ask(standIn, '/notes', accessToken, { ...post('a'), signal: giveUp.signal })
    const came = async (): Promise<void> => {
      if (standIn.requests.length > 0) return
      await new Promise((resolve) => setImmediate(resolve))
      return came()
    }
    await came()
    giveUp.abort()
    await expect(asked).rejects.toThrow('aborted')
    expect(standIn.books.count('note-made')).toBe(kind === 'lost-answer' ? 1 : 0)
  },
)

test('a field is renamed or gone wherever it stands, until the switch is off', async () => {
  const standIn = await notes()
  const { accessToken } = standIn.tokens.issue()
  const off = standIn.faults.add({ kind: 'changed-field', field: 'id', as: 'number' })
  expect(JSON.parse((await ask(standIn, '/notes/7', accessToken)).text)).toEqual({
    number: '7',
    note: { number: 1 },
  })
  off()
  standIn.faults.add({ kind: 'changed-field', field: 'id' })
  expect(JSON.parse((await ask(standIn, '/notes/7', accessToken)).text)).toEqual({ note: {} })
  standIn.faults.clear()
  expect(JSON.parse((await ask(standIn, '/notes/7', accessToken)).text).id).toBe('7')
})

test('each account has its own limit, which ends with its window', async () => {
  let now = start
  const standIn = await notes({ now: () => now, limit: { count: 2, perMs: 10_000 } })
  const [ann, ben] = [standIn.tokens.issue().accessToken, standIn.tokens.issue().accessToken]
  const statuses: number[] = []
  for (const token of [ann, ann, ann, ben]) statuses.push((await ask(standIn, '/notes/1', token)).status)
  expect(statuses).toEqual([200, 200, 429, 200])
  expect(standIn.busiest()).toBe(3)
  now += 10_000
  const { status, headers } = await ask(standIn, '/notes/1', ann)
  expect([status, headers.get('x-remaining')]).toEqual([200, '1'])
})

function tokensOf(options: Partial<StandInTokensOptions> = {}) {
  const tokens = new StandInTokens({ now: () => start, ...options })
  const fill = (form: Record<string, string>, headers: Record<string, string> = {}) => {
    const client = { client_id: 'stand-in-client', client_secret: options.clientSecret ?? 'stand-in-secret' }
    const body = Buffer.from(new URLSearchParams({ ...client, ...form }).toString())
    return tokens.answer({ body, headers } as StandInRequest)
  }
  return { tokens, fill, given: (form: Record<string, string>) => fill(form).body as Record<string, string> }
}

test('a refresh token is spent once; a second refresh with it ends the connection', () => {
  const { tokens, given } = tokensOf()
  const first = tokens.issue(['read'])
  tokens.expireAll()
  expect(tokens.standing(first.accessToken)).toBe('expired')
  const again = given({ grant_type: 'refresh_token', refresh_token: first.refreshToken })
  expect(tokens.scopesOf(again.access_token!)).toEqual(['read'])
  expect(given({ grant_type: 'refresh_token', refresh_token: first.refreshToken }).error).toBe(
    'invalid_grant',
  )
  expect(tokens.standing(again.access_token!)).toBe('revoked')
  expect(given({ grant_type: 'refresh_token', refresh_token: again.refresh_token! }).error).toBe(
    'invalid_grant',
  )
  expect(tokens.refreshes).toBe(1)
})

test('a refresh token that does not rotate stays good until the consent is taken back', () => {
  const { tokens, given } = tokensOf({ rotates: false })
  const { refreshToken } = tokens.issue()
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
  expect([given(form).refresh_token, typeof given(form).access_token]).toEqual([undefined, 'string'])
  tokens.revokeAll()
  expect(given(form).error).toBe('invalid_grant')
})

test('a code is good once, for whoever began with its challenge', () => {
  const { tokens, given, fill } = tokensOf()
  const verifier = 'v'.repeat(43)
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const form = (code: string, code_verifier: string) => ({
    grant_type: 'authorization_code',
    code,
    code_verifier,
  })
  expect(given(form(tokens.issueCode([], challenge), 'other')).error).toBe('invalid_grant')
  const code = tokens.issueCode(['write'], challenge)
  expect(given(form(code, verifier)).scope).toBe('write')
  expect(given(form(code, verifier)).error).toBe('invalid_grant')
  expect(fill({ client_secret: 'wrong', grant_type: 'refresh_token' }).status).toBe(401)
  expect(given({ grant_type: 'password' }).error).toBe('unsupported_grant_type')
})

test('a device waits for its person; client credentials give no refresh token', () => {
  const { tokens, given } = tokensOf()
  const start = () => tokens.startDevice('http://x.example/device').body as Record<string, string>
  const poll = (device_code: string) =>
    given({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code })
  const [first, second] = [start(), start()]
  expect(poll(first.device_code!).error).toBe('authorization_pending')
  tokens.decideDevice(first.user_code!, ['read'])
  tokens.decideDevice(second.user_code!, 'denied')
  expect(poll(first.device_code!).scope).toBe('read')
  expect(poll(second.device_code!).error).toBe('access_denied')
  const own = given({ grant_type: 'client_credentials', scope: 'a b' })
  expect([tokens.scopesOf(own.access_token!), own.refresh_token]).toEqual([['a', 'b'], undefined])
})

test('events are posted signed at the skewed time, twice or the last one first where faults say so', async () => {
  const came: StandInRequest[] = []
  const door = await startStandIn(() => ({
    name: 'door',
    refuse: () => ({ status: 404 }),
    routes: {
      'POST /hooks/notes': (request) => {
        came.push(request)
        return { status: 202 }
      },
    },
  }))
  onTestFinished(() => door.close())
  const standIn = await notes()
  standIn.skewMs = -3_600_000
  standIn.faults.add({ kind: 'duplicate-events', times: 1 })
  standIn.faults.add({ kind: 'reordered-events', times: 1 })
  const secret = 'a-secret-of-the-door'
  const events = [
    { id: 'one', body: '{"id":"1"}' },
    { id: 'two', body: '{"id":"2"}' },
  ]
  const statuses = await postEvents(standIn, `${door.url}/hooks/notes`, events, (body, sentAt, id) =>
    schemeOf('stripe').sign(secret, body, sentAt, id),
  )
  expect(statuses).toEqual([202, 202, 202, 202])
  expect(came.map(({ body }) => body.toString())).toEqual([
    '{"id":"2"}',
    '{"id":"2"}',
    '{"id":"1"}',
    '{"id":"1"}',
  ])
  const signed = schemeOf('stripe').read((name) => came[0]!.headers[name])
  expect([signed.sentAt, signed.isBy(secret, came[0]!.body)]).toEqual([(start - 3_600_000) / 1000, true])
})
