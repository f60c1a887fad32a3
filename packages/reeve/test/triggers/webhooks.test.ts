import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { payloadAt } from '../../src/store/journal/journal.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { webhook } from '../../src/triggers/webhook.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'

/** The secret, the delivery and the signature of the library's own tests. */
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const nextSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const plain = 'a-secret-that-is-long-enough'

const variables = {
  STANDARD_SECRET: vector.secret,
  STANDARD_NEXT: nextSecret,
  GITHUB_SECRET: plain,
  STRIPE_SECRET: plain,
  SLACK_SECRET: plain,
  WEAK_SECRET: 'short',
}

const anything = z.record(z.string(), z.json())

const workflows = [
  workflow({
    name: 'standard',
    input: anything,
    on: [webhook({ secret: ['STANDARD_SECRET', 'STANDARD_NEXT'], maxBytes: 2000 })],
    run: async (_, input) => input,
  }),
  workflow({
    name: 'github',
    input: z.object({ action: z.string(), kind: z.string() }),
    on: [
      webhook({
        signature: 'github',
        secret: 'GITHUB_SECRET',
        schema: z.object({ action: z.string() }),
        input: ({ body, headers }) =>
          body.action === 'ignored'
            ? undefined
            : { action: body.action, kind: headers['x-github-event'] ?? '' },
      }),
    ],
    run: async (_, input) => input,
  }),
  workflow({
    name: 'stripe',
    input: anything,
    on: [webhook({ signature: 'stripe', secret: 'STRIPE_SECRET' })],
    run: async (_, input) => input,
  }),
  workflow({
    name: 'slack',
    input: anything,
    on: [webhook({ signature: 'slack', secret: 'SLACK_SECRET' })],
    run: async (_, input) => input,
  }),
  workflow({
    name: 'shut',
    input: anything,
    on: [webhook({ secret: ['NOT_SET', 'WEAK_SECRET'] })],
    run: async (_, input) => input,
  }),
  workflow({
    name: 'picky',
    input: z.object({ order: z.string() }),
    on: [
      webhook({
        secret: 'STANDARD_SECRET',
        input: ({ body }) => {
          if ((body as { throws?: true }).throws) throw new Error('no such field')
          return body as { order: string }
        },
      }),
    ],
    run: async (_, { order }) => order,
  }),
] as unknown as Workflow[]

interface Answer {
  status: number
  body: {
    runId?: string
    isRepeat?: boolean
    reason?: string
    code?: string
    detail?: string
    challenge?: string
  }
}

function open(at = vector.timestamp * 1000): Promise<TestServer> {
  return startServer({ workflows, variables, clock: new FakeClock(at) })
}

async function post(
  server: TestServer,
  name: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<Answer> {
  const response = await fetch(`${server.url}/hooks/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

function standardHeaders(
  body: string,
  { secret = vector.secret, at = vector.timestamp, id = vector.id } = {},
) {
  const signature = new Webhook(secret).sign(id, new Date(at * 1000), body)
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signature }
}

const hexOf = (text: string, secret = plain) => createHmac('sha256', secret).update(text).digest('hex')
const stripeHeaders = (body: string, at = vector.timestamp) => ({
  'stripe-signature': `t=${at},v1=${hexOf(`${at}.${body}`)}`,
})
const slackHeaders = (body: string, at = vector.timestamp) => ({
  'x-slack-request-timestamp': String(at),
  'x-slack-signature': `v0=${hexOf(`v0:${at}:${body}`)}`,
})
const githubHeaders = (body: string, more: Record<string, string> = {}) => ({
  'x-hub-signature-256': `sha256=${hexOf(body)}`,
  'x-github-event': 'issues',
  'x-github-delivery': 'one',
  ...more,
})

async function countRuns({ internals }: TestServer): Promise<number> {
  const row = await internals.database.get<{ count: number }>('select count(*) as count from runs')
  return row!.count
}

async function firstEventOf({ internals }: TestServer, run: string): Promise<Record<string, unknown>> {
  const { database } = internals
  const row = await database.get<{ no: number }>('select no from runs where id = ?', [run])
  return JSON.parse((await payloadAt(database, row!.no, 1))!)
}

describe('Standard Webhooks', () => {
  test("the library's own vector starts a run, durable with its channel; a repeat is answered with it", async () => {
    const server = await open()
    const headers = {
      'webhook-id': vector.id,
      'webhook-timestamp': String(vector.timestamp),
      'webhook-signature': vector.signature,
    }
    const first = await post(server, 'standard', vector.body, headers)
    expect(first).toMatchObject({ status: 202, body: { runId: expect.any(String), isRepeat: false } })
    expect(await firstEventOf(server, first.body.runId!)).toMatchObject({
      channel: 'webhook:standard',
      principal: 'webhook:standard',
      input: { test: 2432232314 },
    })
    const again = await post(server, 'standard', vector.body, headers)
    expect(again).toMatchObject({ status: 200, body: { runId: first.body.runId, isRepeat: true } })
    expect(await countRuns(server)).toBe(1)
  })

  test('what the library signs is taken, with whichever of several secrets and signatures', async () => {
    const server = await open()
    const body = JSON.stringify({ text: 'Grüße 😀', more: 'x'.repeat(500) })
    const next = standardHeaders(body, { secret: nextSecret, id: 'two' })
    expect(await post(server, 'standard', body, next)).toMatchObject({ status: 202 })
    const both = standardHeaders(body, { id: 'three' })
    both['webhook-signature'] = `v1a,AAAA v1,AAAA ${both['webhook-signature']}`
    expect(await post(server, 'standard', body, both)).toMatchObject({ status: 202 })
  })

  test('what it refuses is refused: each byte of the body, of the id and of the time counts', async () => {
    const server = await open()
    const { body } = vector
    const good = standardHeaders(body)
    const bad: [string, Record<string, string>][] = [
      [`${body} `, good],
      [body.replace('4}', '5}'), good],
      [body, { ...good, 'webhook-id': `${vector.id}x` }],
      [body, { ...good, 'webhook-timestamp': String(vector.timestamp + 1) }],
      [body, { ...good, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` }],
      [body, { ...good, 'webhook-signature': 'v1,' }],
      [body, { ...good, 'webhook-signature': good['webhook-signature'].replace('v1,', 'v2,') }],
      [body, standardHeaders(body, { secret: `whsec_${Buffer.alloc(24, 9).toString('base64')}` })],
    ]
    for (const [sent, headers] of bad) {
      expect(await post(server, 'standard', sent, headers)).toMatchObject({
        status: 401,
        body: { code: 'webhook-forged' },
      })
    }
    expect(await countRuns(server)).toBe(0)
  })

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'without %s nothing is read',
    async (name) => {
      const server = await open()
      const { [name as 'webhook-id']: _, ...headers } = standardHeaders(vector.body)
      expect(await post(server, 'standard', vector.body, headers)).toMatchObject({
        status: 401,
        body: { code: 'webhook-unsigned', detail: expect.stringContaining(name) },
      })
    },
  )

  test.each([
    ['six minutes old', -360],
    ['six minutes ahead', 360],
    ['an hour behind', -3600],
    ['an hour ahead', 3600],
  ])('a clock that is %s is told so', async (_, offSeconds) => {
    const server = await open()
    const headers = standardHeaders(vector.body, { at: vector.timestamp + offSeconds })
    expect(await post(server, 'standard', vector.body, headers)).toMatchObject({
      status: 401,
      body: { code: 'webhook-stale', detail: expect.stringContaining(offSeconds < 0 ? 'old' : 'ahead') },
    })
  })

  test('a time that is no time is refused', async () => {
    const server = await open()
    for (const timestamp of ['soon', '-1', '1e9', '99999999999999999999', 'NaN']) {
      const headers = { ...standardHeaders(vector.body), 'webhook-timestamp': timestamp }
      expect(await post(server, 'standard', vector.body, headers)).toMatchObject({
        status: 401,
        body: { code: 'webhook-unsigned' },
      })
    }
  })
})

describe('a body', () => {
  const sent = (server: TestServer, name: string, body: string, more: Record<string, string> = {}) =>
    post(server, name, body, { ...standardHeaders(body), ...more })

  test.each([
    ['no JSON', '{"a":', 'not-json'],
    ['nothing', '', 'not-json'],
    ['a key twice', '{"a":1,"a":2}', 'inexact-json'],
    ['a number that would be rounded', '{"a":12345678901234567890}', 'inexact-json'],
  ])('with %s is refused after it is proved', async (_, body, code) => {
    const server = await open()
    const answer = await sent(server, 'standard', body)
    expect(answer).toMatchObject({ status: 400, body: { code } })
    expect(await countRuns(server)).toBe(0)
  })

  test('that is no UTF-8 is refused, and its signature counts on its bytes', async () => {
    const server = await open()
    const body = Buffer.from([0x22, 0xff, 0x22])
    const key = Buffer.from(vector.secret.slice(6), 'base64')
    const head = `${vector.id}.${vector.timestamp}.`
    const signature = createHmac('sha256', key).update(head).update(body).digest('base64')
    const headers = { ...standardHeaders(''), 'webhook-signature': `v1,${signature}` }
    expect(await post(server, 'standard', body, headers)).toMatchObject({
      status: 400,
      body: { code: 'not-json' },
    })
    const other = Buffer.from([0x22, 0xfe, 0x22])
    expect(await post(server, 'standard', other, headers)).toMatchObject({ status: 401 })
  })

  test('that is too large is not read, whether its length is told or not', async () => {
    const server = await open()
    const body = JSON.stringify({ text: 'x'.repeat(3000) })
    expect(await sent(server, 'standard', body)).toMatchObject({
      status: 413,
      body: { code: 'request-too-large' },
    })
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(32)),
    })
    const response = await fetch(`${server.url}/hooks/standard`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...standardHeaders('') },
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', '', 'application/jsonp'])(
    'of content type %j is not read',
    async (type) => {
      const server = await open()
      expect(await sent(server, 'standard', vector.body, { 'content-type': type })).toMatchObject({
        status: 415,
        body: { code: 'bad-media-type' },
      })
    },
  )

  test('that is compressed is not read', async () => {
    const server = await open()
    expect(await sent(server, 'standard', vector.body, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
    })
  })

  test('that the workflow does not take, or that its mapping throws for, starts nothing and says why', async () => {
    const server = await open()
    expect(await sent(server, 'picky', '{"order":7}')).toMatchObject({
      status: 422,
      body: { code: 'invalid-input' },
    })
    const thrown = await sent(server, 'picky', '{"throws":true}')
    expect(thrown).toMatchObject({
      status: 422,
      body: { code: 'bad-mapping', detail: expect.stringContaining('no such field') },
    })
    // The same delivery is taken once the code is right: nothing was remembered of it.
    expect(await sent(server, 'picky', '{"order":"A-1"}')).toMatchObject({ status: 202 })
  })
})

test('a door without a secret that proves anything stays shut, whatever is sent', async () => {
  const lines: string[] = []
  const log = {
    info() {},
    error() {},
    warn: (message: string, fields?: object) => lines.push(`${message} ${JSON.stringify(fields)}`),
  }
  const server = await startServer({
    workflows,
    variables,
    log,
    clock: new FakeClock(vector.timestamp * 1000),
  })
  const answer = await post(server, 'shut', vector.body, standardHeaders(vector.body))
  expect(answer).toMatchObject({ status: 503, body: { code: 'webhook-closed' } })
  expect(JSON.stringify(answer)).not.toContain('NOT_SET')
  expect(lines.join()).toMatch(/NOT_SET is not set.*WEAK_SECRET is of no use/)
  expect(lines.join()).not.toContain('"short"')
})

test('a door that is not there is not there', async () => {
  const server = await open()
  expect(await post(server, 'other', '{}', {})).toMatchObject({
    status: 404,
    body: { code: 'no-such-endpoint' },
  })
  expect(await post(server, '__proto__', '{}', {})).toMatchObject({ status: 404 })
})

describe('GitHub', () => {
  test('the header and the vector of its documentation are understood', async () => {
    const secret = "It's a Secret to Everybody"
    const [github] = [
      workflow({
        name: 'github',
        input: z.json(),
        on: [webhook({ signature: 'github', secret: 'GITHUB_SECRET' })],
        run: async () => 1,
      }),
    ] as unknown as Workflow[]
    const server = await startServer({ workflows: [github!], variables: { GITHUB_SECRET: secret } })
    const headers = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    }
    // "Hello, World!" is proved, and is then no JSON.
    expect(await post(server, 'github', 'Hello, World!', headers)).toMatchObject({
      status: 400,
      body: { code: 'not-json' },
    })
    expect(await post(server, 'github', 'Hello, World?', headers)).toMatchObject({ status: 401 })
  })

  test('a delivery is sent again under another number, which is not signed: it stays one', async () => {
    const server = await open()
    const body = JSON.stringify({ action: 'opened' })
    const first = await post(server, 'github', body, githubHeaders(body))
    expect(first.status).toBe(202)
    const replayed = await post(
      server,
      'github',
      body,
      githubHeaders(body, { 'x-github-delivery': 'another' }),
    )
    expect(replayed).toMatchObject({ status: 200, body: { runId: first.body.runId, isRepeat: true } })
    expect(await firstEventOf(server, first.body.runId!)).toMatchObject({
      input: { action: 'opened', kind: 'issues' },
    })
  })

  test('what its mapping does not want starts nothing, once and again', async () => {
    const server = await open()
    const body = JSON.stringify({ action: 'ignored' })
    for (const isRepeat of [false, true]) {
      const answer = await post(server, 'github', body, githubHeaders(body))
      expect(answer).toMatchObject({ status: 200, body: { runId: null, isRepeat } })
    }
    expect(await countRuns(server)).toBe(0)
  })

  test('its ping is answered, and only when it is signed', async () => {
    const server = await open()
    const headers = githubHeaders('{"zen":"x"}', { 'x-github-event': 'ping' })
    expect(await post(server, 'github', '{"zen":"x"}', headers)).toMatchObject({
      status: 200,
      body: { pong: true },
    })
    expect(await post(server, 'github', '{"zen":"y"}', headers)).toMatchObject({ status: 401 })
    expect(
      await post(server, 'github', '{"zen":"x"}', {
        ...headers,
        'x-hub-signature-256': hexOf('{"zen":"x"}'),
      }),
    ).toMatchObject({ status: 401 })
  })
})

describe('Stripe', () => {
  test('a delivery is named by the id of its event, and one of several signatures is enough', async () => {
    const server = await open()
    const body = JSON.stringify({ id: 'evt_1', type: 'charge.refunded' })
    const first = await post(server, 'stripe', body, stripeHeaders(body))
    expect(first.status).toBe(202)
    const later = await post(server, 'stripe', body, stripeHeaders(body, vector.timestamp + 60))
    expect(later).toMatchObject({ status: 200, body: { runId: first.body.runId, isRepeat: true } })
    const other = JSON.stringify({ id: 'evt_2' })
    const { 'stripe-signature': good } = stripeHeaders(other)
    const headers = { 'stripe-signature': good.replace(',v1=', `,v1=${'0'.repeat(64)},v0=abc,v1=`) }
    expect(await post(server, 'stripe', other, headers)).toMatchObject({ status: 202 })
  })

  test('what is unsigned, forged or stale is refused', async () => {
    const server = await open()
    const body = '{"id":"evt_1"}'
    const cases: [Record<string, string>, string][] = [
      [{}, 'webhook-unsigned'],
      [{ 'stripe-signature': 'nonsense' }, 'webhook-unsigned'],
      [{ 'stripe-signature': `t=${vector.timestamp}` }, 'webhook-unsigned'],
      [{ 'stripe-signature': `t=${vector.timestamp},v0=${hexOf(body)}` }, 'webhook-unsigned'],
      [stripeHeaders(`${body} `), 'webhook-forged'],
      [stripeHeaders(body, vector.timestamp - 400), 'webhook-stale'],
    ]
    for (const [headers, code] of cases)
      expect(await post(server, 'stripe', body, headers)).toMatchObject({ status: 401, body: { code } })
  })
})

describe('Slack', () => {
  test('an event is named by its id, a command by all that was signed', async () => {
    const server = await open()
    const body = JSON.stringify({ type: 'event_callback', event_id: 'Ev1' })
    const first = await post(server, 'slack', body, slackHeaders(body))
    expect(await post(server, 'slack', body, slackHeaders(body, vector.timestamp + 9))).toMatchObject({
      status: 200,
      body: { runId: first.body.runId },
    })
    const form = 'command=%2Fdeploy&text=now'
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const command = await post(server, 'slack', form, { ...type, ...slackHeaders(form) })
    expect(await firstEventOf(server, command.body.runId!)).toMatchObject({
      input: { command: '/deploy', text: 'now' },
    })
    const again = await post(server, 'slack', form, { ...type, ...slackHeaders(form, vector.timestamp + 1) })
    expect(again).toMatchObject({ status: 202, body: { isRepeat: false } })
    const twice = 'a=1&a=2'
    expect(await post(server, 'slack', twice, { ...type, ...slackHeaders(twice) })).toMatchObject({
      status: 400,
    })
  })

  test('its challenge is answered, and only when it is signed', async () => {
    const server = await open()
    const body = JSON.stringify({ type: 'url_verification', challenge: 'abc' })
    expect(await post(server, 'slack', body, slackHeaders(body))).toMatchObject({
      status: 200,
      body: { challenge: 'abc' },
    })
    expect(await post(server, 'slack', body, slackHeaders(`${body}x`))).toMatchObject({ status: 401 })
    expect(await countRuns(server)).toBe(0)
  })
})

test('fifty copies at one moment are one run, and one namespace does not reach into another', async () => {
  const server = await open()
  const body = '{"id":"evt_1"}'
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => post(server, 'stripe', body, stripeHeaders(body))),
  )
  expect(new Set(answers.map((answer) => answer.body.runId)).size).toBe(1)
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  // A caller of the API cannot take the key of a delivery before it comes.
  const operator = await server.as('operator')
  const key = 'reeve:trigger:stripe:evt_2'
  await expect(
    operator.runs.start({ body: { workflow: 'stripe', input: {} }, idempotencyKey: key } as never),
  ).rejects.toMatchObject({ code: 'reserved-key' })
  const same = await post(server, 'standard', body, standardHeaders(body, { id: 'evt_1' }))
  expect(same).toMatchObject({ status: 202, body: { isRepeat: false } })
})

test('a trace context of the sender goes into the first event, and nonsense does not', async () => {
  const server = await open()
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
  const one = await post(server, 'stripe', '{"id":"1"}', { ...stripeHeaders('{"id":"1"}'), traceparent })
  expect(await firstEventOf(server, one.body.runId!)).toMatchObject({ traceparent })
  for (const wrong of ['x', traceparent.replace('00-', 'ff-'), `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`]) {
    const body = JSON.stringify({ id: wrong })
    const two = await post(server, 'stripe', body, { ...stripeHeaders(body), traceparent: wrong })
    expect(await firstEventOf(server, two.body.runId!)).not.toHaveProperty('traceparent')
  }
})

test('what mappings get has no credentials', async () => {
  const seen: Record<string, string>[] = []
  const [flow] = [
    workflow({
      name: 'stripe',
      input: z.json(),
      on: [
        webhook({
          signature: 'stripe',
          secret: 'STRIPE_SECRET',
          input: ({ headers }) => {
            seen.push({ ...headers })
            return 1
          },
        }),
      ],
      run: async () => 1,
    }),
  ] as unknown as Workflow[]
  const server = await startServer({
    workflows: [flow!],
    variables,
    clock: new FakeClock(vector.timestamp * 1000),
  })
  await post(server, 'stripe', '{"id":"1"}', {
    ...stripeHeaders('{"id":"1"}'),
    cookie: 'a=b',
    authorization: 'Bearer x',
    'x-kept': 'y',
  })
  expect(seen).toEqual([expect.objectContaining({ 'x-kept': 'y' })])
  expect(Object.keys(seen[0]!).filter((name) => /cookie|authorization|signature/.test(name))).toEqual([])
})
