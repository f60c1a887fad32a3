import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { ChildEnd } from '../../base/process/bounded-child.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { parseBoundedJson } from '../bounded-json.ts'
import { asNotApplied } from '../http/http-client.ts'
import { askLocked, type LockedAnswer } from '../process/locked-child.ts'
import { type Tool, tool } from '../tool.ts'
import type { QueryCell, QueryReply, QueryRequest } from './sqlite-child.ts'

/** For `sqlTool`. */
export interface SqlToolOptions {
  /** What workflows, agents and journals call it. */
  name: string
  /** What it is for, for models. Default: what may be read. */
  description?: string
  /** The absolute path of an SQLite file. It is opened for reading only. */
  file: string
  /** Tables and views that may be read. Default: all. */
  tables?: readonly string[]
  /** Default 1,000. */
  maxRows?: number
  /** Of the rows as JSON. Default 512 KiB. */
  maxBytes?: number
  /** Default `5s`. */
  timeout?: Duration
  /** What a query may take. Default 128 MiB. */
  memoryBytes?: number
}

/** What `sqlTool` is asked. */
export interface SqlToolInput {
  /** One statement that reads. Values stand in it as `?` or `:name`. */
  sql: string
  parameters?: QueryCell[] | Record<string, QueryCell>
}

/** What `sqlTool` gives. */
export interface SqlToolOutput {
  columns: string[]
  rows: QueryCell[][]
  /** There were more rows than may be given. */
  more: boolean
}

const cell = z.union([z.null(), z.number(), z.string()])
const loadMs = 30_000
const heapBytes = 128 * 1_048_576

const shape = {
  name: 'text!',
  file: 'text!',
  tables: 'texts',
  maxRows: 'number',
  maxBytes: 'number',
  memoryBytes: 'number',
} as const

/**
 * A tool that reads an SQLite file with one statement and bound parameters. The query runs in a disposable process,
 * which can read and nothing else: a query without an end, or with a result without an end, is killed with it.
 * @throws `bad-tool`
 * @example
 * import { sqlTool } from 'reeve/tools'
 *
 * export const orders = sqlTool({ name: 'orders.query', file: '/srv/shop.db', tables: ['orders'] })
 */
export function sqlTool(options: SqlToolOptions): Tool<SqlToolInput, SqlToolOutput> {
  checkOptions(options, 'an SQL tool', shape, 'bad-tool')
  const { name, file, tables, timeout = '5s' } = options
  if (!isAbsolute(file)) {
    throw new ReeveError('bad-tool', `The file "${file}" of tool "${name}" must be an absolute path.`)
  }
  const readable = tables ? `the tables ${tables.join(', ')}` : 'a database'
  return tool({
    name,
    description:
      options.description ??
      `Read ${readable} with one SQLite statement; bind values as ? or :name parameters`,
    input: z.object({
      sql: z.string().min(1).max(100_000),
      parameters: z.union([z.array(cell), z.record(z.string(), cell)]).optional(),
    }),
    output: z.object({ columns: z.array(z.string()), rows: z.array(z.array(cell)), more: z.boolean() }),
    effect: 'read',
    reads: 'private',
    sends: 'none',
    roles: { sql: 'query', parameters: 'query' },
    place: 'a record of the database',
    timeout: toMs(timeout, `\`timeout\` of tool "${name}"`) + loadMs,
    run: (args, { signal }) => query(options, args, signal),
  })
}

async function query(
  options: SqlToolOptions,
  args: SqlToolInput,
  signal: AbortSignal,
): Promise<SqlToolOutput> {
  const {
    tables = null,
    maxRows = 1000,
    maxBytes = 524_288,
    timeout = '5s',
    memoryBytes = 134_217_728,
  } = options
  const { sql, parameters = [] } = args
  const request: QueryRequest = { sql, parameters, tables: tables && [...tables], maxRows, maxBytes }
  const answer = await askLocked({
    script: moduleUrl('tools/sql/sqlite-child'),
    args: [options.file],
    readable: [options.file],
    request: JSON.stringify(request),
    heapBytes,
    memoryBytes,
    loadMs,
    timeMs: toMs(timeout),
    maxOutputBytes: maxBytes * 2 + 65_536,
    // Its own authorizer lets it read alone, and the statement is bound, locked or not.
    acceptUnlocked: true,
    signal,
  }).catch((error: unknown) => {
    throw notStarted(options, error, signal)
  })
  if (answer.state !== 'ended') throw notOpened(options, answer, signal)
  return resultOf(options, answer.end, signal)
}

function notStarted({ name }: SqlToolOptions, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return asNotApplied(
    error instanceof ReeveError ? error : new ReeveError('query-failed', `"${name}" did not start.`),
  )
}

function resultOf(
  { name, timeout = '5s' }: SqlToolOptions,
  end: ChildEnd,
  signal: AbortSignal,
): SqlToolOutput {
  if (end.cause === 'aborted') throw signal.reason
  if (end.cause === 'timeout') {
    throw new ReeveError('query-timeout', `The query of "${name}" ran longer than ${toMs(timeout)} ms.`)
  }
  const text = end.stdout.toString('utf8')
  if (end.cause !== 'exit' || text === '') {
    throw new ReeveError(
      'query-crashed',
      `The query of "${name}" used up its memory (${end.signal ?? end.exitCode}).`,
    )
  }
  // Its rows and bytes are counted where they are read.
  const reply = parseBoundedJson(
    text,
    `The answer of "${name}"`,
    Number.POSITIVE_INFINITY,
  ) as unknown as QueryReply
  if (reply.status === 'failed') {
    throw new ReeveError('query-failed', `The query of "${name}" failed: ${reply.error}`)
  }
  const { columns, rows, more } = reply
  return { columns, rows, more }
}

function notOpened(
  { name, file }: SqlToolOptions,
  answer: Exclude<LockedAnswer, { state: 'ended' }>,
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason
  const end = answer.state === 'not-loaded' && typeof answer.loaded !== 'string' ? answer.loaded : undefined
  const said =
    /^\w*Error: .*$/m.exec(end?.stderr.toString('utf8') ?? '')?.[0] ??
    `it ended with ${end?.signal ?? end?.exitCode}`
  return new ReeveError('database-not-opened', `"${name}" cannot open ${file}: ${said}`)
}
