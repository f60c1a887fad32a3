import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../src/base/time/time.ts'
import {
  awaitDevice,
  clientToken,
  exchangeCode,
  requestCode,
  requestDevice,
} from '../../src/connectors/auth/flows.ts'
import { openRedirectDoor } from '../../src/connectors/auth/redirect-door.ts'
import type { OAuthSettings } from '../../src/connectors/auth/scheme.ts'
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts'

let server: AuthorizationServer
let oauth: OAuthSettings

const client = { client_id: 'stand-in-client', client_secret: 'stand-in-secret' }
const where = { now: 1_000, isPrivate: true }

beforeAll(async () => {
  server = await startAuthorizationServer()
  const at = (path: string) => `${server.url}${path}`
  oauth = {
    authorize: at('/authorize'),
    token: at('/token'),
    device: at('/device'),
    flows: ['code', 'device', 'client-credentials'],
    scopes: ['tickets'],
  }
})
beforeEach(() => {
  server.person = 'yes'
  server.faults.clear()
})
afterAll(() => server.close())

/** A clock whose pauses are over at once, and what it paused for. */
function hastyClock(): { clock: Clock; pauses: number[] } {
  const pauses: number[] = []
  let now = 1_000
  const after = (ms: number, run: () => void) => {
    pauses.push(ms)
    now += ms
    setImmediate(run)
    return () => {}
  }
  return { clock: { ...systemClock, now: () => now, after } as Clock, pauses }
}

async function inBrowser() {
  const door = await openRedirectDoor(systemClock)
  onTestFinished(() => door.close())
  const request = requestCode(oauth, client, door.uri)
  return { door, request, answer: door.answerTo(request.state) }
}

test('a person says yes in a browser: the code comes back to this machine, and becomes tokens', async () => {
  const { request, answer } = await inBrowser()
  const page = await fetch(request.url)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('go back to the terminal')])
  const credential = await exchangeCode(oauth, client, request, await answer, where)
  expect(server.tokens.standing(String(credential.access_token))).toBe('good')
  expect(credential).toMatchObject({ ...client, expires_at: 1_000 + 3_600_000 })
})

test('another answer than to this request changes nothing, and the right one is still waited for', async () => {
  const { door, request, answer } = await inBrowser()
  const knock = (path: string) => fetch(new URL(path, door.uri)).then(({ status }) => status)
  expect(await knock('/callback?state=of-somebody&code=theirs')).toBe(400)
  expect(await knock('/callback?code=theirs')).toBe(400)
  expect(await knock('/other')).toBe(404)
  await fetch(request.url)
  expect((await exchangeCode(oauth, client, request, await answer, where)).access_token).toBeDefined()
  const theirs = new URLSearchParams({ state: 'of-somebody', code: 'theirs' })
  await expect(exchangeCode(oauth, client, request, theirs, where)).rejects.toThrow(/its state differs/)
})

test('a person who says no is no error of the service', async () => {
  server.person = 'no'
  const { request, answer } = await inBrowser()
  await fetch(request.url)
  await expect(exchangeCode(oauth, client, request, await answer, where)).rejects.toMatchObject({
    code: 'not-connected',
    message: expect.stringContaining('access_denied'),
  })
})

test('a code that somebody else caught is of no use to them, and of none a second time', async () => {
  const { request, answer } = await inBrowser()
  await fetch(request.url)
  const code = await answer
  const thief = requestCode(oauth, client, request.redirectUri)
  const stolen = new URLSearchParams({ state: thief.state, code: code.get('code')! })
  await expect(exchangeCode(oauth, client, thief, stolen, where)).rejects.toThrow('invalid_grant')
  await expect(exchangeCode(oauth, client, request, code, where)).rejects.toThrow('invalid_grant')
})

test('a device waits until its code was typed in elsewhere, as slowly as the service wants', async () => {
  const { clock, pauses } = hastyClock()
  const code = await requestDevice(oauth, client, where)
  expect(code).toMatchObject({ intervalMs: 1_000, verificationUri: `${server.url}/activate` })
  const slow = { status: 400, body: { error: 'slow_down' } }
  const answer = server.tokens.answer.bind(server.tokens)
  let polls = 0
  server.tokens.answer = (request) => {
    if (++polls === 2) return slow
    if (polls === 4) server.tokens.decideDevice(code.userCode, ['tickets'])
    return answer(request)
  }
  onTestFinished(() => void Object.assign(server.tokens, { answer }))
  const credential = await awaitDevice(oauth, client, code, { clock, isPrivate: true })
  expect(server.tokens.standing(String(credential.access_token))).toBe('good')
  expect(pauses).toEqual([1_000, 1_000, 6_000, 6_000])
})

test('a device whose code was denied, or typed in by nobody, is not connected', async () => {
  const denied = await requestDevice(oauth, client, where)
  server.tokens.decideDevice(denied.userCode, 'denied')
  const { clock } = hastyClock()
  const at = { clock, isPrivate: true }
  await expect(awaitDevice(oauth, client, denied, at)).rejects.toThrow('access_denied')
  const forgotten = { ...(await requestDevice(oauth, client, where)), expiresAt: clock.now() + 3_000 }
  await expect(awaitDevice(oauth, client, forgotten, at)).rejects.toThrow('nobody entered the code in time')
})

test.each(['body', 'basic'] as const)('a client signs in by itself (%s)', async (clientAuth) => {
  const credential = await clientToken({ ...oauth, clientAuth }, client, where)
  expect(server.tokens.scopesOf(String(credential.access_token))).toEqual(['tickets'])
  const wrong = { ...client, client_secret: 'another' }
  await expect(clientToken({ ...oauth, clientAuth }, wrong, where)).rejects.toThrow('invalid_client')
})

test('a page for people in the place of tokens or codes is told as what it is', async () => {
  server.faults.add({ kind: 'error-page', status: 200 })
  await expect(requestDevice(oauth, client, where)).rejects.toThrow(/text\/html, and no code/)
  await expect(clientToken(oauth, client, where)).rejects.toMatchObject({ code: 'not-connected' })
})
