import { expect, onTestFinished, test } from 'vitest'
import type { Fault } from '../../src/connectors/stand-in/faults.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { openDesk } from '../../src/testing/connector-checks/desk.ts'
import { telegramCase } from './cases/telegram.ts'
import { ticketsCase } from './cases/tickets/case.ts'

async function deskWith(fault: Fault, of = ticketsCase) {
  const desk = await openDesk(of)
  onTestFinished(() => desk[Symbol.asyncDispose]())
  return { ...desk, up: desk.standIn.faults.add(fault) }
}

const unavailable = { kind: 'server-error', status: 503 } as const

test.each([20, 45, 600])(
  'a call that may be repeated outlasts an outage of %i s, and is done once',
  async (seconds) => {
    const { standIn, read, write, test: desk, up, pass } = await deskWith(unavailable)
    const runs = [...(await read(1)), ...(await write(3))]
    await desk.advance(`${seconds}s`)
    expect(await Promise.all(runs.map((run) => run.status()))).toEqual(Array(4).fill('waiting'))
    const asked = standIn.requests.length
    // No request of a call goes out to what is down: looks alone.
    if (seconds === 600) {
      await desk.advance('1m')
      expect(standIn.requests.slice(asked).filter(({ path }) => path !== '/me')).toEqual([])
    }
    up()
    await pass(70)
    expect(await Promise.all(runs.map((run) => run.status()))).toEqual(Array(4).fill('succeeded'))
    expect([standIn.books.count('replied'), standIn.books.doubled()]).toEqual([3, []])
  },
)

test('an outage is outlasted over a crash, and its waits grow', async () => {
  const { write, test: desk, up, pass } = await deskWith(unavailable)
  const [run] = await write(1)
  await desk.advance('3s')
  await desk.crash()
  await desk.advance('10s')
  await desk.crash()
  up()
  await pass(40)
  expect(await run!.status()).toBe('succeeded')
  const waits = (await run!.journal()).flatMap((event) =>
    event.type === 'effect-retrying' ? [payloadOf(event, 'effect-retrying').dueAt - event.at] : [],
  )
  expect(waits.length).toBeGreaterThan(3)
  expect(waits).toEqual(waits.toSorted((left, right) => left - right))
})

test('a part of a service that never answers fails its call in some minutes, although the account is well', async () => {
  const { write, test: desk, pass } = await deskWith({ ...unavailable, on: 'POST /tickets/:id/replies' })
  const [run] = await write(1)
  await desk.advance('2m')
  expect(await run!.status()).toBe('waiting')
  await desk.advance('4m')
  await pass(1)
  expect(await run!.status()).toBe('failed')
})

test('who says how often a call is tried has his way', async () => {
  const { connector } = ticketsCase
  const { find } = connector.definition.actions
  const retry = { attempts: 2, delay: '1s' }
  const actions = {
    ...connector.definition.actions,
    find: { ...find, definition: { ...find.definition, retry } },
  }
  const of = {
    ...ticketsCase,
    connector: Object.assign(() => {}, { definition: { ...connector.definition, actions } }) as never,
  }
  const { read, pass } = await deskWith(unavailable, of)
  const [run] = await read(1)
  await pass(3)
  expect(await run!.status()).toBe('failed')
})

test.each([200, 403, 404])(
  'a page of HTML with %i in the place of the service fails at once',
  async (status) => {
    const { standIn, read } = await deskWith({ kind: 'error-page', status })
    const [run] = await read(1)
    expect(await run!.status()).toBe('failed')
    await expect(run!.output()).rejects.toThrow('HTML')
    expect(standIn.requests.filter(({ path }) => path.startsWith('/tickets'))).toHaveLength(1)
  },
)

test('a page of HTML with 503 or 429 is waited for', async () => {
  for (const status of [503, 429]) {
    const { read, up, pass } = await deskWith({ kind: 'error-page', status })
    const [run] = await read(1)
    await pass(20)
    expect(await run!.status()).toBe('waiting')
    up()
    await pass(40)
    expect(await run!.status()).toBe('succeeded')
  }
})

test('what may have been done and must not be repeated is asked about, and not repeated', async () => {
  const { standIn, write, test: desk, up, pass } = await deskWith(unavailable, telegramCase)
  const [run] = await write(1)
  await pass(20)
  expect((await run!.view()).asks).toHaveLength(1)
  up()
  await pass(60)
  expect([await run!.status(), standIn.books.count('message-sent')]).toEqual(['waiting', 0])
  expect((await desk.runtime.listApprovals()).length).toBe(1)
})
