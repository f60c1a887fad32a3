import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Evidence, weighEvidence } from '../../src/context/evidence.ts'
import { workflow } from '../../src/context.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import type { EventType } from '../../src/store/journal/events.ts'
import type { JournalEvent } from '../../src/store/journal/journal.ts'
import { countItems, readVersions } from '../../src/store/memory/items.ts'
import { originsOf } from '../../src/store/memory/rests/item-origins.ts'
import { eventsOf } from '../engine/harness.ts'
import { memoryBench } from './memory-bench.ts'

type Told = [type: EventType, payload: unknown, step?: number]

function journal(told: readonly Told[]): JournalEvent[] {
  return told.map(([type, payload, step], index) => ({
    seq: index + 1,
    type,
    step: step ?? index,
    name: null,
    args: null,
    at: 0,
    payload: JSON.stringify(payload),
    blob: null,
    hash: '',
  })) as unknown as JournalEvent[]
}

const input: Told = ['run-started', { input: { body: 'Ada wants  invoices by post.' } }]
const recall: Told = [
  'recall-completed',
  { passages: [{ id: 'm1', source: 's', title: 't', text: 'Ada lives in Rome.', score: 1 }] },
]
const answer = (value: string): Told => ['question-completed', { value }]
const step = (value: string): Told => ['step-completed', value]
const effect = (value: string): Told => ['effect-completed', { answer: value }]
const signal = (value: string): Told => ['signal-received', { says: value }]
const child = (value: string): Told => ['child-finished', { status: 'succeeded', value }]
const asked = (words: string): Told => [
  'approval-requested',
  { approval: 'a', expiresAt: null, shown: { words } },
  7,
]
const decided = (status: string, by: string | null, more: object = {}): Told => [
  'approval-decided',
  { status, by, ...more },
  7,
]

const own = { basis: 'own' }
const recalled = { basis: 'recalled', restsOn: ['m1'] }
const person = { basis: 'person', by: 'lena' }

test.each<[string, readonly Told[], string, object, string[]?]>([
  ['nothing was recalled: whatever code makes', [input], 'Made by code.', own],
  ['the input, in other spaces and letters', [input, recall], 'ada wants invoices BY POST.', own],
  ['a part of the input', [input, recall], 'invoices by post', own],
  ['what was recalled', [input, recall], 'Ada lives in Rome.', recalled],
  ['what was recalled, in other words', [input, recall], 'Her home is Rome.', recalled],
  ['a model’s answer after the recall', [input, recall, answer('She is Roman.')], 'She is Roman.', recalled],
  ['a model’s answer before the recall', [input, answer('She likes post.'), recall], 'She likes post.', own],
  [
    'a step after the recall, which may hold it',
    [input, recall, step('She is Roman.')],
    'She is Roman.',
    recalled,
  ],
  ['a step before the recall', [input, step('Order 7 is late.'), recall], 'Order 7 is late.', own],
  ['what a tool gave', [input, recall, effect('Order 7 is late.')], 'Order 7 is late.', own],
  ['what a tool echoes', [input, recall, effect('Ada lives in Rome.')], 'Ada lives in Rome.', recalled],
  ['a signal', [input, recall, signal('Call me Ada B.')], 'Call me Ada B.', own],
  ['a child’s result after the recall', [input, recall, child('She is Roman.')], 'She is Roman.', recalled],
  [
    'a later chapter’s input',
    [input, recall, ['run-continued', { input: 'She is Roman.' }]],
    'She is Roman.',
    recalled,
  ],
  [
    'what a person approved',
    [input, recall, asked('Ada lives in Rome.'), decided('approved', 'lena')],
    'Ada lives in Rome.',
    person,
  ],
  [
    'what a person rejected',
    [input, recall, asked('Ada lives in Rome.'), decided('rejected', 'lena')],
    'Ada lives in Rome.',
    recalled,
  ],
  [
    'what nobody decided in time',
    [input, recall, asked('Ada lives in Rome.'), decided('approved', null)],
    'Ada lives in Rome.',
    recalled,
  ],
  [
    'what a person had changed',
    [
      input,
      recall,
      asked('Ada lives in Rome.'),
      decided('approved', 'lena', { edited: true, value: { words: 'No.' } }),
    ],
    'Ada lives in Rome.',
    recalled,
  ],
  ['evidence that stands in the input', [input, recall], 'Prefers post.', own, ['invoices by post']],
  [
    'evidence that stands only in what was recalled',
    [input, recall],
    'Prefers Rome.',
    recalled,
    ['lives in Rome'],
  ],
  [
    'evidence of which a part stands nowhere',
    [input, recall],
    'Both.',
    recalled,
    ['invoices by post', 'no such words'],
  ],
  ['one word, which stands anywhere', [input, recall], 'Ada', recalled],
  ['evidence of nothing', [input, recall], 'Both.', recalled, []],
])('%s', (_what, told, text, evidence, given) => {
  const weighed = weighEvidence(text, given, journal(told), { above: [], below: [] })
  expect(weighed).toEqual(evidence as Evidence)
})

test('what the runs above recalled may be in the input, and what those below did in their results', () => {
  const weigh = (told: Told[], text: string, of: { above?: string[]; below?: string[] }) =>
    weighEvidence(text, undefined, journal(told), { above: [], below: [], ...of })
  expect(weigh([input], 'invoices by post', { above: ['m9'] })).toEqual({
    basis: 'recalled',
    restsOn: ['m9'],
  })
  expect(weigh([input, child('Rome it is.')], 'Rome it is.', { below: ['m8'] })).toEqual({
    basis: 'recalled',
    restsOn: ['m8'],
  })
  expect(weigh([input, child('Rome it is.')], 'Rome it is.', {})).toEqual(own)
  expect(weigh([input, child('x'), answer('Rome, then.')], 'Rome, then.', { below: ['m8'] })).toMatchObject({
    basis: 'recalled',
  })
})

const learn = workflow({
  name: 'learn',
  input: z.object({ text: z.string(), kind: z.enum(['fact', 'episode']).default('fact') }),
  run: (ctx, { text, kind }) => ctx.remember(text, { kind }),
})
const again = workflow({
  name: 'again',
  input: z.object({ kind: z.enum(['fact', 'episode', 'lesson', 'preference']), says: z.string().optional() }),
  async run(ctx, { kind, says }) {
    const [found] = await ctx.recall('home', { query: 'Where does Ada live?', from: 'memory' })
    return ctx.remember(says ?? `Found: ${found!.text}`, { kind })
  },
})
const correct = workflow({
  name: 'correct',
  input: z.string(),
  async run(ctx, id) {
    const [found] = await ctx.recall('home', { query: 'Where does Ada live?', from: 'memory' })
    return ctx.amend(id, `${found!.text} Still.`, { why: 'it says so' })
  },
})
const instructed = workflow({
  name: 'instructed',
  input: z.null(),
  run: (ctx) => ctx.remember('Refund nothing above fifty dollars.'),
})

test('a run that recalled cannot store that again, except as an episode that says so; with its origin it goes', async () => {
  const instructions = ['You are the desk. Refund nothing above fifty dollars. Be kind.']
  const { database, memory, result, output, engine, stop } = await memoryBench(
    [learn, again, correct, instructed],
    { instructions },
  )
  const home = (await output('learn', { text: 'Ada lives in Rome.' })) as string
  for (const kind of ['fact', 'lesson', 'preference'])
    expect(await result('again', { kind })).toMatchObject({
      status: 'failed',
      error: { code: 'feeds-itself', details: { restsOn: [home] } },
    })
  expect(await result('correct', home)).toMatchObject({ error: { code: 'feeds-itself' } })
  expect(await result('instructed')).toMatchObject({ error: { code: 'feeds-itself' } })
  expect(await countItems(database)).toBe(1)
  const said = 'Ada moves to Oslo in May.'
  expect(await output('again', { kind: 'fact', says: said })).toEqual(expect.any(String))
  const handle = await engine.startRun('again', { kind: 'episode' })
  const { output: episode } = (await handle.result()) as { output: string }
  const kept = (await eventsOf(database, handle.id)).find(({ type }) => type === 'remember-completed')!
  expect(JSON.parse(kept.payload!)).toMatchObject({ basis: 'recalled' })
  expect((await originsOf(database, episode)).restsOn).toContain(home)
  expect((await originsOf(database, home)).restingOnIt).toEqual([episode])
  expect((await memory.preview({ item: home })).ids).toEqual([home, episode])
  await memory.retract(home, { by: 'lena', why: 'She never did.' })
  expect((await readVersions(database, episode)).at(-1)).toMatchObject({
    endedAs: 'retracted',
    endedBy: 'lena',
  })
  await stop()
})

const waits = workflow({
  name: 'waits',
  input: z.null(),
  async run(ctx) {
    const [found] = await ctx.recall('home', { query: 'Where does Ada live?', from: 'memory' })
    await ctx.approve('send the parcel', { show: { to: found!.text } })
    return null
  },
})

test('what a pending approval rests on is not taken back without a word; a person’s change is an act of theirs', async () => {
  const { database, memory, output, engine, stop } = await memoryBench([learn, waits])
  const home = (await output('learn', { text: 'Ada lives in Rome.' })) as string
  await engine.startRun('waits', null)
  await vi.waitUntil(async () => (await listPending(database)).length === 1)
  const approval = (await listPending(database))[0]!.id
  const by = { by: 'lena', why: 'She never did.', proof: 'token' as const }
  expect(await memory.preview({ item: home })).toEqual({ count: 1, ids: [home], approvals: [approval] })
  await expect(memory.rollBack({ item: home }, by)).rejects.toMatchObject({
    code: 'approval-rests-on-it',
    details: { approvals: [approval] },
  })
  expect((await readVersions(database, home)).at(-1)).toMatchObject({ endedAt: null })
  await memory.amend(home, 'Ada lives in Oslo.', by)
  await memory.rollBack({ item: home }, by, { despiteApprovals: true })
  const acts = await database.all<{ type: string; subject: string; principal: string }>(
    `select type, subject, principal from authority_log where type like 'memory-%' order by seq`,
  )
  expect(acts).toEqual([
    { type: 'memory-amended', subject: home, principal: 'lena' },
    { type: 'memory-rolled-back', subject: home, principal: 'lena' },
  ])
  await stop()
})
