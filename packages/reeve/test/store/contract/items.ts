import { expect } from 'vitest'
import { createIds } from '../../../src/base/ids.ts'
import type { Database } from '../../../src/store/database.ts'
import { amendItem, endItem, previewRollback, rollBack } from '../../../src/store/memory/item-changes.ts'
import {
  countItems,
  insertItems,
  insertPlacedItems,
  itemValues,
  type NewItem,
  packVector,
  readItems,
  readVersions,
  unpackVector,
} from '../../../src/store/memory/items.ts'
import { NearestItems } from '../../../src/store/memory/nearest-items.ts'
import { SignIndex } from '../../../src/store/memory/sign-index.ts'
import type { Visible } from '../../../src/store/memory/visible.ts'
import { alikeTerms, Spellings } from '../../../src/store/memory/words/item-spellings.ts'
import { findByWords } from '../../../src/store/memory/words/item-words.ts'
import { frequenciesOf } from '../../../src/store/memory/words/term-frequencies.ts'
import { type Open, storeCase } from './fixtures.ts'

const dimensions = 16
const newId = createIds(() => 1)

/** A direction that follows from `seed` alone. */
export const direction = (seed: number) => directionOf(dimensions, seed)

function directionOf(length: number, seed: number): Float32Array {
  let state = seed * 2_654_435_761 + 12_345
  const values = Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  })
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}

export function item(changes: Partial<NewItem> = {}): NewItem {
  return {
    id: newId(),
    scope: '',
    version: 1,
    kind: 'fact',
    heading: '',
    title: 'Title',
    titleTerms: 'titl',
    headingTerms: '',
    bodyTerms: 'text quot brac',
    length: 3,
    document: null,
    place: null,
    validFrom: null,
    validUntil: null,
    text: 'A text — ünïcödé, "quotes", \\ and {braces}',
    hash: 'hash',
    source: 'run r, call 1',
    untrusted: true,
    run: null,
    step: null,
    at: 5,
    embedder: 'e',
    vector: direction(1),
    placed: false,
    ...changes,
  }
}

/** As a process does that looked for pgvector's column. */
export async function addItems(database: Database, items: NewItem[]): Promise<void> {
  const placed = (await new NearestItems(database).column()) !== undefined
  const statement = placed ? insertPlacedItems : insertItems
  for (let from = 0; from < items.length; from += 250) {
    const page = items.slice(from, from + 250)
    await database.bulk(
      statement,
      page.map((one) => itemValues({ ...one, placed })),
    )
  }
}

/** The ids of the nearest items, found and ordered here, in plain numbers. */
export function nearestByHand(items: NewItem[], query: Float32Array, limit: number): string[] {
  const cosine = (vector: Float32Array) => vector.reduce((sum, value, at) => sum + value * query[at]!, 0)
  return items
    .map(({ id, vector }) => ({ id, score: cosine(unpackVector(packVector(vector!))) }))
    .sort((left, right) => right.score - left.score)
    .slice(0, limit)
    .map(({ id }) => id)
}

export async function idsOf(database: Database, found: { no: number }[]): Promise<string[]> {
  const items = new Map(
    (
      await readItems(
        database,
        found.map(({ no }) => no),
      )
    ).map((one) => [one.no, one.id]),
  )
  return found.map(({ no }) => items.get(no)!)
}

export function itemCases(open: Open): void {
  const visible: Visible = { scope: '', kinds: [], asOf: undefined, now: 10, trustedOnly: false }
  const query = { visible, embedder: 'e', vector: direction(1), limit: 10 }

  storeCase('an item comes back as it was remembered', open, async (database) => {
    const kept = item({ scope: 'customers/ada', run: 'run1', step: 3, untrusted: false })
    await addItems(database, [kept, item({ vector: null })])
    const rows = await readItems(database, [1, 2, 9])
    const {
      embedder: _,
      vector: __,
      placed: ___,
      titleTerms,
      headingTerms,
      bodyTerms,
      length,
      ...plain
    } = kept
    expect([titleTerms, headingTerms, bodyTerms, length]).toEqual(['titl', '', 'text quot brac', 3])
    expect(rows.find(({ id }) => id === kept.id)).toEqual({
      ...plain,
      no: 1,
      endedAt: null,
      endedAs: null,
      endedBy: null,
      endedWhy: null,
    })
    expect(rows).toHaveLength(2)
    expect(await countItems(database)).toBe(2)
  })

  storeCase('the nearest items are found, over many pages of rows', open, async (database) => {
    const items = Array.from({ length: 1300 }, (_, index) => item({ vector: direction(index) }))
    await addItems(database, items)
    const nearest = new NearestItems(database, { alwaysInFull: 5000 })
    for (const seed of [2000, 2001, 2002]) {
      const vector = direction(seed)
      const { found, isExact } = await nearest.find({ ...query, vector })
      expect(isExact).toBe(true)
      expect(await idsOf(database, found)).toEqual(nearestByHand(items, vector, 10))
    }
  })

  storeCase('a narrow scope and a broad one are both searched in full', open, async (database) => {
    const items = Array.from({ length: 1200 }, (_, index) =>
      item({
        vector: direction(index),
        scope: index % 10 === 0 ? `few/${index % 20}` : index % 2 === 0 ? 'many/a' : 'many/b',
      }),
    )
    await addItems(database, [...items, item({ scope: 'few/b', embedder: 'other' })])
    await database.run('update items set ended_at = 1 where no in (2, 11)')
    const current = items.filter((_, index) => index !== 1 && index !== 10)
    const nearest = new NearestItems(database, { alwaysInFull: 5000 })
    for (const scope of ['few', 'many', 'many/a']) {
      const { found } = await nearest.find({
        ...query,
        visible: { ...visible, scope },
        vector: direction(3000),
      })
      const inScope = current.filter((one) => `${one.scope}/`.startsWith(`${scope}/`))
      expect(await idsOf(database, found)).toEqual(nearestByHand(inScope, direction(3000), 10))
    }
  })

  storeCase('scores are cosines, and of equal items the older comes first', open, async (database) => {
    const opposite = direction(1).map((value) => -value)
    await addItems(database, [item({ vector: opposite }), item(), item(), item({ vector: null })])
    const { found } = await new NearestItems(database).find(query)
    expect(found.map(({ no }) => no)).toEqual([2, 3, 1])
    for (const [index, score] of [1, 1, -1].entries()) expect(found[index]!.score).toBeCloseTo(score, 1)
  })

  storeCase(
    'a scope holds itself and what is below it, and nothing that only begins alike',
    open,
    async (database) => {
      const scopes = ['', 'a', 'a/b', 'a/b/c', 'a-b', 'a0', 'ab', 'A', 'ä', 'b']
      await addItems(
        database,
        scopes.map((scope) => item({ scope })),
      )
      const nearest = new NearestItems(database)
      const under = async (scope: string) => {
        const { found } = await nearest.find({ ...query, visible: { ...visible, scope } })
        const items = await readItems(
          database,
          found.map(({ no }) => no),
        )
        return items.sort((left, right) => left.no - right.no).map((one) => one.scope)
      }
      expect(await under('a')).toEqual(['a', 'a/b', 'a/b/c'])
      expect(await under('a/b')).toEqual(['a/b', 'a/b/c'])
      expect(await under('ä')).toEqual(['ä'])
      expect(await under('c')).toEqual([])
      expect(await under('')).toEqual(scopes)
    },
  )

  storeCase('ended items and those of another embedder are not found', open, async (database) => {
    await addItems(database, [
      item(),
      item(),
      item({ embedder: 'other', vector: new Float32Array([1, 0]) }),
      item({ vector: new Float32Array([1, 0]), embedder: 'other' }),
    ])
    await database.run(`update items set ended_at = 9, ended_as = 'retracted' where no = 1`)
    const { found } = await new NearestItems(database).find(query)
    expect(found.map(({ no }) => no)).toEqual([2])
    expect(await countItems(database)).toBe(3)
  })

  storeCase('a call of a run remembers once, whatever tries to write it again', open, async (database) => {
    await addItems(database, [item({ run: 'run1', step: 1 })])
    const again = addItems(database, [item({ run: 'run1', step: 1 })])
    await expect(again.catch((error) => database.classify(error))).resolves.toBe('constraint')
    await addItems(database, [item({ run: 'run1', step: 2 }), item({ run: 'run2', step: 1 })])
    expect(await countItems(database)).toBe(3)
  })

  const worded = (words: string, changes: Partial<NewItem> = {}) =>
    item({ text: words, titleTerms: '', bodyTerms: words, length: words.split(' ').length, ...changes })
  const all: Visible = visible
  const byWords = async (database: Database, words: string, within: Visible = all) => {
    const terms = words.split(' ').map((term) => ({ term, rarity: 1 }))
    const numbers = await findByWords(database, terms, within, 10)
    const items = await readItems(database, numbers)
    return numbers.map((no) => items.find((one) => one.no === no)!.text)
  }

  storeCase('items are found by their words, whatever characters they have', open, async (database) => {
    await addItems(database, [
      worded('refund card'),
      worded('card 1.5 naïve'),
      worded("o'clock 返金 \\ ' \" { }"),
      worded('parcel'),
    ])
    expect(await byWords(database, 'refund card')).toEqual(['refund card', 'card 1.5 naïve'])
    expect(await byWords(database, '1.5')).toEqual(['card 1.5 naïve'])
    expect(await byWords(database, 'naïve')).toEqual(['card 1.5 naïve'])
    expect(await byWords(database, '返金')).toHaveLength(1)
    // None of them is a word, and none a mistake.
    for (const odd of ["'", '"', '{', '*', 'or', 'near', '\\', ':', '^']) await byWords(database, odd)
    expect(await byWords(database, 'kfact')).toEqual([])
    const frequencies = await frequenciesOf(database, database.kind, ['card', '1.5', 'nowhere'])
    expect(Object.fromEntries(frequencies)).toEqual({ card: 2, '1.5': 1, nowhere: 0 })
  })

  storeCase(
    'words are looked for in a scope, among kinds, as of a time, and where they hold',
    open,
    async (database) => {
      await addItems(database, [
        worded('fee one', { scope: 'a/b' }),
        worded('fee two', { scope: 'a', kind: 'lesson' }),
        worded('fee three', { scope: 'ab', untrusted: false }),
        worded('fee four', { scope: 'a', at: 8 }),
        worded('fee five', { scope: 'x', validFrom: 20 }),
        worded('fee six', { scope: 'x', validUntil: 7 }),
      ])
      await database.run("update items set ended_at = 9, ended_as = 'retracted' where no = 4")
      const fees = async (within: Partial<Visible>) =>
        (await byWords(database, 'fee', { ...all, ...within })).map((text) => text.slice(4)).sort()
      expect(await fees({ scope: 'a' })).toEqual(['one', 'two'])
      expect(await fees({ scope: 'a/b' })).toEqual(['one'])
      expect(await fees({ scope: 'a', kinds: ['lesson'] })).toEqual(['two'])
      expect(await fees({ scope: 'a', asOf: 8 })).toEqual(['four', 'one', 'two'])
      expect(await fees({ scope: 'a', asOf: 4 })).toEqual([])
      expect(await fees({ trustedOnly: true })).toEqual(['three'])
      expect(await fees({})).toEqual(['one', 'three', 'two'])
      expect(await fees({ now: 30, asOf: undefined })).toEqual(['five', 'one', 'three', 'two'])
    },
  )

  storeCase('a misspelt word finds those that are spelt alike', open, async (database) => {
    await addItems(database, [worded('password parcel'), worded('passport 12345')])
    const spellings = new Spellings(database)
    while (await spellings.learn());
    expect(await alikeTerms(database, 'pasword')).toEqual(['password'])
    expect(await alikeTerms(database, 'parcle')).toEqual(['parcel'])
    expect(await alikeTerms(database, '12346')).toEqual([])
    expect(await alikeTerms(database, 'zebra')).toEqual([])
  })

  storeCase('a word that only a redacted item had is no spelling any more', open, async (database) => {
    await addItems(database, [worded('haddad parcel', { id: 'x' }), worded('parcel')])
    while (await new Spellings(database).learn());
    expect(await alikeTerms(database, 'hadad')).toEqual(['haddad'])
    await endItem(database, 'x', 'redacted', { by: 'ada', why: 'she asked', at: 20 })
    expect(await alikeTerms(database, 'hadad')).toEqual([])
    expect(await alikeTerms(database, 'parcle')).toEqual(['parcel'])
  })

  storeCase('an item is amended, retracted and redacted, and its versions tell', open, async (database) => {
    const first = worded('limit is five', { id: 'x', embedder: 'e' })
    await addItems(database, [first])
    const by = { by: 'ada', why: 'it changed', at: 20 }
    const next = worded('limit is six', { id: 'x', version: 2, at: 20 })
    expect(await amendItem(database, next, 1, by)).toMatchObject({ ok: true, item: { version: 2 } })
    expect(await byWords(database, 'limit', { ...all, now: 30 })).toEqual(['limit is six'])
    expect(await amendItem(database, next, 1, by)).toMatchObject({ ok: false, problem: 'moved' })
    expect(await amendItem(database, { ...next, id: 'y' }, 1, by)).toEqual({ ok: false, problem: 'unknown' })
    expect(await endItem(database, 'x', 'retracted', { ...by, at: 40 })).toMatchObject({ ok: true })
    expect(await endItem(database, 'x', 'retracted', { ...by, at: 41 })).toMatchObject({ problem: 'ended' })
    expect(await byWords(database, 'limit', { ...all, now: 50 })).toEqual([])
    expect(await endItem(database, 'x', 'redacted', { ...by, at: 60 })).toMatchObject({ ok: true })
    expect((await readVersions(database, 'x')).map(({ text, endedAs }) => [text, endedAs])).toEqual([
      ['', 'redacted'],
      ['', 'redacted'],
    ])
    expect(await byWords(database, 'limit', { ...all, asOf: 15 })).toEqual([])
  })

  storeCase('of two who amend at once one is told that it changed', open, async (database) => {
    await addItems(database, [worded('limit five', { id: 'x' })])
    const amend = (text: string) =>
      amendItem(database, worded(text, { id: 'x', version: 2 }), 1, { by: 'b', why: '', at: 20 }).catch(
        (error) => ({ ok: false, problem: database.classify(error) }),
      )
    const results = await Promise.all([amend('limit six'), amend('limit seven')])
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await countItems(database)).toBe(1)
  })

  storeCase(
    'a rollback takes back what a run, a source or a time brought, and restores what that had amended',
    open,
    async (database) => {
      await addItems(database, [
        worded('limit five', { id: 'x', at: 5 }),
        worded('fee one', { id: 'y', at: 30, source: 'bad.md' }),
        worded('fee two', { id: 'z', at: 31, run: 'run9', step: 1 }),
      ])
      const change = { by: 'ada', why: 'wrong', at: 40 }
      await amendItem(database, worded('limit six', { id: 'x', version: 2, at: 32 }), 1, {
        ...change,
        at: 32,
      })
      expect(await previewRollback(database, { since: 30 })).toEqual({ count: 3, ids: ['y', 'z', 'x'] })
      expect(await previewRollback(database, { source: 'bad.md' })).toEqual({ count: 1, ids: ['y'] })
      expect(await rollBack(database, { run: 'run9' }, change)).toEqual({ ended: 1, restored: 0 })
      expect(await rollBack(database, { since: 30 }, { ...change, at: 50 })).toEqual({
        ended: 2,
        restored: 1,
      })
      expect(await byWords(database, 'limit fee', { ...all, now: 60 })).toEqual(['limit five'])
      expect(await byWords(database, 'limit', { ...all, asOf: 35 })).toEqual(['limit six'])
      const versions = await readVersions(database, 'x')
      expect(versions.map(({ version, text, endedAs }) => [version, text, endedAs])).toEqual([
        [1, 'limit five', 'amended'],
        [2, 'limit six', 'rolled-back'],
        [3, 'limit five', null],
      ])
      expect(await rollBack(database, { since: 30 }, { ...change, at: 70 })).toEqual({
        ended: 1,
        restored: 0,
      })
    },
  )

  storeCase(
    'the index of signs finds what comparing everything finds, over blocks and restarts',
    open,
    async (database) => {
      // As texts lie: around some subjects, and many-dimensional.
      const near = (subject: number, seed: number) => {
        const own = directionOf(256, seed)
        const vector = directionOf(256, subject).map((value, at) => value + own[at]!)
        const length = Math.hypot(...vector)
        return vector.map((value) => value / length)
      }
      const items = Array.from({ length: 5000 }, (_, index) =>
        item({ vector: near(index % 500, 1000 + index) }),
      )
      await addItems(database, items.slice(0, 4500))
      const exact = new NearestItems(database, { comparedInFull: 10_000, alwaysInFull: 10_000 })
      const signs = new NearestItems(database, { comparedInFull: 10, alwaysInFull: 10 })
      const share = async (of: NearestItems) => {
        let same = 0
        for (const seed of [9001, 9002, 9003, 9004]) {
          const vector = near(seed % 500, seed)
          const wanted = (await exact.find({ ...query, vector })).found.map(({ no }) => no)
          const found = new Set((await of.find({ ...query, vector })).found.map(({ no }) => no))
          same += wanted.filter((no) => found.has(no)).length
        }
        return same / 40
      }
      expect(await share(signs)).toBeGreaterThan(0.8)
      await addItems(database, items.slice(4500))
      expect(await share(signs)).toBeGreaterThan(0.8)
      const again = new SignIndex(database, 'e')
      await again.refresh()
      expect(again.size).toBe(5000)
      if (database.kind === 'sqlite')
        expect(await database.get('select count(*) as count from item_blocks')).toEqual({ count: 2 })
    },
  )

  storeCase('a packed vector is what it was, within a hundredth', open, async () => {
    const vector = direction(3)
    const back = unpackVector(packVector(vector))
    expect(Math.max(...vector.map((value, at) => Math.abs(value - back[at]!)))).toBeLessThan(0.01)
    expect(unpackVector(packVector(new Float32Array(4)))).toEqual(new Float32Array(4))
  })
}
