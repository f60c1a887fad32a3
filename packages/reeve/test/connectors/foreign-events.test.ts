import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { github } from '../../src/connectors/github/github.ts'
import { EventOwners } from '../../src/connectors/host/event-owners.ts'
import type { EventFacts } from '../../src/connectors/shape/trigger.ts'
import { slack } from '../../src/connectors/slack/slack.ts'
import { type SlackStandIn, start as startSlack } from '../../src/connectors/slack/stand-in.ts'
import { stripe } from '../../src/connectors/stripe/stripe.ts'
import { zendesk } from '../../src/connectors/zendesk/zendesk.ts'
import { workflow } from '../../src/context.ts'
import { noteConnected } from '../../src/store/connectors/accounts.ts'
import { listDeliveries } from '../../src/store/dispatch/deliveries.ts'
import { schemeOf } from '../../src/triggers/signatures/schemes.ts'
import type { HookOfService } from '../../src/triggers/webhook.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'

const slackSecret = 'stand-in-signing-secret'

/** A project that a workspace's events start runs in. */
async function desk(options: object = {}): Promise<{ server: TestServer; chat: SlackStandIn }> {
  const chat = await startSlack()
  const { standIn } = slack.definition.sandbox
  const { load } = standIn
  Object.assign(standIn, { load: async () => async () => ({ ...chat, close: async () => {} }) })
  onTestFinished(async () => {
    Object.assign(standIn, { load })
    await chat.close()
  })
  const connection = slack({ mode: 'sandbox', ...options })
  const note = workflow({
    name: 'note',
    input: z.object({ text: z.string() }),
    on: [connection.on.event({ input: ({ event }) => ({ text: String(event?.text) }) })],
    run: async (_ctx, { text }) => text,
  })
  const server = await startServer({
    workflows: [note as never],
    config: { connectors: { slack: connection } },
  })
  return { server, chat }
}

async function post(server: TestServer, id: string, team: string) {
  const said = { type: 'event_callback', event_id: id, team_id: team, event: { type: 'message', text: id } }
  const body = Buffer.from(JSON.stringify({ ...said, event_time: 1 }))
  const response = await fetch(`${server.url}/hooks/slack.event`, {
    method: 'POST',
    body,
    headers: {
      ...schemeOf('slack').sign(slackSecret, body, Math.floor(Date.now() / 1000), id),
      'content-type': 'application/json',
    },
  })
  return { status: response.status, said: (await response.json()) as { runId?: string; reason?: string } }
}

test('an event of another workspace is refused, although the same application signed it', async () => {
  const { server, chat } = await desk()
  expect((await post(server, 'Ev1', chat.state.team)).status).toBe(202)
  const other = await post(server, 'Ev2', 'T0OTHER')
  expect(other).toMatchObject({
    status: 200,
    said: { runId: null, reason: 'it is of the workspace T0OTHER' },
  })
  const unsigned = await fetch(`${server.url}/hooks/slack.event`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  expect([unsigned.status, await unsigned.json()]).toMatchObject([401, { title: 'Not signed' }])
  const kept = await listDeliveries(server.internals.database, 'slack.event', 10)
  expect(kept.map(({ outcome }) => outcome).toSorted()).toEqual(['refused', 'started'])
})

test('an event that comes before the account could say whose it is comes again, and is not lost', async () => {
  const { server, chat } = await desk()
  const on = chat.faults.add({ kind: 'server-error' })
  const early = await post(server, 'Ev1', chat.state.team)
  expect(early).toMatchObject({ status: 503, said: { code: 'account-unknown' } })
  on()
  expect((await post(server, 'Ev1', chat.state.team)).status).toBe(202)
})

test('what was refused is judged anew once another account is connected', async () => {
  const { server, chat } = await desk()
  expect((await post(server, 'Ev1', 'T0NEXT')).status).toBe(200)
  chat.state.team = 'T0NEXT'
  const key = { connection: 'slack', account: 'default', mode: 'sandbox' } as const
  await server.internals.database.transaction((session) =>
    noteConnected(session, key, { by: 'ada', at: Date.now() }),
  )
  expect((await post(server, 'Ev1', 'T0NEXT')).status).toBe(202)
  expect((await post(server, 'Ev2', 'T0OTHER')).said.reason).toContain('T0OTHER')
})

test('of several accounts an event is for any of them', async () => {
  const { server, chat } = await desk({ accounts: ['north', 'south'] })
  expect((await post(server, 'Ev1', chat.state.team)).status).toBe(202)
  const { states } = server.internals.connections
  const south = { connection: 'slack', account: 'south', mode: 'sandbox' } as const
  await states.ensure(south)
  await states.set(south, { state: 'connected', reason: null, identity: 'T0SOUTH' })
  expect((await post(server, 'Ev2', 'T0SOUTH')).status).toBe(202)
  expect((await post(server, 'Ev3', chat.state.team)).status).toBe(202)
  expect((await post(server, 'Ev4', 'T0OTHER')).said.reason).toContain('T0OTHER')
})

test.each([
  ['zendesk', zendesk({ accountId: 7 }).on.ticket, { account_id: 7 }, { account_id: 8 }, /account 8/],
  [
    'github',
    github({ repositories: ['Acme/shop'] }).on.event,
    { repository: { full_name: 'acme/Shop' } },
    { repository: { full_name: 'eve/shop' } },
    /repository eve\/shop/,
  ],
] as const)(
  '%s: an event is judged by what the project says, without a look at the account',
  async (name, on, ours, theirs, why) => {
    const connection =
      name === 'zendesk' ? zendesk({ accountId: 7 }) : github({ repositories: ['Acme/shop'] })
    const { service } = on({ input: () => ({}) } as never) as unknown as { service: HookOfService }
    const owners = new EventOwners({
      all: new Map([[name, connection]]),
      modeOf: () => 'live',
    } as never)
    expect(await owners.foreignTo(service, ours)).toBeUndefined()
    expect(await owners.foreignTo(service, theirs)).toMatch(why)
  },
)

/** The owners of the events of one connector, and the hook of its trigger: what `foreign` says is all that differs. */
function ownersBy(
  foreign: (body: { account: string }, facts: EventFacts) => string | undefined,
  identity: string | undefined | 'silent',
) {
  let looks = 0
  const account = () => ({
    account: 'default',
    identity: null,
    state: 'new',
    probed_at: null,
    connected_at: 1,
  })
  const owners = new EventOwners({
    all: new Map([['desk', { name: 'desk', accounts: { choice: 'one', account: 'default' }, settings: {} }]]),
    modeOf: () => 'live',
    states: { ensure: async () => account() },
    health: {
      probe: async () => {
        looks++
        const of = { ...account(), state: 'connected', probed_at: 2, identity: identity ?? null }
        return identity === 'silent' ? account() : of
      },
    },
  } as never)
  const hook = { connection: 'desk', foreign } as unknown as HookOfService
  return { judge: (of: string) => owners.foreignTo(hook, { account: of }), looks: () => looks }
}

test.each<[string, (body: { account: string }, facts: EventFacts) => string | undefined]>([
  ['plainly', ({ account }, { identity }) => (account === identity ? undefined : `of ${account}`)],
  ['by its parts', (body, facts) => (body.account.at(-1) === facts.identity!.at(-1) ? undefined : 'other')],
  [
    'and catches what goes wrong',
    (body, facts) => {
      try {
        return body.account === facts.identity ? undefined : 'other'
      } catch {
        return 'cannot be read'
      }
    },
  ],
])('a connector that compares %s drops no event of the account, known or not yet', async (_how, foreign) => {
  const known = ownersBy(foreign, 'desk-1')
  expect(await known.judge('desk-1')).toBeUndefined()
  expect(await known.judge('desk-2')).toMatch(/^(of desk-2|other)$/)
  await expect(ownersBy(foreign, 'silent').judge('desk-1')).rejects.toMatchObject({
    code: 'account-unknown',
    retryable: true,
    message: expect.stringContaining('its account "default" has not answered yet'),
  })
})

test("where the probe names no identity, what says that an event is another account's counts for nothing", async () => {
  const none = ownersBy(
    ({ account }, { identity }) => (account === identity ? undefined : 'other'),
    undefined,
  )
  await expect(none.judge('desk-1')).rejects.toThrow('the probe of its account "default" names no identity')
  const careful = ownersBy((_body, { identity }) => (identity === undefined ? undefined : 'other'), undefined)
  expect(await careful.judge('desk-1')).toBeUndefined()
})

test('what is judged before the identity is read needs no look at the account', async () => {
  const { judge, looks } = ownersBy((_body, facts) => {
    if (facts.mode === 'live') return 'it is of test mode'
    return facts.identity === undefined ? undefined : 'other'
  }, 'desk-1')
  expect([await judge('desk-1'), looks()]).toEqual(['it is of test mode', 0])
})

test('a project that is all in sandbox takes test events of a live connection, and no live ones', async () => {
  const payments = stripe()
  const note = workflow({
    name: 'note',
    input: z.object({ id: z.string() }),
    on: [payments.on.event({ input: ({ id }) => ({ id }) })],
    run: async (_ctx, { id }) => id,
  })
  const server = await startServer({
    workflows: [note as never],
    config: { sandbox: true, connectors: { stripe: payments } },
  })
  const authorization = `Bearer ${await server.tokenOf('viewer')}`
  const session = await fetch(`${server.url}/api/session`, { headers: { authorization } })
  expect(await session.json()).toMatchObject({ isSandbox: true })
  const said = { type: 'charge.refunded', created: 1, data: { object: {} } }
  const send = async (id: string, livemode: boolean) => {
    const body = Buffer.from(JSON.stringify({ ...said, id, livemode }))
    const secret = stripe.definition.sandbox.standIn.webhookSecrets!.event!
    const response = await fetch(`${server.url}/hooks/stripe.event`, {
      method: 'POST',
      body,
      headers: {
        ...schemeOf('stripe').sign(secret, body, Math.floor(Date.now() / 1000), id),
        'content-type': 'application/json',
      },
    })
    return response.status
  }
  expect([await send('evt_1', false), await send('evt_2', true)]).toEqual([202, 200])
})
