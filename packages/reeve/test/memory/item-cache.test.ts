import { expect, test } from 'vitest'
import { splitDocument } from '../../src/memory/ingest/passages.ts'
import type { Memory } from '../../src/memory/memory.ts'
import { embed } from '../../src/models/local/text/embed.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import { keepPassages, openMemory } from './memory-harness.ts'

const words = 'card refund parcel invoice limit transfer fee account password branch holiday loan'.split(' ')

/** Texts of these words that differ from one another, each with a scope. */
function texts(count: number, from = 0) {
  return Array.from({ length: count }, (_, index) => {
    const at = index + from
    const chosen = Array.from(
      { length: 6 },
      (_, place) => words[(at * (place + 3) + place * at) % words.length],
    )
    return {
      id: `text-${at}`,
      text: `${chosen.join(' ')} number${at}`,
      scope: at % 3 === 0 ? 'bank/cards' : 'bank',
    }
  })
}

const keep = (memory: Memory, some: ReturnType<typeof texts>) =>
  keepPassages(
    memory,
    some.flatMap(({ id, text, scope }) => splitDocument({ id, scope, title: '', text, source: 'bank' })),
  )

/** The same items, looked for in a copy and in the database. */
async function both() {
  const copied = await openMemory()
  const looked = await openMemory({ database: copied.database, mostCached: 0 })
  return { copied, looked }
}

const by = { by: 'owner', why: 'a test' }
const found = async (memory: Memory, query: string, options = {}) =>
  (await memory.recall(query, { limit: 8, ...options })).passages.map(({ id, score }) => ({ id, score }))

test('the copy finds what the database finds, in the same order', async () => {
  const { copied, looked } = await both()
  await keep(copied, texts(300))
  const queries = ['refund of a card', 'my pasword', 'loan fee number17', 'nothing of this', 'holiday', '']
  for (const options of [
    {},
    { in: 'bank/cards' },
    { by: 'words' },
    { kinds: ['fact'] },
    { trustedOnly: true },
  ])
    for (const query of queries)
      expect(await found(copied, query, options)).toEqual(await found(looked, query, options))
})

test('what somebody else adds is found at once', async () => {
  const { copied, looked } = await both()
  await keep(copied, texts(20))
  await found(copied, 'unicorn')
  await keep(looked, [{ id: 'new', text: 'A unicorn eats hay.', scope: 'bank' }])
  expect((await found(copied, 'unicorn'))[0]!.id).toBe('new#0')
  await keep(looked, [{ id: 'newer', text: 'A unicorn, a unicorn.', scope: 'bank' }])
  expect((await found(copied, 'unicorn')).map(({ id }) => id)).toEqual(
    (await found(looked, 'unicorn')).map(({ id }) => id),
  )
})

test('what somebody else retracts, redacts or puts something in place of is not found, and another one is in its stead', async () => {
  const { copied, looked } = await both()
  await keep(copied, texts(60))
  const before = await found(copied, 'refund')
  expect(before).toHaveLength(8)
  await looked.retract(before[0]!.id, by)
  await looked.redact(before[1]!.id, by)
  await looked.amend(before[2]!.id, 'It says nothing of that any more.', by)
  const after = (await found(copied, 'refund')).map(({ id }) => id)
  expect(after).toHaveLength(8)
  for (const { id } of before.slice(0, 3)) expect(after).not.toContain(id)
  expect(after).toEqual((await found(looked, 'refund')).map(({ id }) => id))
})

test('a row that takes the number of one that is gone is not taken for it', async () => {
  const { copied, looked } = await both()
  await keep(copied, texts(5))
  await found(copied, 'unicorn')
  await copied.database.run('delete from items where no >= 4', [])
  await keep(looked, [
    { id: 'other', text: 'A unicorn eats hay.', scope: 'bank' },
    { id: 'another', text: 'A unicorn drinks.', scope: 'bank' },
    { id: 'last', text: 'A horse sleeps.', scope: 'bank' },
  ])
  const ids = (await found(copied, 'unicorn', { by: 'words' })).map(({ id }) => id)
  expect(ids.sort()).toEqual(['another#0', 'other#0'])
})

test('items that another embedder made are looked for in the database until theirs are made anew', async () => {
  const old = { name: 'old', wordShare: 0.5, embed }
  const before = await openMemory({ embedder: old })
  await keep(before, texts(30))
  const now = await openMemory({ database: before.database, others: [old] })
  const expected = await found(before, 'refund of a card')
  expect(await found(now, 'refund of a card')).toEqual(expected)
  await now.reembed()
  const { audit } = await now.recall('refund of a card')
  expect(audit.embedders).toEqual([now.embedder.name])
})

test('as of a time before, what has ended since is found', async () => {
  const { copied, looked } = await both()
  await keep(copied, texts(20))
  const [first] = await found(copied, 'refund')
  const asOf = copied.clock.now()
  await (looked.clock as FakeClock).advance(10)
  await looked.retract(first!.id, by)
  expect(await found(copied, 'refund', { asOf })).toContainEqual(first)
  expect(await found(copied, 'refund')).not.toContainEqual(first)
})

test('more than a copy holds is looked for in the database', async () => {
  const few = await openMemory({ mostCached: 10 })
  await keep(few, texts(8))
  expect(await found(few, 'refund')).not.toEqual([])
  await keep(few, texts(20, 8))
  const all = await openMemory({ database: few.database, mostCached: 0 })
  expect(await found(few, 'refund number25')).toEqual(await found(all, 'refund number25'))
})

test('what begins to be valid is found then, and no longer once it is over', async () => {
  const { copied } = await both()
  await keep(copied, texts(20))
  const clock = copied.clock as FakeClock
  const from = clock.now() + 1000
  const said = { validFrom: new Date(from), validUntil: new Date(from + 1000), trusted: true }
  const origin = { id: 'offer', run: 'r', step: 1, at: clock.now() }
  await copied.keep(await copied.prepare('A unicorn eats hay.', said, origin))
  const isFound = async () => (await found(copied, 'unicorn')).some(({ id }) => id === 'offer')
  const seen: boolean[] = []
  for (let times = 0; times < 3; times++) {
    seen.push(await isFound(), await isFound())
    await clock.advance(1000)
  }
  expect(seen).toEqual([false, false, true, true, false, false])
})
