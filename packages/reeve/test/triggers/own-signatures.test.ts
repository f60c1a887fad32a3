import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { sampleFor } from '../../src/triggers/sample.ts'
import { type HmacSignature, ownHmac } from '../../src/triggers/signatures/own-hmac.ts'
import { type WebhookTrigger, webhook } from '../../src/triggers/webhook.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'

const at = 1_785_000_000
const [secret, next] = ['a-secret-that-is-long-enough', 'the-one-that-takes-its-place']
const variables = { SHOP_SECRET: secret, SHOP_NEXT: next, WEAK: 'short' }

/** Signed with a time, named by a field. */
const shop: HmacSignature = {
  header: 'X-Shop-Signature',
  prefix: 'sha256=',
  timestamp: { header: 'X-Shop-Time' },
  id: { field: 'event_id' },
}

const seen: Record<string, string>[] = []
const open = (signature: HmacSignature, secrets = ['SHOP_SECRET', 'SHOP_NEXT']): Promise<TestServer> => {
  const flow = workflow({
    name: 'order',
    input: z.record(z.string(), z.json()),
    on: [
      webhook({
        name: 'shop',
        signature,
        secret: secrets,
        input: ({ body, headers }) => {
          seen.push({ ...headers })
          return body as Record<string, z.core.util.JSONType>
        },
      }),
    ],
    run: async (_, input) => input,
  })
  const clock = new FakeClock(at * 1000)
  return startServer({ workflows: [flow] as unknown as Workflow[], variables, clock })
}

interface Answer {
  status: number
  body: { runId?: string | null; isRepeat?: boolean; code?: string; detail?: string }
}

async function post(server: TestServer, body: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${server.url}/hooks/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const hexOf = (text: string, key = secret) => createHmac('sha256', key).update(text).digest('hex')
const signed = (body: string, { key = secret, time = at } = {}) => ({
  'x-shop-time': String(time),
  'x-shop-signature': `sha256=${hexOf(`${time}.${body}`, key)}`,
})

describe('an HMAC of the sender’s own', () => {
  test('starts one run for each delivery, however often it comes and with whichever of the secrets', async () => {
    const server = await open(shop)
    const body = '{"event_id":"e-1","order":"A-1"}'
    const first = await post(server, body, signed(body))
    expect(first).toMatchObject({ status: 202, body: { isRepeat: false } })
    const same = { status: 200, body: { runId: first.body.runId, isRepeat: true } }
    expect(await post(server, body, signed(body))).toMatchObject(same)
    // Sent again, as services do: at another time, with the secret that comes next.
    expect(await post(server, body, signed(body, { key: next, time: at + 60 }))).toMatchObject(same)
    const both = signed(body)
    const several = `sha256=${'0'.repeat(64)}, ${both['x-shop-signature']}`
    expect(await post(server, body, { ...both, 'x-shop-signature': several })).toMatchObject(same)
    const copies = '{"event_id":2}'
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(server, copies, signed(copies))))
    expect(new Set(answers.map(({ body: { runId } }) => runId)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  })

  test('refuses what is forged, of another time, or not signed, and reads nothing of it', async () => {
    const server = await open(shop)
    const body = '{"event_id":"e-1"}'
    const good = signed(body)
    const cases: [string, Record<string, string>, string][] = [
      // The same JSON in other bytes.
      ['{ "event_id":"e-1"}', good, 'webhook-forged'],
      [body, signed(body, { key: 'a-secret-of-somebody-else' }), 'webhook-forged'],
      // An old delivery under a new time.
      [body, { ...good, 'x-shop-time': String(at + 1) }, 'webhook-forged'],
      [body, { ...good, 'x-shop-signature': `sha256=${hexOf(body)}` }, 'webhook-forged'],
      [body, { ...good, 'x-shop-signature': good['x-shop-signature'].slice(0, -2) }, 'webhook-forged'],
      [body, signed(body, { time: at - 301 }), 'webhook-stale'],
      [body, signed(body, { time: at + 301 }), 'webhook-stale'],
      [body, { 'x-shop-time': String(at) }, 'webhook-unsigned'],
      [body, { 'x-shop-signature': good['x-shop-signature'] }, 'webhook-unsigned'],
      [body, { ...good, 'x-shop-signature': hexOf(`${at}.${body}`) }, 'webhook-unsigned'],
      [body, { ...good, 'x-shop-signature': `sha512=${hexOf(`${at}.${body}`)}` }, 'webhook-unsigned'],
      [body, { ...good, 'x-shop-signature': 'sha256=' }, 'webhook-unsigned'],
      [body, { ...good, 'x-shop-signature': 'sha256=not hexadecimal' }, 'webhook-unsigned'],
      ...['soon', '-1', '1e9', `0${at}`, '', `${at}.0`, '99999999999999999999'].map(
        (time) =>
          [body, { ...good, 'x-shop-time': time }, 'webhook-unsigned'] as [
            string,
            Record<string, string>,
            string,
          ],
      ),
    ]
    for (const [sent, headers, code] of cases)
      expect([code, headers, await post(server, sent, headers)]).toMatchObject([
        code,
        headers,
        { status: 401, body: { code } },
      ])
    expect((await server.runtime.listRuns()).runs).toEqual([])
  })

  test.each([['NOT_SET'], ['WEAK']])('with no secret but %s the door stays shut', async (name) => {
    const server = await open(shop, [name])
    const body = '{"event_id":"e-1"}'
    expect(await post(server, body, signed(body))).toMatchObject({
      status: 503,
      body: { code: 'webhook-closed' },
    })
  })

  test('without a name each body is a delivery, with a time each body at its time', async () => {
    const bare = await open({ header: 'x-shop-signature' })
    const body = '{"order":"A-1"}'
    const first = await post(bare, body, { 'x-shop-signature': hexOf(body) })
    expect(first.status).toBe(202)
    expect(await post(bare, body, { 'x-shop-signature': hexOf(body) })).toMatchObject({
      status: 200,
      body: { runId: first.body.runId },
    })
    const timed = await open({
      header: 'x-shop-signature',
      prefix: 'sha256=',
      timestamp: { header: 'x-shop-time' },
    })
    expect((await post(timed, body, signed(body))).status).toBe(202)
    expect((await post(timed, body, signed(body))).status).toBe(200)
    expect((await post(timed, body, signed(body, { time: at + 1 }))).status).toBe(202)
  })

  test('a header names the delivery only as far as it is signed', async () => {
    const server = await open({ header: 'x-shop-signature', id: { header: 'x-shop-id' } })
    const body = '{"order":"A-1"}'
    const headers = (id: string, of = id) => ({ 'x-shop-id': id, 'x-shop-signature': hexOf(`${of}.${body}`) })
    expect((await post(server, body, headers('d-1'))).status).toBe(202)
    expect((await post(server, body, headers('d-1'))).status).toBe(200)
    expect((await post(server, body, headers('d-2'))).status).toBe(202)
    expect(await post(server, body, headers('d-3', 'd-1'))).toMatchObject({
      body: { code: 'webhook-forged' },
    })
    for (const id of ['d.3', 'd 3', ''])
      expect(await post(server, body, headers(id))).toMatchObject({ body: { code: 'webhook-unsigned' } })
  })

  test('what mappings get has no signature', async () => {
    const server = await open({ header: 'X-Shop-Hmac' })
    seen.length = 0
    expect((await post(server, '{}', { 'x-shop-hmac': hexOf('{}'), 'x-kept': 'y' })).status).toBe(202)
    expect(seen).toEqual([expect.objectContaining({ 'x-kept': 'y' })])
    expect(seen[0]).not.toHaveProperty('x-shop-hmac')
  })
})

describe('known answers', () => {
  const proves = (signature: HmacSignature, key: string, headers: Record<string, string>, body: string) =>
    ownHmac(signature)
      .read((name) => headers[name.toLowerCase()])
      .isBy(key, Buffer.from(body))

  /** Keys and data of RFC 4231 (test case 2) and RFC 2202. */
  test.each([
    ['sha1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'sha384',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    ],
    [
      'sha512',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ] as const)('%s', (algorithm, hex) => {
    const data = 'what do ya want for nothing?'
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const signature = { header: 'x-s', algorithm, encoding }
      const given = Buffer.from(hex, 'hex').toString(encoding)
      expect(proves(signature, 'Jefe', { 'x-s': given }, data)).toBe(true)
      expect(proves(signature, 'Jeff', { 'x-s': given }, data)).toBe(false)
    }
    for (const key of ['hex', 'base64'] as const)
      expect(
        proves({ header: 'x-s', algorithm, key }, Buffer.from('Jefe').toString(key), { 'x-s': hex }, data),
      ).toBe(true)
  })

  test('what Slack and GitHub document can be declared', () => {
    const slack: HmacSignature = {
      ...{ header: 'X-Slack-Signature', prefix: 'v0=', signs: 'v0:{timestamp}:{body}' },
      timestamp: { header: 'X-Slack-Request-Timestamp' },
    }
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    }
    expect(proves(slack, '8f742231b10e8888abcd99yyyzzz85a5', headers, body)).toBe(true)
    expect(
      proves(
        { header: 'X-Hub-Signature-256', prefix: 'sha256=' },
        "It's a Secret to Everybody",
        {
          'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
        },
        'Hello, World!',
      ),
    ).toBe(true)
  })
})

test('whatever is declared: a sample is taken, and no part of it may change', () => {
  const declared = fc.record(
    {
      header: fc.constant('X-Own'),
      algorithm: fc.constantFrom('sha1', 'sha256', 'sha384', 'sha512'),
      encoding: fc.constantFrom('hex', 'base64', 'base64url'),
      prefix: fc.constantFrom('', 'v1=', 'HMAC '),
      key: fc.constantFrom('text', 'hex', 'base64'),
      timestamp: fc.record({ header: fc.constant('X-Time'), unit: fc.constantFrom('s', 'ms', 'iso') }),
      id: fc.constantFrom({ header: 'X-Id' }, { field: 'id' }),
    },
    { requiredKeys: ['header'] },
  )
  const key = Buffer.alloc(32, 5)
  fc.assert(
    fc.property(declared, fc.nat(), (drawn, place) => {
      const signature = drawn as HmacSignature
      const trigger = webhook({ signature, secret: 'OWN' }) as WebhookTrigger
      const own = key.toString(
        signature.key === undefined || signature.key === 'text' ? 'hex' : signature.key,
      )
      const sample = sampleFor(
        { name: 'own', workflow: 'own', trigger },
        { vault: undefined, variables: { OWN: own } },
        { id: 'd-1', now: at * 1000 },
      )
      const headers = Object.fromEntries(
        Object.entries(sample.headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      const read = (given: Record<string, string | undefined>, body = sample.body) => {
        const told = ownHmac(signature).read((name) => given[name.toLowerCase()])
        return { sentAt: told.sentAt, isProved: told.isBy(own, body), named: told.deliveryOf(body) }
      }
      const told = read(headers)
      expect(told).toMatchObject({ isProved: true, sentAt: signature.timestamp && at })
      if (signature.id) expect(told.named).toBe('d-1')
      const body = Buffer.from(sample.body)
      body[place % body.length]! ^= 1
      expect(read(headers, body).isProved).toBe(false)
      for (const [name, other] of [
        ['x-time', { s: String(at + 1), ms: String(at * 1000 + 1), iso: '2026-07-25T17:20:01Z' }],
        ['x-id', 'd-2'],
      ] as const)
        if (headers[name] !== undefined) {
          const changed = typeof other === 'string' ? other : other[signature.timestamp?.unit ?? 's']
          expect(changed).not.toBe(headers[name])
          expect(read({ ...headers, [name]: changed }).isProved).toBe(false)
        }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['s', [`0${at}`, `${at}000000`, '1.5', ' ']],
  ['ms', [`0${at}000`, '1.7e12', '1e12']],
  ['iso', [String(at), '2026-07-25 17:20:00Z', '2026-13-25T17:20:00Z', '2026-07-25T17:20:00+02:00']],
] as const)('in the unit %s each time is written in one way', (unit, texts) => {
  const scheme = ownHmac({ header: 'x-s', timestamp: { header: 'x-t', unit } })
  for (const text of texts)
    expect(() => scheme.read((name) => (name === 'x-t' ? text : 'ab'))).toThrow(
      expect.objectContaining({
        code: 'webhook-unsigned',
        message: expect.stringContaining('x-t is not a time'),
      }),
    )
})

test.each<[string, unknown, RegExp]>([
  ['no header', {}, /`header`.*is missing/],
  ['a header that is none', { header: 'x y' }, /names the header "x y"/],
  [
    'a misspelt option',
    { header: 'x-s', timestmp: { header: 'x-t' } },
    /`timestmp`, which does not exist.*timestamp/,
  ],
  ['an algorithm that proves nothing', { header: 'x-s', algorithm: 'md5' }, /`algorithm` "md5".*sha256/],
  ['an encoding that is none', { header: 'x-s', encoding: 'binary' }, /`encoding` "binary"/],
  ['a key that is none', { header: 'x-s', key: 'pem' }, /`key` "pem"/],
  [
    'a unit that is none',
    { header: 'x-s', timestamp: { header: 'x-t', unit: 'min' } },
    /`timestamp.unit` "min"/,
  ],
  ['a time without a header', { header: 'x-s', timestamp: {} }, /names the header undefined/],
  ['a prefix with a comma', { header: 'x-s', prefix: 'v1,' }, /`prefix` "v1,"/],
  ['one header for two', { header: 'x-s', timestamp: { header: 'X-S' } }, /names one header twice/],
  [
    'a time that is not signed',
    { header: 'x-s', timestamp: { header: 'x-t' }, signs: '{body}' },
    /\{timestamp\} must stand once/,
  ],
  [
    'an id that is not signed',
    { header: 'x-s', id: { header: 'x-i' }, signs: '{body}' },
    /\{id\} must stand once/,
  ],
  ['no body', { header: 'x-s', signs: 'v1' }, /\{body\} must stand once/],
  ['two bodies', { header: 'x-s', signs: '{body}.{body}' }, /\{body\} must stand once/],
  [
    'a time from nowhere',
    { header: 'x-s', signs: '{timestamp}.{body}' },
    /\{timestamp\} in `signs`, and no header/,
  ],
  ['another name in braces', { header: 'x-s', signs: '{url}{body}' }, /no other braces/],
  [
    'an id that runs into the body',
    { header: 'x-s', id: { header: 'x-i' }, signs: '{id}{body}' },
    /not clear where the \{id\} ends/,
  ],
  [
    'an id of two places',
    { header: 'x-s', id: { header: 'x-i', field: 'id' } },
    /not one of `field` and `header`/,
  ],
  ['an id of none', { header: 'x-s', id: {} }, /not one of `field` and `header`/],
  ['a name in a list', ['standard'], /must be one of: standard/],
])('a declaration with %s is refused', (_, signature, message) => {
  expect(() => webhook({ secret: 'OWN', signature: signature as HmacSignature })).toThrow(
    expect.objectContaining({ code: 'bad-trigger', message: expect.stringMatching(message) }),
  )
})

test('a secret that is not written as it is declared, or is short, proves nothing', () => {
  const problem = (key: 'text' | 'hex' | 'base64', value: string) =>
    ownHmac({ header: 'x-s', key }).problemOf(value)
  expect(problem('text', 'short')).toMatch(/5 characters/)
  expect(problem('hex', 'abcdefgh'.repeat(4))).toMatch(/not written in hex/)
  expect(problem('hex', 'ab'.repeat(15))).toMatch(/15 bytes/)
  expect(problem('base64', '???')).toMatch(/not written in base64/)
  expect([
    problem('text', secret),
    problem('hex', 'ab'.repeat(16)),
    problem('base64', 'A'.repeat(32)),
  ]).toEqual(Array(3).fill(undefined))
})
