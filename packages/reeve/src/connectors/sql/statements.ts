import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { jsonSchemaIn } from '../../base/schema/schema.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { type Action, type ActionDefinition, action } from '../shape/action.ts'
import type { BoundStatement, Written } from './plan.ts'
import { readRows, writeRows } from './run-plan.ts'
import { type StatementText, statementText, valuesOf } from './statement-text.ts'

/** What a statement has of an action. */
export type SqlStatement<I extends StandardSchemaV1> = Pick<
  ActionDefinition<I, StandardSchemaV1>,
  'directs' | 'roles' | 'risk' | 'approval' | 'class' | 'timeout' | 'answers' | 'place' | 'stages' | 'commits'
> & {
  description: string
  /** An object, whose fields stand as `:name` in the statement; `:key` is the effect's key. What was not given is null. */
  input: I
}

/** For `sqlRead`. */
export interface SqlRead<I extends StandardSchemaV1, R extends z.ZodType> extends SqlStatement<I> {
  /** One statement that reads. It runs in a transaction that cannot write. */
  sql: string
  /** What one row must be. */
  row: R
  /** Default 1,000. */
  maxRows?: number
}

/** What a read gives. */
export interface SqlRows<Row> {
  rows: Row[]
  /** There were more rows than may be given. */
  more: boolean
}

/** How a write is taken back. */
export interface SqlUndo<Args = never, Row = never> {
  /** Statements as those of the write, done once too. */
  sql: string | readonly string[]
  /** Their values. Default: the arguments of the write. */
  values?(done: { args: Args; result: SqlWritten<Row> }): Readonly<Record<string, unknown>>
  /** How many rows the last one must change, so that nobody else's change is taken back. */
  changes?: number
}

/** For `sqlWrite`. */
export interface SqlWrite<I extends StandardSchemaV1, R extends z.ZodType> extends SqlStatement<I> {
  /** One statement, or several in one transaction. */
  sql: string | readonly string[]
  /** What a row of `returning` must be. Default: there are none. */
  row?: R
  /** How many rows the last statement must change; otherwise nothing is changed, and the call fails. */
  changes?: number
  /** How far it goes. Default `inside`: a database of your own. */
  sends?: 'inside' | 'outside'
  undo?: SqlUndo<StandardSchemaV1.InferOutput<I>, z.output<R>>
}

/** What a write gives. */
export interface SqlWritten<Row> extends SqlRows<Row> {
  changed: number
}

/** What `sqlRead` makes. */
export type SqlReadAction<I extends StandardSchemaV1, R extends z.ZodType> = Action<
  StandardSchemaV1.InferInput<I>,
  SqlRows<z.output<R>>,
  StandardSchemaV1.InferOutput<I>
>
/** What `sqlWrite` makes. */
export type SqlWriteAction<I extends StandardSchemaV1, R extends z.ZodType> = Action<
  StandardSchemaV1.InferInput<I>,
  SqlWritten<z.output<R>>,
  StandardSchemaV1.InferOutput<I>
>

const mostReturned = 100

/**
 * Declares a read of a database.
 * @throws `bad-connector`
 * @example
 * import { sqlRead } from 'reeve/connectors/sql'
 * import { z } from 'zod'
 *
 * export const order = sqlRead({
 *   description: 'Look an order up',
 *   sql: 'select id, status from orders where id = :id',
 *   input: z.object({ id: z.string() }),
 *   row: z.object({ id: z.string(), status: z.string() }),
 *   directs: ['id'],
 * })
 */
export function sqlRead<I extends StandardSchemaV1, R extends z.ZodType>({
  sql,
  row,
  maxRows = 1000,
  ...definition
}: SqlRead<I, R>): SqlReadAction<I, R> {
  const text = declared(sql, definition.input)
  if (!/^(?:select|with|values)\b/i.test(text.sql))
    throw bad(text.sql, 'it does not begin with select, with or values; declare it with sqlWrite')
  return action({
    place: 'a record of the database',
    ...definition,
    endpoint: `SQL ${text.sql}`,
    effect: 'read',
    reads: 'private',
    sends: 'none',
    output: z.object({ rows: z.array(row), more: z.boolean() }),
    run: (args: unknown, api: ServiceCall) =>
      readRows({ kind: 'read', statement: bound(text, args as object, api), maxRows }, api),
  } as never) as never
}

/**
 * Declares a write. In one transaction the effect's key is written down and the statements are done, so that a repeat, after whatever
 * death, gets what the first one gave and changes nothing.
 * @throws `bad-connector`
 * @example
 * import { sqlWrite } from 'reeve/connectors/sql'
 * import { z } from 'zod'
 *
 * export const close = sqlWrite({
 *   description: 'Close an order',
 *   sql: "update orders set status = 'closed' where id = :id and status = 'open'",
 *   input: z.object({ id: z.string() }),
 *   changes: 1,
 *   directs: ['id'],
 *   undo: { sql: "update orders set status = 'open' where id = :id and status = 'closed'", changes: 1 },
 * })
 */
export function sqlWrite<I extends StandardSchemaV1, R extends z.ZodType = z.ZodNever>({
  sql,
  row,
  changes,
  undo,
  ...definition
}: SqlWrite<I, R>): SqlWriteAction<I, R> {
  const texts = [sql].flat().map((each) => declared(each, definition.input))
  if (texts.length === 0) throw bad('', 'there is none')
  const undoing =
    undo && [undo.sql].flat().map((each) => declared(each, undo.values ? undefined : definition.input))
  const write = (statements: readonly StatementText[], must: number | undefined, what: string) => {
    return (args: object, api: ServiceCall): Promise<Written> => {
      const all = statements.map((each) => bound(each, args, api))
      return writeRows(
        {
          kind: 'write',
          statements: all,
          changes: must ?? null,
          key: api.key,
          action: what,
          hash: sha256(canonical(all.map(({ numbered, values }) => [numbered, values]))),
          now: api.now(),
          maxRows: mostReturned,
        },
        api,
      )
    }
  }
  const run = write(texts, changes, definition.description.slice(0, 200))
  const takeBack = undoing && write(undoing, undo.changes, `undo: ${definition.description.slice(0, 200)}`)
  return action({
    sends: 'inside',
    place: 'a record of the database',
    ...definition,
    endpoint: texts.map((each) => `SQL ${each.sql}`),
    effect: 'idempotent',
    reads: 'none',
    output: z.object({ rows: z.array(row ?? z.never()), more: z.boolean(), changed: z.number().int() }),
    run: (args: unknown, api: ServiceCall) => run(args as object, api),
    ...(undo &&
      takeBack && {
        undo: {
          effect: 'idempotent',
          run: async (done: { args: never; result: never }, api: ServiceCall) => {
            await takeBack((undo.values?.(done) ?? done.args) as object, api)
          },
        },
      }),
  } as never) as never
}

/** Read, and held against the fields of the input: a name that nobody gives a value for is a slip. */
function declared(sql: string, input: StandardSchemaV1 | undefined): StatementText {
  const text = statementText(sql)
  const schema = input && jsonSchemaIn(input)
  const fields = isRecord(schema) && isRecord(schema.properties) ? Object.keys(schema.properties) : undefined
  const unknown = fields && text.names.find((name) => name !== 'key' && !fields.includes(name))
  if (unknown !== undefined)
    throw bad(text.sql, `it has :${unknown}, and its input has ${fields!.join(', ') || 'nothing'}`)
  return text
}

function bound(text: StatementText, args: object, { key }: ServiceCall): BoundStatement {
  const named = valuesOf(text, { ...args, key })
  return { sql: text.sql, named, numbered: text.numbered, values: text.names.map((name) => named[name]!) }
}

function bad(sql: string, why: string): ReeveError {
  return new ReeveError(
    'bad-connector',
    `The statement ${JSON.stringify(sql.slice(0, 120))} cannot be used: ${why}.`,
  )
}
