import { expect } from 'vitest'
import type { Database, Row } from '../../../src/store/database.ts'
import {
  type BusinessKey,
  keyHolder,
  settlingRow,
  takingRows,
} from '../../../src/store/spending/business-keys.ts'
import { type Open, storeCase } from './fixtures.ts'

const key: BusinessKey = { name: 'shop.buy', value: 'a digest' }
const call = (run: number, step = 1) => ({ run, run_id: `run${run}`, step, at: 1000 })

/** As a group commit writes rows: each statement once, for the rows of all. */
async function write(database: Database, rows: Row[]): Promise<void> {
  await database.transaction(async (session) => {
    for (const [statement, group] of Map.groupBy(rows, (row) => row.statement))
      await session.bulk(
        statement,
        group.map(({ values }) => values),
      )
  })
}

export function businessKeyCases(open: Open): void {
  storeCase('of many that take a business key, in one commit or beside it, one has it', open, async (db) => {
    const commits = [1, 2, 3].map((first) =>
      write(db, [...takingRows(key, call(first)), ...takingRows(key, call(first + 10))]),
    )
    await Promise.all(commits)
    const holder = await keyHolder(db, key)
    expect(holder).toMatchObject({ status: 'intended', step: 1 })
    await write(db, takingRows(key, call(99)))
    expect(await keyHolder(db, key)).toEqual(holder)
    expect(await keyHolder(db, { ...key, name: 'shop.sell' })).toBeUndefined()
  })

  storeCase(
    'only whoever has a business key settles it, and a released one may be taken',
    open,
    async (db) => {
      await write(db, takingRows(key, call(1)))
      await write(db, [settlingRow(key, call(2), 'released'), settlingRow(key, call(1, 2), 'failed')])
      expect(await keyHolder(db, key)).toMatchObject({ run: 1, status: 'intended' })
      await write(db, [settlingRow(key, call(1), 'failed')])
      await write(db, takingRows(key, call(2)))
      expect(await keyHolder(db, key)).toMatchObject({ run: 1, status: 'failed' })
      // Its own next attempt.
      await write(db, takingRows(key, call(1)))
      expect(await keyHolder(db, key)).toMatchObject({ run: 1, status: 'intended' })
      await write(db, [settlingRow(key, call(1), 'released')])
      expect(await keyHolder(db, key)).toBeUndefined()
      await Promise.all([write(db, takingRows(key, call(2))), write(db, takingRows(key, call(3)))])
      expect(await keyHolder(db, key)).toMatchObject({ status: 'intended' })
      expect([2, 3]).toContain((await keyHolder(db, key))!.run)
    },
  )
}
