import { PGlite } from '@electric-sql/pglite'
import { vector as extension } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { checkMemory } from '../../src/inspect/health/checks/memory.ts'
import type { Database } from '../../src/store/database.ts'
import { copyDatabase } from '../../src/store/keeping/copy.ts'
import { insertItems, itemValues } from '../../src/store/memory/items.ts'
import { NearestItems } from '../../src/store/memory/nearest-items.ts'
import { migrate } from '../../src/store/migrations.ts'
import { prepareVectors, readVectorColumn } from '../../src/store/postgres/pgvector.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { storeCase } from './contract/fixtures.ts'
import { addItems, direction, idsOf, item, itemCases, nearestByHand } from './contract/items.ts'
import { startPostgres, type TestServer } from './postgres.ts'

/**
 * pgvector itself: on the server that `DATABASE_URL` names where it offers the extension, else in a Postgres compiled to
 * WebAssembly, over the wire. All connections to that one share a session: so one at a time, and the cases of memory only.
 */
let given: TestServer | undefined
let lite: PGlite | undefined
let wire: PGLiteSocketServer | undefined

beforeAll(async () => {
  given = await givenServer()
  if (given) return
  lite = await PGlite.create({ extensions: { vector: extension } })
  wire = new PGLiteSocketServer({ db: lite, port: 0, maxConnections: 4 })
  await wire.start()
})

afterAll(async () => {
  await given?.stop()
  await wire?.stop()
  await lite?.close()
})

async function givenServer(): Promise<TestServer | undefined> {
  if (!process.env.DATABASE_URL?.startsWith('postgres')) return
  const server = await startPostgres()
  const { rowCount } = await server.query(`select from pg_available_extensions where name = 'vector'`)
  return rowCount ? server : undefined
}

/** An empty database where the extension can be made but is not yet. */
async function openEmpty(): Promise<Database> {
  const own = { clock: new FakeClock(), timeFrom: 'clock' } as const
  if (given) return new PostgresDatabase({ ...own, url: await given.createDatabase() })
  await lite!.exec('deallocate all; drop schema public cascade; create schema public')
  const url = `postgres://postgres:postgres@${wire!.getServerConn()}/postgres?sslmode=disable`
  return new PostgresDatabase({ ...own, url, connections: 1 })
}

async function open(): Promise<Database> {
  const database = await openEmpty()
  await migrate(database, () => 'identity')
  return database
}

const visibleIn = (scope: string) => ({ scope, kinds: [], asOf: undefined, now: 10, trustedOnly: false })

describe('Postgres with pgvector', () => {
  itemCases(open)

  storeCase('migrating makes the extension and its column', open, async (database) => {
    expect(await readVectorColumn(database, 'postgres')).toEqual({ schema: 'public', indexed: [] })
    await addItems(database, [item()])
    expect(await database.all('select embedding is not null as placed from items')).toEqual([
      { placed: true },
    ])
  })

  storeCase(
    'items written without the column are found, and filled in by migrating',
    open,
    async (database) => {
      const items = [item({ vector: direction(1) }), item({ vector: direction(2) })]
      await database.bulk(insertItems, [itemValues(items[0]!)])
      await addItems(database, [items[1]!])
      const find = async (seed: number) => {
        const { found } = await new NearestItems(database).find({
          visible: visibleIn(''),
          embedder: 'e',
          vector: direction(seed),
          limit: 1,
        })
        return idsOf(database, found)
      }
      const unplaced = () => database.all('select no from items where embedding is null')
      expect([await find(1), await find(2)]).toEqual([[items[0]!.id], [items[1]!.id]])
      expect(await unplaced()).toEqual([{ no: 1 }])
      expect(await checkMemory(database)).toMatchObject({
        state: 'warning',
        found: "2 items; 1 not in pgvector's column yet",
        advice: expect.stringContaining('reeve migrate'),
      })
      await prepareVectors(database)
      expect(await checkMemory(database)).toMatchObject({ state: 'ok' })
      expect(await unplaced()).toEqual([])
      expect([await find(1), await find(2)]).toEqual([[items[0]!.id], [items[1]!.id]])
    },
  )

  storeCase('a large scope is searched by an index, a small one in full', open, async (database) => {
    const items = Array.from({ length: 600 }, (_, index) =>
      item({ vector: direction(index), scope: index % 20 === 0 ? 'few' : 'many' }),
    )
    await addItems(database, items)
    expect(await prepareVectors(database, { indexFrom: 500 })).toEqual({ schema: 'public', indexed: [16] })
    const nearest = new NearestItems(database, { comparedInFull: 100 })
    const agreed = async (scope: string, from: typeof items) => {
      const vector = direction(1000)
      const { found, isExact } = await nearest.find({
        visible: visibleIn(scope),
        embedder: 'e',
        vector,
        limit: 10,
      })
      expect(await idsOf(database, found)).toEqual(nearestByHand(from, vector, 10))
      return isExact
    }
    expect(await agreed('', items)).toBe(false)
    expect(
      await agreed(
        'many',
        items.filter(({ scope }) => scope === 'many'),
      ),
    ).toBe(false)
    expect(
      await agreed(
        'few',
        items.filter(({ scope }) => scope === 'few'),
      ),
    ).toBe(true)
    const plan = await database.transaction(async (session) => {
      // So few rows are sorted sooner than an index is followed.
      await session.all(`select set_config('enable_sort', 'off', true)`)
      return session.all<Record<string, string>>(
        `explain select no from items where ended_at is null and dimensions = 16
         order by (embedding::vector(16)) <=> '[${direction(7).join()}]' limit 3`,
      )
    })
    expect(JSON.stringify(plan)).toContain('items_near_16')
  })

  storeCase('a copy carries the items both ways and makes the column anew', open, async (database) => {
    const items = Array.from({ length: 30 }, (_, index) => item({ vector: direction(index) }))
    await addItems(database, items)
    const clock = new FakeClock()
    const file = openSqlite({ file: ':memory:', clock })
    try {
      expect((await copyDatabase(database, file)).rows.items).toBe(30)
      const ids = async (at: Database) => {
        const query = { visible: visibleIn(''), embedder: 'e', vector: direction(50), limit: 5 }
        return idsOf(at, (await new NearestItems(at).find(query)).found)
      }
      expect(await ids(file)).toEqual(nearestByHand(items, direction(50), 5))
      await database.close()
      const back = await openEmpty()
      await copyDatabase(file, back)
      expect(await ids(back)).toEqual(await ids(file))
      expect(await back.all('select no from items where embedding is null')).toEqual([])
      await back.close()
    } finally {
      await file.close()
    }
  })
})
