import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { slackApprovals } from '../../src/connectors/slack/approvals/slack-approvals.ts'
import { slack } from '../../src/connectors/slack/slack.ts'
import { type SlackStandIn, start as startSlack } from '../../src/connectors/slack/stand-in.ts'
import { workflow } from '../../src/context.ts'
import { requireApproval } from '../../src/store/approvals/approvals.ts'
import { saveRules } from '../../src/store/approvals/rules.ts'
import { addPrincipal, changeRole } from '../../src/store/identity/principals.ts'
import { schemeOf } from '../../src/triggers/signatures/schemes.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'

const secret = 'stand-in-signing-secret'
const people = { U0ADA: 'ada', U0VIC: 'vic', U0GONE: 'nobody' }
const page = 'https://desk.example'
const acting = { by: 'test', proof: 'local-user', at: 5 } as const

const ask = workflow({
  name: 'ask',
  input: z.object({ what: z.string() }),
  run: (ctx, { what }) => ctx.approve('publish', { show: { what } }),
})

interface Desk {
  server: TestServer
  chat: SlackStandIn
  /** Brings what is asked, and says what was decided. */
  look(): Promise<boolean>
  ask(what: string): Promise<string>
  press(change?: Partial<Pressed>, signing?: { secret?: string; at?: number }): Promise<Response>
  approval(id: string): ReturnType<typeof requireApproval>
  whispers(): string[]
}

interface Pressed {
  user: string
  team: string
  ts: string
  action: string
  value: string
}

/** A project whose requests go to a stand-in of Slack. */
async function desk(sandbox = true): Promise<Desk> {
  const chat = await startSlack()
  const { standIn } = slack.definition.sandbox
  const { load } = standIn
  Object.assign(standIn, { load: async () => async () => ({ ...chat, close: async () => {} }) })
  onTestFinished(async () => {
    Object.assign(standIn, { load })
    await chat.close()
  })
  const approvals = { channel: '#critical-bugs', people, page }
  const server = await startServer({
    workflows: [ask as never],
    config: { sandbox, connectors: { slack: slack({ mode: 'sandbox', approvals }) } },
  })
  const { database, approvalLoops } = server.internals
  await database.transaction(async (session) => {
    await addPrincipal(session, { name: 'ada', kind: 'person', role: 'approver' }, acting)
    await addPrincipal(session, { name: 'vic', kind: 'person', role: 'viewer' }, acting)
  })
  const owner = await server.as('owner')
  return {
    server,
    chat,
    look: () => approvalLoops.bringers[0]!.look(),
    approval: (id) => requireApproval(database, id),
    whispers: () => (chat.state.whispers ?? []).map(({ text }) => text),
    async ask(what) {
      await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'ask', input: { what } } })
      const { items } = await owner.approvals.list()
      return items.at(-1)!.id
    },
    press(change = {}, { secret: by = secret, at = Date.now() } = {}) {
      const [message = { ts: '', blocks: [] }] = chat.state.messages
      const made = {
        user: 'U0ADA',
        team: chat.state.team,
        ts: message.ts,
        action: 'reeve:approve',
        ...change,
      }
      const value = change.value ?? buttonsOf(message).find(({ value: its }) => its)?.value
      const payload = {
        type: 'block_actions',
        team: { id: made.team },
        user: { id: made.user },
        channel: { id: 'C0BUGS' },
        message: { ts: made.ts },
        actions: [{ action_id: made.action, value }],
      }
      const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
      return fetch(`${server.url}/hooks/slack.interaction`, {
        method: 'POST',
        body,
        headers: {
          ...schemeOf('slack').sign(by, body, Math.floor(at / 1000), ''),
          'content-type': 'application/x-www-form-urlencoded',
        },
      })
    },
  }
}

function buttonsOf({
  blocks = [],
}: {
  blocks?: unknown
}): { action_id: string; value?: string; url?: string }[] {
  return (blocks as { elements?: [] }[]).flatMap(({ elements = [] }) => elements)
}

test('a request is posted once, with nothing live in it; a button decides it as who the user is', async () => {
  const { server, chat, look, ask: askFor, press, approval, whispers } = await desk()
  const id = await askFor('<!channel> *pay* <https://evil.example|the page> \u202e&')
  expect([await look(), await look()]).toEqual([true, true])
  expect(chat.state.messages).toHaveLength(1)
  const [message] = chat.state.messages
  const texts = (message!.blocks as { text?: { type: string; text: string } }[]).flatMap(
    ({ text }) => text ?? [],
  )
  expect(new Set(texts.map(({ type }) => type))).toEqual(new Set(['plain_text']))
  expect(JSON.stringify([texts, message!.text])).not.toMatch(/[<>\u202e]/)
  expect(texts[1]!.text).toContain('&lt;!channel&gt; *pay*')
  expect(texts[1]!.text).toContain('\\u202e&amp;')
  const { args_hash: hash } = await approval(id)
  expect(buttonsOf(message!)).toMatchObject([
    { action_id: 'reeve:approve', value: `${id} ${hash}` },
    { action_id: 'reeve:reject' },
    { action_id: 'reeve:open', url: `${page}/inbox?item=${id}` },
  ])
  expect((await press({ action: 'reeve:open' })).status).toBe(200)
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  expect((await press()).status).toBe(200)
  expect(await approval(id)).toMatchObject({ status: 'approved', decided_by: 'ada' })
  expect(whispers()).toEqual(['publish is approved now.'])
  const [act] = await server.internals.database.all(
    `select principal, proof from authority_log where type = 'approval-decided'`,
  )
  expect(act).toEqual({ principal: 'ada', proof: 'chat-account' })
  await look()
  expect(chat.state.messages[0]).toMatchObject({ text: 'publish: approved by ada.' })
  expect(buttonsOf(chat.state.messages[0]!)).toEqual([])
})

test('what is pressed by the wrong person, elsewhere, again or otherwise decides nothing, and is told', async () => {
  const { server, chat, look, ask: askFor, press, approval, whispers } = await desk()
  const id = await askFor('one')
  await look()
  const { args_hash: hash } = await approval(id)
  const refused: [Partial<Pressed>, string][] = [
    [{ user: 'U0EVE' }, 'Nobody said as whom U0EVE decides here'],
    [{ user: 'constructor' }, 'Nobody said as whom constructor'],
    [{ user: 'U0VIC' }, 'vic may not decide'],
    [{ user: 'U0GONE' }, 'not a principal of this project'],
    [{ team: 'T0OTHER' }, 'in the workspace T0OTHER'],
    [{ ts: '1.000001' }, 'not the message'],
    [{ value: `${id} ${'0'.repeat(64)}` }, 'not the message'],
    [{ value: `other ${hash}` }, 'not the message'],
    [{ value: '' }, 'not the message'],
  ]
  for (const [change, why] of refused) {
    expect((await press(change)).status, why).toBe(200)
    expect(whispers().at(-1)).toContain(why)
    expect(whispers().at(-1)).toMatch(/Nothing was decided/)
  }
  expect(whispers()).toHaveLength(refused.length)
  const code = async (response: Response) => ((await response.json()) as { code: string }).code
  expect(await code(await press({}, { secret: 'another-signing-secret' }))).toBe('webhook-forged')
  expect(await code(await press({}, { at: Date.now() - 400_000 }))).toBe('webhook-stale')
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  // Asked anew under its id: the button is of what was shown before.
  const { database } = server.internals
  await database.transaction((session) =>
    session.run('update approvals set requested_at = requested_at + 1 where id = ?', [id]),
  )
  await press()
  expect(whispers().at(-1)).toContain('asked again')
  await look()
  expect(chat.state.messages.map(({ text }) => text)).toEqual([
    'publish: asked again, in another message.',
    'Approve? publish',
  ])
  const { ts } = chat.state.messages[1]!
  const value = `${id} ${hash}`
  await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
  await press({ ts, value })
  expect(whispers().at(-1)).toContain('ada may not decide')
  expect(await approval(id)).toMatchObject({ status: 'pending' })
})

test('a press after another decision is told so, and the message says who decided elsewhere', async () => {
  const { server, chat, look, ask: askFor, press, approval, whispers } = await desk()
  const id = await askFor('two')
  await look()
  const value = buttonsOf(chat.state.messages[0]!)[0]!.value!
  const decision = { verdict: 'reject', by: 'ada' } as const
  await server.internals.engine.control.decide(id, decision)
  await press({ value })
  expect(whispers()).toEqual([expect.stringContaining('was rejected by ada already')])
  await look()
  expect(chat.state.messages[0]).toMatchObject({ text: 'publish: rejected by ada.' })
  await press({ value })
  expect(await approval(id)).toMatchObject({ status: 'rejected' })
})

test('who approves too hastily is told to look once more, and decides then', async () => {
  const { server, chat, look, ask: askFor, press, whispers } = await desk()
  const { database } = server.internals
  await database.transaction((session) => saveRules(session, { secondLook: true, hastyPerHour: 0 }))
  for (const what of ['a', 'b', 'c']) await askFor(what)
  await look()
  for (const { ts, blocks } of chat.state.messages)
    await press({ ts, value: buttonsOf({ blocks })[0]!.value! })
  const told = ['is approved now', 'is approved now', 'Look at']
  expect(whispers()).toEqual(told.map((words) => expect.stringContaining(words)))
})

test.for(['lost-answer', 'server-error', 'rate-limited'] as const)(
  'a request is there once when its posting meets %s',
  async (kind) => {
    const { chat, look, ask: askFor, press, approval } = await desk()
    chat.faults.add({ kind, times: 1, on: 'POST /chat.postMessage' })
    const id = await askFor('three')
    // Until what refused takes something again.
    for (let looks = 0; looks < 3 && !(await look()); looks++);
    await look()
    expect(chat.books.count('message-posted')).toBe(1)
    await press()
    expect(await approval(id)).toMatchObject({ status: 'approved' })
  },
)

test('what does not fit has no buttons, and takes no forged one', async () => {
  const { chat, look, ask: askFor, press, approval, whispers } = await desk()
  const id = await askFor('a'.repeat(4_000))
  await look()
  expect(buttonsOf(chat.state.messages[0]!)).toMatchObject([{ action_id: 'reeve:open' }])
  expect(JSON.stringify(chat.state.messages[0]!.blocks)).toContain('only its beginning')
  const { args_hash: hash } = await approval(id)
  await press({ value: `${id} ${hash}` })
  expect(whispers()).toEqual([expect.stringContaining('Look at it whole')])
  expect(await approval(id)).toMatchObject({ status: 'pending' })
})

test('what a stand-in signs with opens no door where something real may wait', async () => {
  const { press } = await desk(false)
  expect(await (await press({ value: 'x y' })).json()).toMatchObject({
    code: 'webhook-closed',
  })
})

test('only a button of our own is a press, and no action makes one', () => {
  const payload = (fields: object) => ({ payload: JSON.stringify({ user: { id: 'U1' }, ...fields }) })
  const actions = [{ action_id: 'reeve:approve', value: 'a b' }]
  for (const body of [
    payload({ type: 'message_action', actions }),
    payload({ type: 'view_submission', actions }),
    payload({ type: 'block_actions', actions: [{ action_id: 'approve', value: 'a b' }] }),
    { event: { type: 'message', text: 'approve' } },
    { payload: 'approve' },
  ])
    expect(slackApprovals.pressed(body)).toBeUndefined()
  expect(slackApprovals.pressed(payload({ type: 'block_actions', actions }))).toMatchObject({
    verdict: 'approve',
  })
  const blocks = [
    { type: 'actions', elements: [{ type: 'button', action_id: 'reeve:approve', value: 'a b' }] },
  ]
  const { post, update } = slack.definition.actions
  const given = { channel: 'C0BUGS', ts: '1.000001', text: 'Pizza?', blocks }
  for (const { definition } of [post, update])
    expect((definition.input as unknown as z.ZodType).safeParse(given).error?.message).toContain('reeve:')
})

test('settings that name nobody, or no user, are refused', () => {
  const channel = '#desk'
  expect(() => slack({ approvals: { channel, people: { ada: 'ada' } } })).toThrow('people.ada')
  expect(() => slack({ approvals: { channel, people: {}, page: 'javascript:alert(1)' } })).toThrow('page')
  expect(() => slack({ aprovals: {} } as never)).toThrow('aprovals')
})
