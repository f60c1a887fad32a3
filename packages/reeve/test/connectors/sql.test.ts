import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connector } from '../../src/connectors/connector.ts'
import { contractOf } from '../../src/connectors/shape/contract.ts'
import { sql, sqlRead, sqlWrite } from '../../src/connectors/sql/index.ts'
import { statementText } from '../../src/connectors/sql/statement-text.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { atTheDoor } from './at-the-door.ts'
import { books, pgBooks, schema } from './cases/sql/books.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
}, 90_000)

afterAll(() => server.stop())

type Desk = ReturnType<typeof atTheDoor> & { count(): Promise<number> }

const places: [string, () => Promise<Desk>][] = [
  [
    'SQLite',
    async () => {
      const start = await books.definition.sandbox.standIn.load()
      const standIn = await start({})
      onTestFinished(() => standIn.close())
      const counting = countingAt(books.definition)
      return { ...atTheDoor(books(), standIn), count: () => counting(standIn) }
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await server.createSchema()
      onTestFinished(() => server.dropSchema(url))
      await server.query(schema, url)
      const definition = atPostgres(pgBooks.definition, url)
      const place = { url: 'postgres://the-credential-says' }
      const counting = countingAt(definition)
      return { ...atTheDoor(connector(definition)(), place), count: () => counting(place) }
    },
  ],
]

/** With an address as its credential. */
function atPostgres(definition: typeof pgBooks.definition, url: string): typeof pgBooks.definition {
  return {
    ...definition,
    sandbox: { standIn: { ...definition.sandbox.standIn, credential: JSON.stringify({ url }) } },
  }
}

function countingAt(definition: typeof pgBooks.definition) {
  const number = sqlRead({
    description: 'Count',
    sql: 'select count(*) as n from payments',
    input: z.object({}),
    row: z.object({ n: z.coerce.number() }),
  })
  const counting = connector({ ...definition, actions: { number } })
  return async (place: { url: string }) =>
    (await atTheDoor(counting() as never, place).run('number', {})).rows[0].n as number
}

describe.each(places)('%s', (_name, open) => {
  test('reads rows by bound values, and a value never becomes part of a statement', async () => {
    const desk = await open()
    expect(await desk.run('order', { id: 'o2' })).toEqual({
      rows: [{ id: 'o2', status: 'open', cents: expect.anything() }],
      more: false,
    })
    expect((await desk.run('order', { id: "o1' or '1'='1" })).rows).toEqual([])
    const { rows, more } = await desk.run('all', {})
    // Beyond what a number of JSON keeps.
    expect([rows[0].cents, rows.length, more]).toEqual(['9007199254740993', 1, true])
    expect((await desk.probe()).identity).toMatch(/file:|@/)
  })

  test('writes once by the key of the effect, and a repeat gets what the first one gave', async () => {
    const desk = await open()
    const first = await desk.run('pay', { order: 'o2', cents: 500 }, 'reeve:run-1:1')
    expect(first).toEqual({ rows: [{ id: 'o2', status: 'paid' }], more: false, changed: 1 })
    expect(await desk.run('pay', { order: 'o2', cents: 500 }, 'reeve:run-1:1')).toEqual(first)
    expect(await desk.count()).toBe(1)
    await expect(desk.run('pay', { order: 'o2', cents: 501 }, 'reeve:run-1:1')).rejects.toThrow(
      /another call had the key/,
    )
  })

  test('of many with one key at one moment one writes, and all get the same', async () => {
    const desk = await open()
    const all = await Promise.all(
      Array.from({ length: 8 }, () => desk.run('pay', { order: 'o2', cents: 500 }, 'reeve:run-2:1')),
    )
    expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(await desk.count()).toBe(1)
  })

  test('changes nothing where a statement fails, or changes another number of rows', async () => {
    const desk = await open()
    await expect(desk.run('pay', { order: 'o2', cents: -1 }, 'k1')).rejects.toMatchObject({
      code: 'not-applied',
    })
    await expect(desk.run('pay', { order: 'o9', cents: 5 }, 'k2')).rejects.toMatchObject({
      code: 'not-applied',
    })
    expect(await desk.count()).toBe(0)
    // A key whose write was rolled back is free.
    await desk.run('pay', { order: 'o2', cents: 500 }, 'k1')
    expect(await desk.count()).toBe(1)
  })

  test('takes a write back once, and only while what it set still stands', async () => {
    const desk = await open()
    const args = { order: 'o2', cents: 500 }
    const result = await desk.run('pay', args, 'k1')
    await desk.undo('pay', args, result, 'k1')
    await desk.undo('pay', args, result, 'k1')
    expect((await desk.run('order', { id: 'o2' })).rows[0].status).toBe('open')
    await expect(desk.undo('pay', args, result, 'k2')).rejects.toThrow(/0 rows, and 1/)
  })
})

describe('Postgres alone', () => {
  const at = (url: string) =>
    atTheDoor(connector(atPostgres(pgBooks.definition, url))(), { url: 'postgres://the-credential-says' })

  test('reads run in a transaction that cannot write', async () => {
    const url = await server.createSchema()
    onTestFinished(() => server.dropSchema(url))
    await server.query(schema, url)
    const sly = sqlRead({
      description: 'Read, it says',
      sql: 'with gone as (delete from orders returning id) select id from gone',
      input: z.object({}),
      row: z.object({ id: z.string() }),
    })
    const its = connector({ ...atPostgres(pgBooks.definition, url), actions: { sly } })
    await expect(atTheDoor(its() as never, { url: 'postgres://x' }).run('sly', {})).rejects.toThrow(
      /read-only transaction/,
    )
  })

  test('a password that is wrong waits for a person, and a role that may not names what it lacks', async () => {
    const url = await server.createSchema()
    onTestFinished(() => server.dropSchema(url))
    await server.query(`${schema}; drop role if exists reeve_guest; create role reeve_guest login`, url)
    const guest = new URL(url)
    guest.username = 'reeve_guest'
    await server.query('grant usage on schema public to reeve_guest', url)
    await expect(at(guest.href).run('order', { id: 'o1' })).rejects.toThrow(
      /permission denied|does not exist/,
    )
    guest.username = 'nobody_here'
    const desk = at(guest.href)
    await expect(desk.run('order', { id: 'o1' })).rejects.toMatchObject({ code: 'not-applied' })
    expect(desk.told).toEqual([expect.stringMatching(/^lost .*28000|^lost .*nobody_here/)])
    const nowhere = at('postgres://reeve@127.0.0.1:1/none')
    await expect(nowhere.run('order', { id: 'o1' })).rejects.toMatchObject({ retryable: true })
    const odd = at('mysql://reeve@127.0.0.1/none')
    await expect(odd.run('order', { id: 'o1' })).rejects.toThrow(/postgres:\/\//)
  })
})

test('the text of its statements is part of the contract', () => {
  const { actions } = contractOf(books.definition)
  expect(actions.pay).toMatchObject({ effect: 'idempotent', sends: 'inside', directs: ['order'] })
  expect(actions.pay!.endpoints[0]).toMatch(/^SQL insert into payments/)
})

test.each([
  [
    'select \':no\', ":no", /* :no */ $$:no$$, x::text -- :no\n from t where a = :a and b = :b and c = :a',
    ['a', 'b'],
  ],
  ['update t set a = :a;', ['a']],
])('reads the values of %j', (text, names) => {
  expect(statementText(text).names).toEqual(names)
})

test('says what is wrong with a declaration', () => {
  const input = z.object({ id: z.string() })
  const row = z.object({})
  const read = (text: string) => () => sqlRead({ description: 'x', sql: text, input, row })
  expect(read('delete from t where id = :id')).toThrow(/does not begin with select/)
  expect(read('select 1; drop table t')).toThrow(/more than one statement/)
  expect(read('select * from t where id = :ID')).toThrow(/it has :ID, and its input has id/)
  expect(read('  ')).toThrow(/empty/)
  expect(() => sqlWrite({ description: 'x', sql: [], input })).toThrow()
  expect(() => sql({ name: 'x', kind: 'mysql' as never, actions: {}, sandbox: { schema } })).toThrow(
    /postgres or sqlite/,
  )
  const live = sql({ name: 'x', kind: 'sqlite', actions: {}, sandbox: { schema } }).definition.url as (
    its: object,
  ) => string
  expect(() => live({ settings: {} })).toThrow(/needs its file/)
})
