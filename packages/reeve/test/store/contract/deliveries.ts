import { expect } from 'vitest'
import {
  type DeliveryRow,
  dropDeliveries,
  findDelivery,
  keepDeliveries,
  knownDeliveries,
  listDeliveries,
  recordDelivery,
} from '../../../src/store/dispatch/deliveries.ts'
import { registerWorker, removeWorker } from '../../../src/store/dispatch/workers.ts'
import { dropCursor, freeCursor, holdCursor, moveCursor } from '../../../src/store/journal/cursors.ts'
import { type Open, storeCase } from './fixtures.ts'

const row = (delivery: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({
  source: 'stripe',
  delivery,
  outcome: 'started',
  reason: null,
  run: 'run1',
  at: 1000,
  ...more,
})

export function deliveryCases(open: Open): void {
  storeCase('a delivery is written down once, by trigger', open, async (database) => {
    await recordDelivery(database, row('one'))
    await recordDelivery(database, row('one', { run: 'run2', at: 2000 }))
    await recordDelivery(database, row('one', { source: 'github', run: 'run3' }))
    expect(await findDelivery(database, 'stripe', 'one')).toEqual(row('one'))
    expect(await findDelivery(database, 'github', 'one')).toMatchObject({ run: 'run3' })
    expect(await findDelivery(database, 'stripe', 'two')).toBeUndefined()
    expect(await knownDeliveries(database, 'stripe', ['one', 'two'])).toEqual(new Set(['one']))
    expect(await knownDeliveries(database, 'stripe', [])).toEqual(new Set())
  })

  storeCase('the newest delivery comes first; what is kept is not dropped', open, async (database) => {
    for (let at = 1; at <= 5; at++) await recordDelivery(database, row(`d${at}`, { at }))
    expect((await listDeliveries(database, 'stripe', 2)).map(({ delivery }) => delivery)).toEqual([
      'd5',
      'd4',
    ])
    await keepDeliveries(database, 'stripe', ['d1', 'gone'], 9)
    expect(await dropDeliveries(database, 4, 1)).toBe(1)
    expect(await dropDeliveries(database, 4, 10)).toBe(1)
    const left = await listDeliveries(database, 'stripe', 10)
    expect(left.map(({ delivery }) => delivery)).toEqual(['d1', 'd5', 'd4'])
  })

  storeCase(
    'a cursor is held by one worker that lives, and taken from one that does not',
    open,
    async (database) => {
      const hold = (holder: string) =>
        database.transaction((session) => holdCursor(session, 'x', holder, async () => 'first'))
      for (const worker of ['a', 'b'])
        await database.transaction((session) => registerWorker(session, worker))
      expect(await hold('a')).toBe('first')
      expect(await hold('b')).toBeUndefined()
      expect(await moveCursor(database, 'x', 'a', '7')).toBe(true)
      expect(await moveCursor(database, 'x', 'b', '9')).toBe(false)
      expect(await hold('a')).toBe('7')
      await removeWorker(database, 'a')
      expect(await hold('b')).toBe('7')
      expect(await moveCursor(database, 'x', 'a', '8')).toBe(false)
      await freeCursor(database, 'x', 'b')
      await database.transaction((session) => registerWorker(session, 'c'))
      expect(await hold('c')).toBe('7')
      await dropCursor(database, 'x')
      expect(await hold('c')).toBe('first')
    },
  )

  storeCase('two workers that take a new cursor at one moment: one has it', open, async (database) => {
    for (const worker of ['a', 'b']) await database.transaction((session) => registerWorker(session, worker))
    const held = await Promise.allSettled(
      ['a', 'b'].map((holder) =>
        database.transaction((session) => holdCursor(session, 'x', holder, async () => '0')),
      ),
    )
    const places = held.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    expect(places.filter((place) => place === '0')).toHaveLength(1)
  })
}
