import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Context, workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { bodyOf, listProposals } from '../../src/store/proposals/proposals.ts'
import { contradict, sayingOf } from '../../src/text/sameness.ts'
import { openLearning } from '../learning/house.ts'

const keep = workflow({
  name: 'keep',
  input: z.object({ text: z.string(), trusted: z.boolean().optional() }),
  run: (ctx: Context, { text, trusted }) => ctx.remember(text, { scope: 'policy', trusted }),
}) as unknown as Workflow

const propose = workflow({
  name: 'propose',
  input: z.object({ id: z.string(), text: z.string().nullable() }),
  async run(ctx: Context, { id, text }) {
    const options = { why: 'a mail says so', propose: true }
    if (text === null) await ctx.forget(id, options)
    else await ctx.amend(id, text, options)
  },
}) as unknown as Workflow

async function openHouse() {
  const house = await openLearning({}, [keep, propose])
  const { database, memory } = house.internals
  const output = async (name: string, input: object) => {
    const ended = await (await house.run(name, input)).result()
    if (ended.status !== 'succeeded') throw new Error(JSON.stringify(ended))
    return ended.output as unknown as string
  }
  const found = async () => {
    const { passages } = await memory.recall('refunds', { in: 'policy', limit: 20 })
    return passages.map(({ text }) => text).sort()
  }
  const open = (kind: 'amendment' | 'contradiction') =>
    listProposals(database, { kind, status: 'open', limit: 9 })
  return { ...house, output, found, open }
}

test('what a run proposes to amend or retire changes when a person adopts it, and only then', async () => {
  const { output, found, open, decide } = await openHouse()
  const id = await output('keep', { text: 'Refunds take five days.' })
  await output('propose', { id, text: 'Refunds are paid by card.' })
  expect(await found()).toEqual(['Refunds take five days.'])
  const [amendment] = await open('amendment')
  expect(bodyOf(amendment!)).toMatchObject({ item: id, version: 1, before: 'Refunds take five days.' })
  await decide(amendment!.id, 'adopted')
  expect(await found()).toEqual(['Refunds are paid by card.'])

  await output('propose', { id, text: null })
  const [end] = await open('amendment')
  await decide(end!.id, 'rejected')
  expect(await found()).toEqual(['Refunds are paid by card.'])
  await output('propose', { id, text: null })
  await decide((await open('amendment'))[0]!.id, 'adopted')
  expect(await found()).toEqual([])
})

test('a proposal about a version that stands no more changes nothing, and says so', async () => {
  const { output, found, open, decide, internals } = await openHouse()
  const id = await output('keep', { text: 'Refunds take five days.' })
  await output('propose', { id, text: 'Refunds are paid by card.' })
  const [amendment] = await open('amendment')
  await internals.memory.amend(id, 'Refunds go to the wallet.', { by: 'ada', why: 'new contract' })
  expect(await decide(amendment!.id, 'adopted')).toMatchObject({
    problem: expect.stringContaining('version 2'),
  })
  expect(await found()).toEqual(['Refunds go to the wallet.'])
})

test('what contradicts an item of its scope is flagged with both sides, and whoever decides takes one', async () => {
  const { output, found, open, decide } = await openHouse()
  const one = await output('keep', { text: 'Refunds take five days.', trusted: true })
  const other = await output('keep', { text: 'Refunds take 3000 days.' })
  await output('keep', { text: 'Refunds need an order number.' })
  const [flagged, ...more] = await open('contradiction')
  expect(more).toEqual([])
  expect(bodyOf(flagged!).items).toMatchObject({
    one: { id: one, text: 'Refunds take five days.', untrusted: false },
    other: { id: other, text: 'Refunds take 3000 days.', untrusted: true },
  })
  expect(await found()).toHaveLength(3)
  await decide(flagged!.id, 'rejected')
  expect(await found()).toEqual(['Refunds need an order number.', 'Refunds take five days.'])
})

test('near duplicates are one passage with the sources of all, the trusted one; what denies it is another', async () => {
  const { output, internals } = await openHouse()
  await output('keep', { text: 'REFUNDS take five days!' })
  await output('keep', { text: 'Refunds take five days', trusted: true })
  await output('keep', { text: 'The refunds take five days.' })
  await output('keep', { text: 'Refunds do not take five days.' })
  const { passages, audit } = await internals.memory.recall('refunds five days', { in: 'policy' })
  expect(passages.map(({ text, untrusted }) => [text, untrusted])).toEqual(
    expect.arrayContaining([
      ['Refunds take five days', undefined],
      ['Refunds do not take five days.', true],
    ]),
  )
  expect(passages).toHaveLength(2)
  expect(passages.find(({ untrusted }) => !untrusted)!.alsoFrom).toHaveLength(2)
  expect(audit.candidates.filter(({ outcome }) => outcome === 'repeats-a-chosen-one')).toHaveLength(2)
})

test.each([
  ['Refunds take five days.', 'Refunds take 7 days.', true],
  ['The limit is 500 euros.', 'The limit is 500 euros', false],
  ['Cards are accepted.', 'Cards are not accepted.', true],
  ["We don't take cards.", 'We take cards.', true],
  ['We cannot refund that.', 'We can refund that.', true],
  ['We never close.', 'We do not close.', false],
  ['Ada wants invoices by mail.', 'Ben wants invoices by mail.', false],
])('%s / %s', (one, other, expected) => {
  expect(contradict(one, other)).toBe(expected)
  expect(contradict(other, one)).toBe(expected)
})

test('a sign belongs to its number', () => {
  expect(sayingOf('A change of -5 percent')).not.toBe(sayingOf('A change of 5 percent'))
})
