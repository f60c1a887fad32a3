import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sqlTool } from '../../src/tools/sql/sql-tool.ts'
import { callTool } from './tool-call.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-sql-'))
const file = join(folder, 'shop.db')
let writer: DatabaseSync

beforeAll(() => {
  writer = new DatabaseSync(file)
  writer.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, cents INTEGER, receipt BLOB);
    CREATE TABLE secrets (word TEXT);
    CREATE VIRTUAL TABLE notes USING fts5(title, body);
    INSERT INTO notes VALUES ('wax', 'melts at 64 degrees');
    CREATE VIEW totals AS SELECT customer, sum(cents) AS cents FROM orders GROUP BY customer;
    INSERT INTO orders VALUES (1, 'ann', 500, x'ff00'), (2, 'bob', 9007199254740993, NULL), (3, 'ann', 250, NULL);
    INSERT INTO secrets VALUES ('canary');
  `)
})
afterAll(() => {
  writer.close()
  rmSync(folder, { recursive: true })
})

test('reads with bound parameters, from a database in use', async () => {
  const query = sqlTool({ name: 'shop.query', file })
  expect([query.effect, query.risk]).toEqual(['read', 'low'])
  const hostile = "ann' OR 1=1 --"
  const ask = 'SELECT id, cents, receipt FROM orders WHERE customer = ? ORDER BY id'
  expect(await callTool(query, { sql: ask, parameters: ['ann'] })).toEqual({
    columns: ['id', 'cents', 'receipt'],
    rows: [
      [1, 500, '/wA='],
      [3, 250, null],
    ],
    more: false,
  })
  expect((await callTool(query, { sql: ask, parameters: [hostile] })).rows).toEqual([])
  const named = { sql: 'SELECT cents FROM orders WHERE id = :id;', parameters: { id: 2 } }
  expect((await callTool(query, named)).rows).toEqual([['9007199254740993']])
})

test.each([
  ['UPDATE orders SET cents = 0', /not authorized|readonly/],
  ['DELETE FROM orders', /not authorized|readonly/],
  ['DROP TABLE orders', /not authorized|readonly/],
  ["ATTACH DATABASE '/etc/passwd' AS other", /not authorized/],
  ['SELECT 1; DELETE FROM orders', /more than one statement/],
  ['SELECT 1; -- and\nSELECT 2', /more than one statement/],
  ['PRAGMA writable_schema = 1', /not authorized/],
  ['SELECT * FROM pragma_database_list', /not authorized|prohibited/],
  ["SELECT load_extension('/tmp/x.so')", /not authorized|no such function/],
  ["SELECT readfile('/etc/passwd')", /no such function/],
  ["VACUUM INTO '/tmp/reeve-stolen.db'", /not authorized|VACUUM/],
  ['SELECT word FROM secrets', /prohibited|not authorized/],
  ['SELECT (SELECT word FROM secrets) FROM orders', /prohibited|not authorized/],
  ['SELECT sql FROM sqlite_schema', /prohibited|not authorized/],
  ['', /arguments|does not fit/],
  ['SELECT zeroblob(1000000000)', /too big/],
])('%j is refused', async (sql, message) => {
  const query = sqlTool({ name: 'shop.query', file, tables: ['orders', 'totals'] })
  await expect(callTool(query, { sql })).rejects.toThrow(message)
})

// Each reads the secret when it is judged by a name that it may choose itself.
test.each([
  'WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders',
  'WITH totals AS (SELECT * FROM secrets) SELECT * FROM totals',
  'WITH "TOTALS"(customer) AS (SELECT word FROM secrets) SELECT customer FROM totals',
  'WITH RECURSIVE totals(w) AS (SELECT word FROM secrets UNION ALL SELECT w FROM totals LIMIT 1) SELECT w FROM totals',
  'WITH totals AS MATERIALIZED (SELECT word FROM main.secrets) SELECT * FROM orders, totals',
  'WITH totals AS (WITH orders AS (SELECT word FROM secrets) SELECT * FROM orders) SELECT * FROM totals',
  'SELECT * FROM orders AS o JOIN (WITH totals AS (SELECT word FROM secrets) SELECT * FROM totals)',
  'SELECT * FROM (SELECT word AS customer FROM secrets) AS totals',
  'SELECT (SELECT word FROM secrets AS orders) FROM orders',
  'SELECT totals.word FROM secrets AS totals',
  'SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM secrets)',
  "SELECT 1 FROM orders WHERE 'canary' IN secrets",
  'SELECT count(*) FROM secrets',
  'SELECT rowid FROM secrets',
  'SELECT customer FROM orders UNION SELECT word FROM secrets',
  'SELECT customer FROM orders ORDER BY (SELECT word FROM secrets)',
  'SELECT sum(cents) OVER (PARTITION BY (SELECT word FROM secrets)) FROM orders',
  'VALUES ((SELECT word FROM secrets))',
  'SELECT * FROM json_each((SELECT json_array(word) FROM secrets))',
  "SELECT * FROM pragma_table_info('secrets')",
  'SELECT * FROM pragma_table_list',
  "SELECT sql FROM pragma_table_xinfo('orders'), sqlite_schema",
  'SELECT sql FROM sqlite_master',
  'SELECT * FROM sqlite_temp_schema',
  'SELECT * FROM dbstat',
  'SELECT * FROM sqlite_dbpage',
  'SELECT * FROM notes_content',
  'SELECT block FROM notes_data',
  'WITH notes AS (SELECT * FROM notes_content) SELECT * FROM notes',
  'EXPLAIN SELECT * FROM secrets',
  'EXPLAIN QUERY PLAN SELECT * FROM secrets',
  'CREATE TEMP VIEW totals AS SELECT word FROM secrets',
])('nothing of a table that is not listed is read: %s', async (sql) => {
  const query = sqlTool({ name: 'shop.query', file, tables: ['orders', 'totals', 'notes'] })
  await expect(callTool(query, { sql })).rejects.toThrow(/prohibited|not authorized/)
})

test('what is listed is read, also beside names made up in the statement', async () => {
  const query = sqlTool({ name: 'shop.query', file, tables: ['Orders', 'totals', 'notes'] })
  const read = async (sql: string) => (await callTool(query, { sql })).rows
  expect(await read('WITH big AS (SELECT * FROM orders WHERE cents > 400) SELECT id FROM big')).toEqual([
    [1],
    [2],
  ])
  expect(await read('WITH totals AS (SELECT 7 AS n) SELECT n FROM totals')).toEqual([[7]])
  expect(await read("SELECT t.cents FROM main.totals t WHERE customer = 'ann'")).toEqual([[750]])
  expect(await read('SELECT count(*) FROM totals')).toEqual([[2]])
  expect(await read("SELECT value FROM json_each('[4,5]')")).toEqual([[4], [5]])
  expect(
    await read("SELECT title, bm25(notes) < 0 FROM notes WHERE notes MATCH 'melts' ORDER BY rank"),
  ).toEqual([['wax', 1]])
  expect(await read("SELECT title FROM notes('melts')")).toEqual([['wax']])
})

test('a table of the database that is named like a function is read where it is listed', async () => {
  writer.exec("CREATE TABLE json_each (value TEXT); INSERT INTO json_each VALUES ('canary')")
  const read = async (tables: string[]) => {
    const query = sqlTool({ name: 'shop.query', file, tables })
    return (await callTool(query, { sql: 'SELECT value FROM json_each' })).rows
  }
  await expect(read(['orders'])).rejects.toThrow(/prohibited/)
  expect(await read(['json_each'])).toEqual([['canary']])
  writer.exec('DROP TABLE json_each')
})

test('a listed view that is broken costs nobody else their tables', async () => {
  writer.exec('CREATE VIEW broken AS SELECT * FROM gone')
  const query = sqlTool({ name: 'shop.query', file, tables: ['orders', 'broken', 'never made'] })
  expect((await callTool(query, { sql: 'SELECT count(*) FROM orders' })).rows).toEqual([[3]])
  await expect(callTool(query, { sql: 'SELECT * FROM broken' })).rejects.toThrow(/prohibited/)
  writer.exec('DROP VIEW broken')
})

test('a view that may be read shows what it is made of, and nothing else', async () => {
  const query = sqlTool({ name: 'shop.totals', file, tables: ['totals'] })
  expect((await callTool(query, { sql: "SELECT cents FROM totals WHERE customer = 'ann'" })).rows).toEqual([
    [750],
  ])
  await expect(callTool(query, { sql: 'SELECT * FROM orders' })).rejects.toThrow(/prohibited/)
})

test('rows, bytes, time and memory have their ends', async () => {
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'
  const query = sqlTool({
    name: 'shop.query',
    file,
    maxRows: 3,
    maxBytes: 2000,
    timeout: 300,
    memoryBytes: 32 * 1_048_576,
  })
  expect(await callTool(query, { sql: `${endless} i FROM n` })).toEqual({
    columns: ['i'],
    rows: [[1], [2], [3]],
    more: true,
  })
  expect(await callTool(query, { sql: "SELECT printf('%2000d', 1)" })).toMatchObject({ rows: [], more: true })
  await expect(callTool(query, { sql: `${endless} count(*) FROM n` })).rejects.toMatchObject({
    code: 'query-timeout',
  })
  const large = sqlTool({ name: 'shop.query', file, memoryBytes: 16 * 1_048_576, timeout: '15s' })
  const hoard = `${endless} group_concat(hex(randomblob(500))) OVER (ORDER BY i DESC) FROM n`
  await expect(callTool(large, { sql: hoard })).rejects.toThrow(/memory|too big/)
})

test('what is no database is told, and nothing is written', async () => {
  const other = join(folder, 'notes.txt')
  writeFileSync(other, 'no database at all, only a text that is long enough to be read as a header of one')
  const before = readFileSync(other)
  await expect(callTool(sqlTool({ name: 'q', file: other }), { sql: 'SELECT 1' })).rejects.toThrow(
    /not a database/,
  )
  await expect(
    callTool(sqlTool({ name: 'q', file: join(folder, 'none.db') }), { sql: 'SELECT 1' }),
  ).rejects.toMatchObject({
    code: 'database-not-opened',
  })
  expect(readFileSync(other)).toEqual(before)
  expect(() => sqlTool({ name: 'q', file: 'shop.db' })).toThrow(/absolute/)
})
