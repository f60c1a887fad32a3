import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { fields, noAuth } from '../auth/scheme.ts'
import { type Actions, type Connector, connector } from '../connector.ts'
import type { ConnectorDefinition } from '../shape/definition.ts'
import { readRows } from './run-plan.ts'
import { startSqlStandIn } from './stand-in.ts'
import { statementText } from './statement-text.ts'

/** For `sql`. */
export interface SqlOptions<A extends Actions> {
  /** The first part of its actions' names: `books` for `books.refund`. */
  name: string
  /** Default: its name. */
  title?: string
  /** Default `1.0.0`. */
  version?: string
  /** `postgres`: its address is the credential. `sqlite`: `file` of the connection says where it is. */
  kind: 'postgres' | 'sqlite'
  /** Made by `sqlRead` and `sqlWrite`. */
  actions: A
  /** What stands in its place while the project is in sandbox. */
  sandbox: {
    /** Statements that make the tables of the sandbox, and what stands in them. They run on SQLite, with one file for the project. */
    schema: string
  }
  /** Default 50 a second. */
  rate?: ConnectorDefinition<never, never, never>['rate']
}

/** What a project says of a connection. */
export type SqlSettings = {
  /** Of SQLite: the absolute path. Needed live. */
  file?: string | undefined
}

const settings = z.object({ file: z.string().refine(isAbsolute, 'write an absolute path').optional() })
const probe = statementText('select 1 as one')
const whose = statementText('select current_user as "user", current_database() as "database"')

/**
 * A connector to a database of yours: declared statements alone, whose values are bound by schema. No text of a model or of a person
 * becomes part of a statement. Writes are done once: their keys are kept in the table `reeve_effects` beside the data. In sandbox the
 * statements run on an SQLite file of their own; what only Postgres understands needs a database for trials
 * (`reeve connect NAME --mode sandbox`).
 * @throws `bad-connector`
 * @example
 * import { sql, sqlRead } from 'reeve/connectors/sql'
 * import { z } from 'zod'
 *
 * export const books = sql({
 *   name: 'books',
 *   kind: 'postgres',
 *   actions: {
 *     order: sqlRead({
 *       description: 'Look an order up',
 *       sql: 'select id, status from orders where id = :id',
 *       input: z.object({ id: z.string() }),
 *       row: z.object({ id: z.string(), status: z.string() }),
 *     }),
 *   },
 *   sandbox: { schema: "create table orders (id text primary key, status text); insert into orders values ('o1', 'open')" },
 * })
 */
export function sql<A extends Actions>(
  options: SqlOptions<A>,
): Connector<A, Record<never, never>, SqlSettings> {
  checkOptions(
    options,
    'sql()',
    {
      name: 'text!',
      title: 'text',
      version: 'text',
      kind: 'text!',
      actions: 'object!',
      sandbox: 'object!',
      rate: 'object',
    },
    'bad-connector',
  )
  const { name, kind, actions, sandbox } = options
  if (kind !== 'postgres' && kind !== 'sqlite')
    throw new ReeveError(
      'bad-connector',
      `\`kind\` of "${name}" is ${JSON.stringify(kind)}; it is postgres or sqlite.`,
    )
  if (typeof sandbox.schema !== 'string')
    throw new ReeveError(
      'bad-connector',
      `"${name}" needs \`sandbox: { schema }\`: the statements that make its tables for trials.`,
    )
  return connector<A, Record<never, never>, SqlSettings>({
    name,
    title: options.title ?? name,
    version: options.version ?? '1.0.0',
    vendorApi: { version: kind },
    settings: settings as never,
    url: ({ settings: { file } }) => {
      // Of Postgres the address has a password: it is the credential, and no part of the code.
      if (kind === 'postgres') return 'postgres://the-credential-says'
      if (file !== undefined) return pathToFileURL(file).href
      throw new ReeveError('bad-connector', `"${name}" needs its file: ${name}({ file: '/srv/books.db' }).`)
    },
    auth:
      kind === 'sqlite'
        ? noAuth()
        : fields({
            where: 'your database: a role that may do what the statements need, and nothing else',
            fields: [{ name: 'url', label: 'Address (postgres://user:password@host/database)' }],
          }),
    health: {
      async probe(api) {
        const address = await api.at()
        const isFile = address.startsWith('file:')
        const { sql: text, numbered } = isFile ? probe : whose
        const statement = { sql: text, numbered, named: {}, values: [] }
        const { rows } = await readRows({ kind: 'read', statement, maxRows: 1 }, api)
        return { identity: isFile ? address : `${rows[0]?.user}@${rows[0]?.database}` }
      },
    },
    rate: options.rate ?? { default: { count: 50, per: '1s' } },
    sandbox: {
      how: 'Make a database for trials, with the same tables.',
      standIn: {
        credential: kind === 'sqlite' ? '' : 'postgres://stand-in',
        load: async () => (its) => startSqlStandIn(sandbox.schema, its),
      },
    },
    actions,
  })
}
