import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { email } from '../../src/connectors/email/email.ts'
import { start as startMail } from '../../src/connectors/email/stand-in.ts'
import { gmail } from '../../src/connectors/gmail/gmail.ts'
import { start as startGmail } from '../../src/connectors/gmail/stand-in.ts'
import { googleCalendar } from '../../src/connectors/google-calendar/google-calendar.ts'
import { start as startCalendar } from '../../src/connectors/google-calendar/stand-in.ts'
import { start as startTelegram } from '../../src/connectors/telegram/stand-in.ts'
import { telegram } from '../../src/connectors/telegram/telegram.ts'
import { workflow } from '../../src/context.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { listDeliveries } from '../../src/store/dispatch/deliveries.ts'
import { payloadAt } from '../../src/store/journal/journal.ts'
import { type TestRuntime, testRuntime } from '../../src/testing/index.ts'

const input = z.object({ about: z.string() })
const run = async (_ctx: unknown, { about }: z.output<typeof input>) => about

/** A stand-in in the place of the one that the runtime would start. */
function served<Running extends { close(): Promise<void> }>(
  connection: { definition: object },
  running: Running,
): Running {
  onTestFinished(() => running.close())
  const { sandbox } = connection.definition as { sandbox: { standIn: { load: () => Promise<unknown> } } }
  const { load } = sandbox.standIn
  sandbox.standIn.load = async () => async () => ({ ...running, close: async (): Promise<void> => {} })
  onTestFinished(() => {
    sandbox.standIn.load = load
  })
  return running
}

async function lookAt(test: TestRuntime): Promise<void> {
  const { pollLoops } = internalsOf(test.runtime)
  for (const follower of pollLoops.followers) while (await follower.look()) {}
}

async function outputs(test: TestRuntime): Promise<string[]> {
  const { database } = internalsOf(test.runtime)
  const rows = await database.all<{ no: number }>('select no from runs order by no')
  return Promise.all(
    rows.map(async ({ no }) => {
      const { input: given, channel } = JSON.parse((await payloadAt(database, no, 1))!)
      return `${channel}: ${given.about}`
    }),
  )
}

const letter = (subject: string) =>
  `From: Eve <eve@shop.test>\r\nMessage-ID: <${subject}@x>\r\nSubject: ${subject}\r\n\r\nhello`

test('letters of a mailbox start a run each, also across deaths; what cannot be read is written down', async () => {
  const server = served(email, await startMail())
  const post = email({})
  const desk = workflow({
    name: 'desk',
    input,
    on: [post.on.letter({ input: ({ subject }) => ({ about: subject }) })],
    run,
  })
  await using test = await testRuntime({ workflows: [desk], config: { connectors: { email: post } } })
  const { inbox } = server.account().store
  await lookAt(test)
  inbox.add(Buffer.from(letter('one')), { at: Date.now() })
  inbox.add(Buffer.from('no letter'), { at: Date.now() })
  inbox.add(Buffer.from(letter('two')), { at: Date.now() })
  await lookAt(test)
  const { database } = internalsOf(test.runtime)
  // As after a death between the last start and the move of the cursor.
  await database.transaction((session) =>
    session.run(`update cursors set place = ? where name like 'poll:%'`, [
      JSON.stringify({ uidValidity: '1', uid: 0, at: 0 }),
    ]),
  )
  await test.crash()
  inbox.renumber()
  inbox.add(Buffer.from(letter('three')), { at: Date.now() })
  await lookAt(test)
  expect(await outputs(test)).toEqual(['mail: one', 'mail: two', 'mail: three'])
  const refused = (await listDeliveries(internalsOf(test.runtime).database, 'email.letter', 10)).filter(
    ({ outcome }) => outcome === 'refused',
  )
  expect(refused).toMatchObject([{ reason: expect.stringContaining('could not be read') }])
})

test('letters of Gmail are followed by its history, and listed where that is forgotten', async () => {
  const server = served(gmail, await startGmail())
  server.deliver(letter('before'))
  const post = gmail({})
  const desk = workflow({
    name: 'desk',
    input,
    on: [post.on.letter({ input: ({ subject }) => ({ about: subject }) })],
    run,
  })
  await using test = await testRuntime({ workflows: [desk], config: { connectors: { gmail: post } } })
  await lookAt(test)
  for (let number = 0; number < 27; number++) server.deliver(letter(`n${number}`))
  await lookAt(test)
  expect(await outputs(test)).toHaveLength(27)
  server.state.forgottenBefore = server.state.next + 1
  server.deliver(letter('after'))
  await lookAt(test)
  const all = await outputs(test)
  expect(all.filter((each) => each === 'mail: after')).toHaveLength(1)
  expect(new Set(all).size).toBe(all.length)
})

test('changes of a calendar are followed by its tokens, and told anew where they are gone', async () => {
  const server = served(googleCalendar, await startCalendar())
  const calendar = googleCalendar({ rules: { createEvent: { approval: 'never' } } })
  const when = { start: { dateTime: '2026-05-04T10:00:00Z' }, end: { dateTime: '2026-05-04T11:00:00Z' } }
  const plan = workflow({
    name: 'plan',
    input: z.string(),
    run: async (ctx, summary) => (await ctx.call(calendar.actions.createEvent, { summary, ...when })).id,
  })
  const desk = workflow({
    name: 'desk',
    input,
    on: [calendar.on.changed({ input: ({ summary, status }) => ({ about: `${summary} ${status}` }) })],
    run,
  })
  await using test = await testRuntime({
    workflows: [plan, desk],
    config: { connectors: { 'google-calendar': calendar } },
    at: new Date().toISOString(),
  })
  await lookAt(test)
  await test.start(plan, 'lunch')
  await lookAt(test)
  server.state.forgottenBefore = server.state.changes + 1
  await test.start(plan, 'tea')
  await lookAt(test)
  await lookAt(test)
  expect((await outputs(test)).filter((each) => each.startsWith('webhook'))).toEqual([
    'webhook:google-calendar.changed: lunch confirmed',
    'webhook:google-calendar.changed: tea confirmed',
  ])
  expect(server.books.doubled()).toEqual([])
})

test('what people write to a bot starts a run each', async () => {
  const server = served(telegram, await startTelegram())
  server.write('before')
  const bot = telegram({})
  const desk = workflow({
    name: 'desk',
    input,
    on: [bot.on.update({ input: ({ message }) => (message?.text ? { about: message.text } : undefined) })],
    run,
  })
  await using test = await testRuntime({ workflows: [desk], config: { connectors: { telegram: bot } } })
  await lookAt(test)
  server.write('hello')
  server.write('more')
  await lookAt(test)
  expect(await outputs(test)).toEqual(['webhook:telegram.update: hello', 'webhook:telegram.update: more'])
})
