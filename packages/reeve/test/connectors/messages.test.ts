import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { gmail } from '../../src/connectors/gmail/gmail.ts'
import { start as startGmail } from '../../src/connectors/gmail/stand-in.ts'
import { googleCalendar } from '../../src/connectors/google-calendar/google-calendar.ts'
import { start as startCalendar } from '../../src/connectors/google-calendar/stand-in.ts'
import type { AnyDefinition } from '../../src/connectors/shape/definition.ts'
import { slack } from '../../src/connectors/slack/slack.ts'
import { start as startSlack } from '../../src/connectors/slack/stand-in.ts'
import { start as startTelegram } from '../../src/connectors/telegram/stand-in.ts'
import { telegram } from '../../src/connectors/telegram/telegram.ts'
import { workflow } from '../../src/context.ts'
import { testRuntime } from '../../src/testing/index.ts'
import type { Tool } from '../../src/tools/tool.ts'

/** A stand-in in the place of the one that the runtime would start. */
function served<Running extends { close(): Promise<void> }>(
  { definition }: { definition: AnyDefinition },
  running: Running,
): Running {
  const { standIn } = definition.sandbox
  const { load } = standIn
  Object.assign(standIn, {
    load: async () => async () => ({ ...running, close: async (): Promise<void> => {} }),
  })
  onTestFinished(async () => {
    Object.assign(standIn, { load })
    await running.close()
  })
  return running
}

// biome-ignore lint/suspicious/noExplicitAny: any tool
type Calls = readonly (readonly [tool: Tool<any, any, any>, args: object])[]

/** Runs calls one after the other; gives their results, or what the first failure was. */
async function called(connection: { name: string }, calls: Calls) {
  const desk = workflow({
    name: 'desk',
    input: z.null(),
    async run(ctx) {
      const results: unknown[] = []
      for (const [tool, args] of calls) results.push(await ctx.call(tool, args as never))
      return results as never
    },
  })
  const connectors = { [connection.name]: connection as never }
  const made = await testRuntime({ workflows: [desk], config: { connectors } })
  onTestFinished(() => made[Symbol.asyncDispose]())
  return (await made.run(desk, null)) as { status: string; output?: unknown; error?: unknown }
}

const never = { approval: 'never' } as const

test('Slack: messages, threads, reactions, people', async () => {
  const server = served(slack, await startSlack())
  const chat = slack({ rules: { post: never, update: never, react: never } })
  const { post, thread, history, channels, findPerson } = chat.actions
  const first = await called(chat, [
    [post, { channel: '#critical-bugs', text: 'The shop is down' }],
    [channels, {}],
    [findPerson, { email: 'ada@example.com' }],
    [findPerson, { email: 'nobody@example.com' }],
  ])
  expect(first).toMatchObject({
    output: [{ channel: 'C0BUGS' }, [{ name: 'general' }, { id: 'C0BUGS' }], { name: 'Ada Lovelace' }, null],
  })
  const { ts } = server.state.messages[0]!
  const channel = 'C0BUGS'
  const { react, update } = chat.actions
  const second = await called(chat, [
    [post, { channel, text: 'Looking', threadTs: ts }],
    [react, { channel, ts, name: 'eyes' }],
    [react, { channel, ts, name: 'eyes' }],
    [update, { channel, ts, text: 'The shop is up' }],
    [thread, { channel, ts }],
    [history, { channel }],
  ])
  expect(second.output).toMatchObject({
    4: [{ text: 'The shop is up' }, { text: 'Looking', thread_ts: ts }],
    5: [{ text: 'The shop is up' }],
  })
  // What tells an effect apart is shown to apps that ask for it alone.
  expect(JSON.stringify(second.output)).not.toContain('metadata')
})

test.for(['lost-answer', 'server-error', 'error-page', 'rate-limited'] as const)(
  'Slack: a message is posted once when a request meets %s',
  async (kind) => {
    const server = served(slack, await startSlack())
    server.faults.add({ kind, times: 1, on: 'POST /chat.postMessage' })
    const chat = slack({ rules: { post: never } })
    const done = await called(chat, [[chat.actions.post, { channel: 'C0GENERAL', text: 'hello' }]])
    expect(done.status).toBe('succeeded')
    expect(server.books.count('message-posted')).toBe(1)
  },
)

test('Slack: what a token lacks is named, and a channel that is not there', async () => {
  const server = served(slack, await startSlack())
  const chat = slack({ rules: { post: never } })
  server.tokens.set('xoxb-stand-in-0000000000', { scopes: ['channels:history'] })
  const post = [[chat.actions.post, { channel: '#nowhere', text: 'hello' }]] as const
  expect(await called(chat, post)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('chat:write') },
  })
  server.tokens.set('xoxb-stand-in-0000000000', {})
  expect(await called(chat, post)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('there is no such channel') },
  })
})

test('Telegram: messages; one whose answer is lost is for a person', async () => {
  const server = served(telegram, await startTelegram())
  const bot = telegram({ rules: { send: never, edit: never } })
  const { send, edit, chat } = bot.actions
  const sent = await called(bot, [
    [send, { chatId: 100, text: 'hello' }],
    [edit, { chatId: 100, messageId: 1, text: 'hello' }],
    [edit, { chatId: 100, messageId: 1, text: 'good day' }],
    [chat, { chatId: 100 }],
  ])
  expect(sent.output).toMatchObject({ 0: { messageId: 1 }, 3: { type: 'private' } })
  expect(server.state.messages).toMatchObject([{ text: 'good day' }])
  server.faults.add({
    kind: 'lost-answer',
    times: 1,
    // Not what is looked at of the account meanwhile.
    on: ({ path }) => path.endsWith('sendMessage'),
  })
  await expect(called(bot, [[send, { chatId: 100, text: 'again' }]])).rejects.toMatchObject({
    code: 'run-waits',
  })
  expect(server.books.count('message-sent')).toBe(2)
  // The token stands in addresses, and in nothing that is told.
  expect(JSON.stringify(sent)).not.toContain('stand-in-token')
})

test.for(['POST /drafts', 'POST /drafts/send'])(
  'Gmail: a letter is sent once when the answer of %s is lost',
  async (on) => {
    const server = served(gmail, await startGmail())
    server.faults.add({ kind: 'lost-answer', times: 1, on })
    const post = gmail({ rules: { send: never } })
    const letter = { to: ['eve@shop.test'], subject: 'Hello', text: 'On its way' }
    expect(await called(post, [[post.actions.send, letter]])).toMatchObject({ status: 'succeeded' })
    expect([server.books.count('letter-sent'), server.state.drafts.length]).toEqual([1, 0])
  },
)

test('Gmail: letters, threads, labels, drafts', async () => {
  const server = served(gmail, await startGmail())
  const post = gmail({})
  const { search, thread, label, draft } = post.actions
  const id = server.deliver('From: eve@shop.test\r\nMessage-ID: <1@x>\r\nSubject: Hello\r\n\r\nwhere is it?')
  server.deliver('From: eve@shop.test\r\nIn-Reply-To: <1@x>\r\nSubject: Re\r\n\r\nthanks')
  const { threadId } = server.state.messages[0]!
  const done = await called(post, [
    [search, { query: 'thanks' }],
    [thread, { id: threadId }],
    [label, { id, add: ['STARRED'], remove: ['UNREAD'] }],
    [draft, { to: ['eve@shop.test'], subject: 'Re', text: 'soon', threadId }],
  ])
  expect(done.output).toMatchObject([
    [{ text: expect.stringContaining('thanks'), threadId, folder: 'INBOX', isSeen: false }],
    [{ subject: 'Hello' }, { subject: 'Re' }],
    { labelIds: ['INBOX', 'STARRED'] },
    { messageId: expect.any(String) },
  ])
  expect(server.state.drafts).toMatchObject([{ message: { threadId } }])
})

test('Google Calendar: an event is made once whatever is lost, and free and busy times', async () => {
  const server = served(googleCalendar, await startCalendar())
  server.faults.add({ kind: 'lost-answer', times: 1, on: 'POST /calendars/:calendar/events' })
  const calendar = googleCalendar({ rules: { createEvent: never, updateEvent: never, deleteEvent: never } })
  const { createEvent, updateEvent, deleteEvent, events, freeBusy } = calendar.actions
  const [start, end] = ['2026-05-04T10:00:00Z', '2026-05-04T11:00:00Z']
  const times = { start: { dateTime: start }, end: { dateTime: end } }
  const made = await called(calendar, [
    [createEvent, { summary: 'Lunch', ...times, attendees: ['eve@shop.test'] }],
  ])
  expect(made).toMatchObject({ output: [{ summary: 'Lunch', status: 'confirmed' }] })
  expect(server.books.count('event-created')).toBe(1)
  const { id } = server.state.events[0]!
  const range = { from: '2026-05-04T00:00:00Z', until: '2026-05-05T00:00:00Z' }
  const more = await called(calendar, [
    [updateEvent, { id, summary: 'Late lunch' }],
    [events, range],
    [freeBusy, { ...range, calendars: ['primary', 'other@shop.test'] }],
    [deleteEvent, { id }],
    [deleteEvent, { id }],
    [events, range],
  ])
  expect(more.output).toMatchObject({
    1: [{ summary: 'Late lunch' }],
    2: { primary: { busy: [{ start, end }] }, 'other@shop.test': { busy: [], problem: 'notFound' } },
    5: [],
  })
})

test("Slack's events and buttons are read as Slack signs them", () => {
  const { event, interaction } = slack.definition.triggers!
  const its = {
    type: 'event_callback',
    team_id: 'T1',
    event_id: 'E1',
    event_time: 1,
    event: { type: 'message' },
  }
  expect(event.schema.parse(its)).toMatchObject({ event: { type: 'message' } })
  const payload = JSON.stringify({ type: 'block_actions', team: { id: 'T1' }, user: { id: 'U1' } })
  expect(interaction.schema.parse({ payload })).toMatchObject({
    payload: { user: { id: 'U1' }, actions: [] },
  })
  expect(interaction.schema.safeParse({ payload: '{' }).success).toBe(false)
  expect(event.foreign!(its as never, { settings: {}, mode: 'live', identity: 'T2' })).toContain('T1')
})
