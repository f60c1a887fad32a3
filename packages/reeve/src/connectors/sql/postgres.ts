import type { Client } from 'pg'
import { messageOf } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import {
  type BoundStatement,
  createKeysTable,
  keysTable,
  NotAllowed,
  type Outcome,
  type Ran,
  type ReadPlan,
  type WritePlan,
  writeOnce,
} from './plan.ts'

/** A connection takes no longer to open (ms). */
const connectMs = 10_000

/** Does one plan on a connection of its own. Never throws. */
export async function onPostgres(
  url: string,
  plan: ReadPlan | WritePlan,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Outcome> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    statement_timeout: timeoutMs,
    application_name: 'reeve',
  })
  // A connection that breaks fails what is asked of it; nobody else is told.
  client.on('error', () => {})
  const cut = () => void client.end().catch(() => {})
  try {
    await client.connect()
  } catch (error) {
    return refusedBy(error)
  }
  signal.addEventListener('abort', cut, { once: true })
  try {
    if (signal.aborted) return { refused: 'busy', message: 'it was given up before it began' }
    return await (plan.kind === 'read' ? read(client, plan) : write(client, plan))
  } finally {
    signal.removeEventListener('abort', cut)
    await client.end().catch(() => {})
  }
}

async function read(client: Client, { statement, maxRows }: ReadPlan): Promise<Outcome> {
  try {
    await client.query('begin read only')
    const { rows, more } = await run(client, statement, maxRows)
    await client.query('commit')
    return { found: { rows, more } }
  } catch (error) {
    return refusedBy(error)
  }
}

async function write(client: Client, plan: WritePlan): Promise<Outcome> {
  const first = await tried(client, plan)
  if (!lacksKeys(first)) return first
  let problem = 'it was made, and is not there'
  // Of several at one moment one makes it, and the others fail in one of three ways: whether it is there now is all that counts.
  await client.query(createKeysTable).catch((error: unknown) => {
    problem = messageOf(error)
  })
  const second = await tried(client, plan)
  if (!lacksKeys(second)) return second
  return {
    refused: 'keys-table',
    message: `its keys need a table, and it may not be made here (${problem}). Have it made: ${createKeysTable}`,
  }
}

function lacksKeys(outcome: Outcome): boolean {
  return 'refused' in outcome && outcome.code === '42P01' && outcome.message.includes(keysTable)
}

/** An error before the commit has changed nothing; one of the commit itself, nobody knows. */
async function tried(client: Client, plan: WritePlan): Promise<Outcome> {
  let isCommitting = false
  try {
    await client.query('begin')
    const written = await writeOnce({ run: (statement, most) => run(client, statement, most) }, plan)
    isCommitting = true
    await client.query('commit')
    return written
  } catch (error) {
    await client.query('rollback').catch(() => {})
    if (error instanceof NotAllowed) return error.refused
    if (isCommitting && codeOf(error) === undefined) return { unknown: messageOf(error) }
    return refusedBy(error)
  }
}

async function run(client: Client, { numbered, values }: BoundStatement, maxRows: number): Promise<Ran> {
  const { rows, rowCount } = await client.query<Record<string, unknown>>(numbered, values)
  return {
    rows: rows.slice(0, maxRows).map(jsonRow),
    more: rows.length > maxRows,
    changed: rowCount ?? 0,
  }
}

function jsonRow(row: Record<string, unknown>): Record<string, Json> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)]))
}

/** Integers of eight bytes come as texts: those that JSON keeps become numbers. Decimals stay exact. */
function cell(value: unknown): Json {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString()
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return (value ?? null) as Json
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: string }
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function refusedBy(error: unknown): Outcome {
  const code = codeOf(error)
  const message = messageOf(error)
  if (code === undefined) return { refused: 'unreachable', message }
  if (code.startsWith('28') || code === '3D000') return { refused: 'sign-in', code, message }
  if (code === '42501') return { refused: 'permission', code, message }
  // Deadlocks, conflicts, locks, a server that goes down or is full.
  if (code.startsWith('40') || code.startsWith('53') || code.startsWith('57P') || code === '55P03')
    return { refused: 'busy', code, message }
  return { refused: 'statement', code, message }
}
