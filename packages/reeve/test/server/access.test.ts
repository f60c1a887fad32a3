import { expect, test } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { idleMs } from '../../src/store/identity/sessions.ts'
import { issueToken } from '../../src/store/identity/tokens.ts'
import { startServer, type TestServer } from './server-harness.ts'

/** A sign-in link of a new owner; answers its code. */
async function linkOf({ internals }: TestServer, expiresInMs = 60_000): Promise<string> {
  const { database, clock, engine } = internals
  const now = clock.now()
  return database.transaction(async (session) => {
    const name = `owner-${engine.services.newId()}`
    const acting = { by: 'test', proof: 'local-user', at: now } as const
    await addPrincipal(session, { name, kind: 'person', role: 'owner' }, acting)
    const token = { id: engine.services.newId(), kind: 'sign-in', principal: name, name: 'link' } as const
    return issueToken(session, { ...token, role: 'owner', expires_at: now + expiresInMs }, acting)
  })
}

function submit(url: string, code: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams({ code })
  return fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual', headers })
}

async function signIn(server: TestServer): Promise<string> {
  const response = await submit(server.url, await linkOf(server))
  return response.headers.get('set-cookie')!.split(';')[0]!
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

test('a link signs in once; looking at it uses nothing up', async () => {
  const server = await startServer()
  const code = await linkOf(server)
  for (let look = 0; look < 3; look++) {
    const page = await fetch(`${server.url}/sign-in?code=${code}`)
    expect(await page.text()).toContain(`value="${code}"`)
  }
  const response = await submit(server.url, code)
  expect(response.status).toBe(303)
  expect(response.headers.get('set-cookie')).toMatch(
    /^reeve_session=reeve_[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  const again = await submit(server.url, code)
  expect([again.status, await codeOf(again)]).toEqual([401, 'sign-in-link-used'])
})

test('of many who use one link at once, one is signed in', async () => {
  const server = await startServer()
  const code = await linkOf(server)
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => submit(server.url, code)))
  expect(all.map(({ status }) => status).sort()).toEqual([303, 401, 401, 401, 401])
})

test('a link whose time is over signs nobody in', async () => {
  const server = await startServer()
  const response = await submit(server.url, await linkOf(server, -1))
  expect([response.status, await codeOf(response)]).toEqual([401, 'sign-in-link-expired'])
})

test('neither tokens nor cookies stand in the database, and a hash of one is none', async () => {
  const server = await startServer()
  const cookie = await signIn(server)
  const token = await server.tokenOf('viewer')
  const { database } = server.internals
  const rows = JSON.stringify([
    await database.all('select * from tokens'),
    await database.all('select * from sessions'),
  ])
  expect(rows).not.toContain(token)
  expect(rows).not.toContain(cookie.split('=')[1])
  const [{ hash } = { hash: '' }] = await database.all<{ hash: string }>('select hash from tokens')
  await expect(createClient({ url: server.url, token: hash }).session()).rejects.toMatchObject({
    status: 401,
  })
})

test('a session writes only with its CSRF token, and ends when it signs out', async () => {
  const server = await startServer()
  const cookie = await signIn(server)
  const { csrfToken } = (await (
    await fetch(`${server.url}/api/session`, { headers: { cookie } })
  ).json()) as { csrfToken: string }
  const start = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/runs`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ workflow: 'await-go' }),
    })
  for (const headers of [{}, { 'x-csrf-token': 'x' }, { 'x-csrf-token': '' }]) {
    const refused = await start(headers as Record<string, string>)
    expect([refused.status, await codeOf(refused)]).toEqual([403, 'csrf-token-missing'])
  }
  expect((await start({ 'x-csrf-token': csrfToken })).status).toBe(202)
  // Answers that hold it are packed: one that stayed the same could be told by their lengths.
  const again = (await (await fetch(`${server.url}/api/session`, { headers: { cookie } })).json()) as {
    csrfToken: string
  }
  expect(again.csrfToken).not.toBe(csrfToken)
  expect((await start({ 'x-csrf-token': again.csrfToken })).status).toBe(202)
  const [nonce] = csrfToken.split('.')
  for (const forged of [`${nonce}.`, `${nonce}.${again.csrfToken.split('.')[1]}`, `x${csrfToken}`])
    expect((await start({ 'x-csrf-token': forged })).status).toBe(403)
  const out = { method: 'POST', headers: { cookie, 'x-csrf-token': csrfToken } }
  expect((await fetch(`${server.url}/sign-out`, out)).status).toBe(204)
  const after = await fetch(`${server.url}/api/session`, { headers: { cookie } })
  expect([after.status, await codeOf(after)]).toEqual([401, 'session-expired'])
})

test('a session that was not used for long is over', async () => {
  const server = await startServer()
  const cookie = await signIn(server)
  await server.internals.database.run('update sessions set expires_at = expires_at - ?', [idleMs])
  const response = await fetch(`${server.url}/api/runs`, { headers: { cookie } })
  expect([response.status, await codeOf(response)]).toEqual([401, 'session-expired'])
})

test('a browser away for an hour goes on where it was while its session lasts; else it is told so, and asks no more', async () => {
  const server = await startServer()
  const cookie = await signIn(server)
  let asked = 0
  const page = createClient({
    url: server.url,
    fetch: (url, init) => {
      asked++
      return fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } })
    },
  })
  let cursor: string | undefined
  const looking = new AbortController()
  const onCursor = (its: string) => {
    cursor = its
    looking.abort()
  }
  await page.follow({ signal: looking.signal, onCursor }, () => {})
  const reeve = await server.as('operator')
  const { id } = await reeve.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'greet', input: { name: 'meanwhile' } },
  })
  const back = new AbortController()
  const heard: string[] = []
  await page.follow({ signal: back.signal, after: cursor! }, ({ runId }) => {
    heard.push(runId)
    back.abort()
  })
  expect(new Set(heard)).toEqual(new Set([id]))

  await server.internals.database.run('update sessions set expires_at = expires_at - ?', [idleMs])
  asked = 0
  const late = page.follow({ signal: new AbortController().signal, after: cursor! }, () => {})
  await expect(late).rejects.toMatchObject({ code: 'session-expired', status: 401 })
  expect(asked).toBe(1)
})

test('a token counts no more from the moment it is revoked, expires, or loses its principal', async () => {
  const server = await startServer()
  const owner = await server.as('owner')
  await owner.principals.add({ body: { name: 'bot', kind: 'service', role: 'operator' } })
  const made = await owner.tokens.create({ body: { name: 'ci', principal: 'bot', role: 'approver' } })
  const bot = createClient({ url: server.url, token: made.token! })
  expect(await bot.session()).toMatchObject({ principal: 'bot', role: 'approver' })
  await owner.principals.change({ params: { principal: 'bot' }, body: { role: 'viewer' } })
  expect(await bot.session()).toMatchObject({ role: 'viewer' })
  expect(await owner.tokens.revoke({ params: { token: made.id } })).toMatchObject({
    revokedAt: expect.any(String),
  })
  await expect(bot.runs.list()).rejects.toMatchObject({ code: 'token-revoked', status: 401 })

  const short = await owner.tokens.create({
    body: { name: 'short', principal: 'bot', role: 'viewer', expiresIn: '0s' },
  })
  const late = createClient({ url: server.url, token: short.token! })
  await expect(late.runs.list()).rejects.toMatchObject({ code: 'token-expired', status: 401 })

  const left = await owner.tokens.create({ body: { name: 'left', principal: 'bot', role: 'viewer' } })
  await owner.principals.remove({ params: { principal: 'bot' } })
  const orphan = createClient({ url: server.url, token: left.token! })
  await expect(orphan.runs.list()).rejects.toMatchObject({ status: 401 })
  const again = owner.principals.add({ body: { name: 'bot', kind: 'service', role: 'viewer' } })
  await expect(again).rejects.toMatchObject({ code: 'principal-exists', status: 409 })
})

test('a token is told once: who repeats the request hears of it without it', async () => {
  const owner = await (await startServer()).as('owner')
  const request = { body: { name: 'ci' }, idempotencyKey: 'k' }
  const made = await owner.tokens.create(request)
  const again = await owner.tokens.create(request)
  expect(again).toEqual({ ...made, token: null })
  expect((await owner.tokens.list()).items.filter(({ name }) => name === 'ci')).toHaveLength(1)
})

test.each([
  ['viewer', 403, 403, 404],
  ['approver', 422, 403, 404],
  ['operator', 422, 202, 404],
  ['owner', 422, 202, 200],
] as const)('what a %s may do', async (role, decides, starts, principals) => {
  const server = await startServer()
  const operator = await server.as('operator')
  await operator.runs.start({ query: { wait: '20s' }, body: { workflow: 'decide', input: { what: 'x' } } })
  const [asked] = (await operator.approvals.list()).items
  const authorization = `Bearer ${await server.tokenOf(role)}`
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    return (await fetch(server.url + path, init)).status
  }
  // An answer does not fit an approval: who may decide is told that, and nothing is decided.
  const decision = { verdict: 'answer', answer: 1, hash: asked!.hash }
  expect(await ask('POST', `/api/approvals/${asked!.id}/decide`, decision)).toBe(decides)
  expect(await ask('POST', '/api/runs', { workflow: 'await-go' })).toBe(starts)
  expect(await ask('GET', '/api/principals')).toBe(principals)
  expect(await ask('GET', '/api/runs')).toBe(200)
})

test("nobody hands out more than they may, in another's name, or sees the tokens of others", async () => {
  const server = await startServer()
  const operator = await server.as('operator')
  const owner = await server.as('owner')
  const more = operator.tokens.create({ body: { name: 'x', role: 'owner' } })
  await expect(more).rejects.toMatchObject({ code: 'role-too-low' })
  const { principal } = await owner.session()
  const others = operator.tokens.create({ body: { name: 'x', principal, role: 'viewer' } })
  await expect(others).rejects.toMatchObject({ code: 'role-too-low' })
  const made = await owner.tokens.create({ body: { name: 'mine' } })
  const foreign = operator.tokens.revoke({ params: { token: made.id } })
  await expect(foreign).rejects.toMatchObject({ code: 'unknown-token', status: 404 })
  expect((await operator.tokens.list()).items.map(({ name }) => name)).toEqual(['test'])
})

test('the last owner can neither be removed nor lose the role', async () => {
  const owner = await (await startServer()).as('owner')
  const { principal } = await owner.session()
  const gone = owner.principals.remove({ params: { principal } })
  await expect(gone).rejects.toMatchObject({ code: 'last-owner', status: 409 })
  const lower = owner.principals.change({ params: { principal }, body: { role: 'viewer' } })
  await expect(lower).rejects.toMatchObject({ code: 'last-owner' })
})

test('an address whose credentials are not known is soon not listened to, and others are', async () => {
  const server = await startServer({ serve: { limits: { guessesPerMinute: 3 } } })
  const guess = () =>
    fetch(`${server.url}/api/runs`, { headers: { authorization: 'Bearer guess' } }).then(
      ({ status }) => status,
    )
  const statuses = []
  for (let count = 0; count < 6; count++) statuses.push(await guess())
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429])
  const response = await fetch(`${server.url}/api/runs`, { headers: { authorization: 'Bearer guess' } })
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('who asks too often is told when to ask again', async () => {
  const server = await startServer({ serve: { limits: { requestsPerMinute: 2 } } })
  const viewer = await server.as('viewer')
  await viewer.runs.list()
  await viewer.runs.list()
  await expect(viewer.runs.list()).rejects.toMatchObject({
    code: 'too-many-requests',
    status: 429,
    retryable: true,
  })
})
