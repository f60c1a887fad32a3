import { expect } from 'vitest'
import { createIds } from '../../../src/base/ids.ts'
import type { Database } from '../../../src/store/database.ts'
import {
  countMemories,
  insertMemories,
  insertPlacedMemories,
  memoryValues,
  type NewMemory,
  readMemories,
} from '../../../src/store/memory/memories.ts'
import { NearestMemories } from '../../../src/store/memory/nearest-memories.ts'
import { type Open, storeCase } from './fixtures.ts'

const dimensions = 16
const newId = createIds(() => 1)

/** A direction that follows from `seed` alone. */
export function direction(seed: number): Float32Array {
  let state = seed * 2_654_435_761 + 12_345
  const values = Float32Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  })
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

export function item(changes: Partial<NewMemory> = {}): NewMemory {
  return {
    id: newId(),
    scope: '',
    title: 'Title',
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
export async function addItems(database: Database, items: NewMemory[]): Promise<void> {
  const placed = (await new NearestMemories(database).column()) !== undefined
  const statement = placed ? insertPlacedMemories : insertMemories
  await database.bulk(
    statement,
    items.map((one) => memoryValues({ ...one, placed })),
  )
}

/** The ids of the nearest items, found and ordered here, in plain numbers. */
export function nearestByHand(items: NewMemory[], query: Float32Array, limit: number): string[] {
  const cosine = (vector: Float32Array) => vector.reduce((sum, value, at) => sum + value * query[at]!, 0)
  return items
    .map(({ id, vector }) => ({ id, score: cosine(vector!) }))
    .sort((left, right) => right.score - left.score)
    .slice(0, limit)
    .map(({ id }) => id)
}

export async function idsOf(database: Database, found: { no: number }[]): Promise<string[]> {
  const items = new Map(
    (
      await readMemories(
        database,
        found.map(({ no }) => no),
      )
    ).map((one) => [one.no, one.id]),
  )
  return found.map(({ no }) => items.get(no)!)
}

export function memoryCases(open: Open): void {
  const query = { scope: '', embedder: 'e', vector: direction(1), limit: 10 }

  storeCase('an item comes back as it was remembered', open, async (database) => {
    const kept = item({ scope: 'customers/ada', run: 'run1', step: 3, untrusted: false })
    await addItems(database, [kept, item({ vector: null })])
    const rows = await readMemories(database, [1, 2, 9])
    const { embedder: _, vector: __, placed: ___, ...plain } = kept
    expect(rows.find(({ id }) => id === kept.id)).toEqual({ ...plain, no: 1 })
    expect(rows).toHaveLength(2)
    expect(await countMemories(database)).toBe(2)
  })

  storeCase('the nearest items are found, over many pages of rows', open, async (database) => {
    const items = Array.from({ length: 1300 }, (_, index) => item({ vector: direction(index) }))
    await addItems(database, items)
    const nearest = new NearestMemories(database)
    for (const seed of [2000, 2001, 2002]) {
      const vector = direction(seed)
      const { found, exact } = await nearest.find({ ...query, vector })
      expect(exact).toBe(true)
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
    await database.run('update memories set ended_at = 1 where no in (2, 11)')
    const current = items.filter((_, index) => index !== 1 && index !== 10)
    const nearest = new NearestMemories(database, { pageRows: 50 })
    for (const scope of ['few', 'many', 'many/a']) {
      const { found } = await nearest.find({ ...query, scope, vector: direction(3000) })
      const inScope = current.filter((one) => `${one.scope}/`.startsWith(`${scope}/`))
      expect(await idsOf(database, found)).toEqual(nearestByHand(inScope, direction(3000), 10))
    }
  })

  storeCase('scores are cosines, and of equal items the older comes first', open, async (database) => {
    const opposite = direction(1).map((value) => -value)
    await addItems(database, [item({ vector: opposite }), item(), item(), item({ vector: null })])
    const { found } = await new NearestMemories(database).find(query)
    expect(found.map(({ no }) => no)).toEqual([2, 3, 1])
    for (const [index, score] of [1, 1, -1].entries()) expect(found[index]!.score).toBeCloseTo(score, 5)
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
      const nearest = new NearestMemories(database)
      const under = async (scope: string) => {
        const { found } = await nearest.find({ ...query, scope })
        const items = await readMemories(
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
    await database.run(`update memories set ended_at = 9, ended_as = 'retracted' where no = 1`)
    const { found } = await new NearestMemories(database).find(query)
    expect(found.map(({ no }) => no)).toEqual([2])
    expect(await countMemories(database)).toBe(3)
  })

  storeCase('a call of a run remembers once, whatever tries to write it again', open, async (database) => {
    await addItems(database, [item({ run: 'run1', step: 1 })])
    const again = addItems(database, [item({ run: 'run1', step: 1 })])
    await expect(again.catch((error) => database.classify(error))).resolves.toBe('constraint')
    await addItems(database, [item({ run: 'run1', step: 2 }), item({ run: 'run2', step: 1 })])
    expect(await countMemories(database)).toBe(3)
  })
}
