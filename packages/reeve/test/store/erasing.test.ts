import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import type { Database, Value } from '../../src/store/database.ts'
import { listColumns } from '../../src/store/dialect.ts'
import { eraseSubject } from '../../src/store/keeping/erasing/erase.ts'
import {
  placeOfCases,
  placesOfColumns,
  placesOfItems,
  placesOfOthers,
  placesOfRows,
  placesOfRuns,
} from '../../src/store/keeping/erasing/places.ts'
import { findTraces } from '../../src/store/keeping/erasing/traces.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

const canary = 'bo@example.com'

interface Column {
  in_table: string
  name: string
  type: string
  key_place: number
}

/** Found by themselves: `traces.ts`. */
const lookedThrough = {
  events: ['payload', 'name'],
  blobs: ['content'],
  inbox: ['payload', 'name', 'dedup'],
  marked_values: ['text'],
  items: placesOfItems,
}

/** Names that the project's code, Reeve or an owner gives: ids, hashes, statuses, names of workflows, tools, models, principals. */
const named =
  /^(id|no|.*hash|digest|type|kind|status|state|mode|level|verdict|outcome|workflow|version|agent|tool|connector|model|solver|queue|schedule|source|principal|.*_by|by|worker|host|born|drives|holder|run|run_id|run_by|run_status|scope|scopes|approval|proof|behalf|seal|sealed|nonce|key_id|head|name|execution|proposal|watch_run|script|file|connection|account|embedder|marks|mark|data_hash|team|channel|ts|seat|voter|giver|receiver|role|url|baseline|learner|author|eval|case_id|woken|identity|previous|public_key|signature|fingerprint|contract|ceiling|local_user|goal|delivery|crowd|ended_as|rests_on|title_terms|heading_terms|body_terms)$/

/** What else has texts, and is not looked through. */
const left: Record<string, string> = {
  'answers.key': 'a hash',
  'api_requests.key': "a client's id of its request, for 7 days",
  'api_requests.subject': 'the id of what it made',
  'approval_messages.token': 'chance, until it was sent',
  'approval_replies.letter': 'names a letter',
  'approvals.binds': 'a word of ours',
  'approvals.permission': 'an id',
  'approvals.terms': 'names of principals',
  'audit_heads.body': 'hashes of runs',
  'authority_log.subject': 'whom or what an act changed: part of its chain',
  'awaited.what': 'goes with the wait of a run that goes on',
  'budgets.scope': 'names',
  'bulk_actions.action': 'a word of ours',
  'bulk_actions.place': 'a number',
  'business_keys.value': 'a hash',
  'call_rates.key': 'goes by itself',
  'call_tokens.key': 'goes by itself',
  'connector_accounts.reason': 'said by code',
  'connector_cursors.cursor': "a service's own place",
  'cursors.place': 'a number',
  'decision_claims.daemon': 'a name',
  'decision_claims.key': 'goes after 30 days',
  'directive_versions.base': 'a hash',
  'directive_versions.state': 'named with its version',
  'directive_versions.write_key': 'a hash',
  'document_files.place': 'a folder of the project',
  'documents.place': 'a folder of the project',
  'eval_results.summary': 'scores',
  'events.args': 'a hash',
  'events.blob': 'a hash',
  'item_grams.gram': 'goes with its word',
  'item_grams.term': 'the words of the subject go',
  'item_origins.item': 'an id',
  'items.document': 'an id',
  'items.place': 'a folder of the project',
  'lessons.act': 'a word of ours',
  'lessons.ended_why': 'said by code',
  'lessons.measured': 'figures',
  'levels.evals': 'a name',
  'meta.value': 'settings of ours',
  'permissions.definition': 'a hash',
  'repairs.key': 'of its script and failure',
  'runs.given': 'a hash',
  'trainings.summary': 'figures',
}

async function opened(): Promise<Database> {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'identity')
  return database
}

async function columnsOf(database: Database): Promise<Column[]> {
  const all = await database.all<Column>(listColumns.sqlite)
  return all.filter(({ in_table: table }) => !/^item_(words|vocabulary)/.test(table))
}

/** `table.column` of all that an erasure looks through. */
function known(): Set<string> {
  const places = [...placesOfRuns, ...placesOfRows, ...placesOfColumns, ...placesOfOthers]
  const tables = places.flatMap(({ from, columns }) =>
    columns.map((column) => `${from.split(' ')[0]}.${column.split('.').at(-1)}`),
  )
  const own = Object.entries(lookedThrough).flatMap(([table, columns]) =>
    columns.map((column) => `${table}.${column}`),
  )
  return new Set([...tables, ...own, `${placeOfCases.from}.${placeOfCases.column}`])
}

test('an erasure looks through every column that may speak of a person, or it is said why not', async () => {
  const database = await opened()
  const texts = (await columnsOf(database)).filter(({ type }) => type === 'text')
  await database.close()
  const all = new Set(texts.map(({ in_table: table, name }) => `${table}.${name}`))
  const looked = known()
  for (const place of [...looked, ...Object.keys(left)]) expect([...all]).toContain(place)
  const missing = texts
    .map(({ in_table: table, name }) => ({ place: `${table}.${name}`, name }))
    .filter(({ place, name }) => !looked.has(place) && left[place] === undefined && !named.test(name))
  expect(missing.map(({ place }) => place)).toEqual([])
})

let others = 0

/** A row of a table with these values, and with something in all else that must be. */
async function put(
  database: Database,
  columns: Column[],
  table: string,
  values: Record<string, Value>,
): Promise<void> {
  const own = columns.filter(({ in_table }) => in_table === table)
  const named = own.map(({ name }) => `"${name}"`).join(', ')
  const row = own.map(({ name, type }) => values[name] ?? (type === 'text' ? `other ${++others}` : 1))
  await database.run(`insert into ${table} (${named}) values (${row.map(() => '?').join(', ')})`, row)
}

test('what an erasure removes stands nowhere any more, and what it leaves is named', async () => {
  const database = await opened()
  const columns = await columnsOf(database)
  let no = 0
  const text = JSON.stringify({ to: canary })
  for (const { from, columns: places } of [...placesOfRows, ...placesOfColumns])
    for (const place of places) {
      const keys = columns.filter(({ in_table, key_place }) => in_table === from && key_place > 0)
      const own = Object.fromEntries(
        keys.map(({ name, type }) => [name, type === 'text' ? `key ${++no}` : ++no]),
      )
      await put(database, columns, from, { ...own, [place]: text })
    }
  const outcome = {
    output: canary,
    error: { code: 'failed', message: canary },
    calls: [{ tool: 'mail', args: { to: canary } }],
    costUsd: 1,
  }
  const scores = { output: { score: 0.5, why: `${canary} in place of others` } }
  await put(database, columns, 'eval_cases', {
    eval: 'e',
    no: 1,
    result: JSON.stringify({ id: 'c', outcome, scores }),
  })
  await eraseSubject(database, canary, { by: 'ada', proof: 'local-user', at: 5000 })
  for (const { in_table: table, name } of columns)
    for (const { value } of await database.all<{ value: unknown }>(
      `select "${name}" as value from ${table} where "${name}" is not null`,
    ))
      expect({ place: `${table}.${name}`, value: String(value) }).not.toMatchObject({
        value: expect.stringContaining(canary),
      })
  const [kept] = await database.all<{ result: string }>('select result from eval_cases')
  expect(JSON.parse(kept!.result)).toMatchObject({
    outcome: { calls: [{ tool: 'mail' }], costUsd: 1 },
    scores: { output: { score: 0.5 } },
  })

  for (const { from, columns: places, ...rest } of placesOfOthers)
    for (const place of places) {
      const keys = columns.filter(({ in_table, key_place }) => in_table === from && key_place > 0)
      const own = Object.fromEntries(
        keys.map(({ name, type }) => [name, type === 'text' ? `key ${++no}` : ++no]),
      )
      await put(database, columns, from, { ...own, [place]: text })
      if ('when' in rest && rest.when === 'ended_at is null')
        await database.run(`update ${from} set ended_at = null where ${place} = ?`, [text])
    }
  const { stays } = await findTraces(database, canary)
  const kinds = new Map(placesOfOthers.map(({ what, columns: places }) => [what as string, places.length]))
  expect(new Map(stays.map(({ what, rows }) => [what, rows]))).toEqual(kinds)
  await database.close()
})
