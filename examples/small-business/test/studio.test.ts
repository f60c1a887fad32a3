import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { standInOf, testRuntime } from 'reeve/testing'
import { expect, onTestFinished, test } from 'vitest'
import { mail } from '../studio/connections.ts'
import { freeHalfHour } from '../studio/free-time.ts'

const project = join(import.meta.dirname, '../studio')

/** The studio in sandbox, with a mail server, a Stripe and a calendar of this machine. */
async function openStudio() {
  const folder = mkdtempSync(join(tmpdir(), 'studio-'))
  const studio = await testRuntime({
    project,
    file: join(folder, 'reeve.db'),
    at: '2026-03-06T12:00:00Z', // a Friday
    patience: '5m',
  })
  onTestFinished(async () => {
    await studio.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const urlOfMail = async () => (await standInOf(studio, mail.name)).url
  const kept = <State>(name: string) =>
    (JSON.parse(readFileSync(join(folder, `sandbox/${name}.json`), 'utf8')) as { state: State }).state
  return {
    studio,
    async deliver(name: string) {
      const body = readFileSync(join(project, 'letters', name))
      await fetch(new URL('/letters', await urlOfMail()), { method: 'POST', body })
      await studio.advance('1m') // it looks into the mailbox
    },
    sent: async () =>
      (await (await fetch(new URL('/sent', await urlOfMail()))).json()) as { to: string[]; letter: string }[],
    stripe: () => kept<{ invoices: { status: string; amount_due: number }[]; refunds: object[] }>('stripe'),
    events: () =>
      kept<{ events: { summary: string; status: string; start: { dateTime: string } }[] }>('google-calendar')
        .events,
    asked: async (subject: string) =>
      (await studio.runtime.listApprovals()).filter((each) => each.subject === subject),
  }
}

test('whoever wants something built gets one free half hour and one letter, whenever the worker dies', async () => {
  const { studio, deliver, sent, events, asked } = await openStudio()
  studio.crashIn('google-calendar.createEvent', 'after')
  await deliver('project.eml')
  expect(events()).toMatchObject([
    {
      summary: 'Call with ada.lind@customers.example',
      status: 'confirmed',
      start: { dateTime: '2026-03-09T10:00:00.000Z' },
    },
  ])
  const [request] = await asked('email.send')
  expect(await sent()).toEqual([])
  studio.crashIn('email.send', 'after')
  await studio.runtime.decide(request!.id, { verdict: 'approve', by: 'robin' })
  await studio.settle()
  expect((await studio.runtime.getRun(request!.runId)).output).toMatchObject({ outcome: 'answered' })
  const letters = await sent()
  expect(letters.map(({ to }) => to)).toEqual([['ada.lind@customers.example']])
  expect(letters[0]!.letter).toContain('2026-03-09 at 10:00 (UTC)')
  expect(letters[0]!.letter).toContain('In-Reply-To: <booking-page-1@customers.example>')
  expect(events()).toHaveLength(1)
})

test('a letter that a person rejects is not sent, and its half hour is free again', async () => {
  const { studio, deliver, sent, events, asked } = await openStudio()
  await deliver('project.eml')
  const [request] = await asked('email.send')
  await studio.runtime.decide(request!.id, { verdict: 'reject', by: 'robin' })
  await studio.settle()
  expect((await studio.runtime.getRun(request!.runId)).output).toMatchObject({ outcome: 'rejected' })
  expect(await sent()).toEqual([])
  expect(events()).toMatchObject([{ status: 'cancelled' }])
})

test('what was delivered is invoiced once, and whoever is late is reminded three times at most', async () => {
  const { studio, sent, stripe } = await openStudio()
  studio.crashIn('stripe.createInvoice', 'after')
  const run = await studio.start('send-invoice', {
    email: 'ada.lind@customers.example',
    name: 'Ada Lind',
    description: 'Website care, month 1',
    amount: 49_00,
  })
  await studio.approve(run, { by: 'robin' })
  expect(stripe().invoices).toMatchObject([{ status: 'open', amount_due: 49_00 }])
  expect(await sent()).toEqual([])
  await studio.advance('15d')
  for (let week = 0; week < 3; week++) {
    await studio.approve(run, { by: 'robin' })
    await studio.advance('7d')
  }
  expect(await run.output()).toMatchObject({ status: 'open', reminders: 3 })
  expect(await sent()).toHaveLength(3)
  expect(stripe().invoices).toHaveLength(1)
})

test('what was paid twice is paid back once, when a person approved it', async () => {
  const { studio, stripe } = await openStudio()
  const run = await studio.start('pay-back', { payment: 'pi_standin_49', amount: 49_00 })
  expect(await run.status()).toBe('waiting')
  studio.crashIn('stripe.refund', 'after')
  await studio.approve(run, { by: 'robin' })
  expect(await run.output()).toMatchObject({ amount: 49_00, payment_intent: 'pi_standin_49' })
  expect(stripe().refunds).toHaveLength(1)
})

test('half an hour is looked for on working days, in the hours of the studio, beside what is there', () => {
  const days = { from: '2026-03-07T00:00:00.000Z', until: '2026-03-10T00:00:00.000Z' }
  const busy = [{ start: '2026-03-09T09:00:00Z', end: '2026-03-09T10:15:00Z' }]
  expect(freeHalfHour(days, busy)?.start).toBe('2026-03-09T10:30:00.000Z')
  expect(freeHalfHour(days, [{ start: days.from, end: days.until }])).toBeUndefined()
})
