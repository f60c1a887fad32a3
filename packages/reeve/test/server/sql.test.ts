import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Environment } from '../../src/base/config.ts'
import { sqlViews } from '../../src/server/sql/views.ts'
import { type TestServer as Postgres, startPostgres } from '../store/postgres.ts'
import { sqliteFile, startServer } from './server-harness.ts'

let postgres: Postgres

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(() => postgres.stop())

const databases: [string, () => Promise<Environment['database']>][] = [
  ['SQLite', async () => sqliteFile()],
  ['Postgres', async () => ({ kind: 'postgres', url: await postgres.createSchema() })],
]

describe.each(databases)('on %s', (_name, open) => {
  test('the views are read with the columns that are told of them, and nothing else is', async () => {
    const server = await startServer({ database: await open() })
    const reeve = await server.as('operator')
    const wait = { wait: '20s' }
    const { id } = await reeve.runs.start({
      query: wait,
      body: { workflow: 'greet', input: { name: 'Ada' } },
    })
    await reeve.runs.start({ query: wait, body: { workflow: 'decide', input: { what: 'x' } } })
    const ask = (sql: string, limit = 100) => reeve.sql.ask({ body: { sql, limit } })
    for (const { name, columns } of sqlViews) {
      const { columns: told } = await ask(`select ${columns.join(', ')} from ${name}`)
      if (name === 'runs' || name === 'steps') expect(told).toEqual(columns)
    }
    expect(await ask(`select id, cost_usd from runs where workflow = 'greet'`)).toEqual({
      columns: ['id', 'cost_usd'],
      rows: [[id, 0]],
      more: false,
    })
    expect((await ask('select run, outcome from steps')).rows).toEqual([[id, 'completed']])
    expect(
      (
        await ask(
          `with open as (select * from approvals) select status, count(*) as n from open group by status`,
        )
      ).rows,
    ).toEqual([['pending', 1]])
    expect(await ask('select id from runs order by id', 1)).toMatchObject({ rows: [[id]], more: true })
    const refused = [
      'select * from tokens',
      'select * from sessions',
      'select * from principals',
      'select * from events',
      'select 1) as a union all select hash from (select hash from tokens',
      'select 1) as a, (select 1',
      'select * from main.runs',
      'select * from public.runs',
      'select * from pg_shadow',
      'select * from sqlite_schema',
      'select * from "tokens"',
      'select * from `tokens`',
      'select * from [tokens]',
      'select * from toKens',
      'select * from/**/tokens',
      'select 1; delete from runs',
      'delete from runs',
      'with gone as (delete from runs returning id) select * from gone',
      'select pg_sleep(10)',
      'select load_extension(1)',
      'select current_setting(1)',
      'select lo_import(1) from runs',
      'select * from runs for update',
      'select id into copied from runs',
      'pragma table_info(runs)',
      `select * from runs where id = $1`,
      'select ? from runs',
      "select '",
      'select 1 -- from runs',
    ]
    for (const sql of refused) await expect(ask(sql), sql).rejects.toMatchObject({ code: 'bad-query' })
    await expect(ask('select id from run')).rejects.toThrow('There is no view "run". Did you mean runs?')
    await expect(ask('select nothing from runs')).rejects.toMatchObject({ code: 'query-failed', status: 422 })
    const viewer = (await server.as('viewer')).sql.ask({ body: { sql: 'select id from runs' } })
    await expect(viewer).rejects.toMatchObject({ code: 'role-too-low', status: 403 })
  })

  test('a query without an end is ended, and the server answers meanwhile', async () => {
    const server = await startServer({ database: await open() })
    const reeve = await server.as('operator')
    for (let count = 0; count < 60; count++) await server.runtime.startRun('await-go', null)
    const from = Array.from('abcdefgh', (name) => `runs ${name}`).join(', ')
    const endless = reeve.sql.ask({ body: { sql: `select count(*) as n from ${from}` } })
    const refused = expect(endless).rejects.toMatchObject({ code: 'query-timeout', status: 422 })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    await refused
  })
})
