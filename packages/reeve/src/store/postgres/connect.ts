import type { ClientConfig } from 'pg'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { codeOf, isLoss } from './errors.ts'
import { lacksTls, settleTls, tlsAdvice } from './tls.ts'

type Driver = typeof import('pg')

const oldestServer = 150000
const connectWithinMs = 10_000

/**
 * How long a lock is waited for, how long the server keeps the locks of a worker that fell silent, and plans by index:
 * statements are planned while the tables are small, and kept when they are not any more.
 */
const settings = {
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '10s',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
}

export interface Opening {
  driver: Driver
  /** How further connections are made. */
  config: ClientConfig
  /** A pooler stands between: a session's settings and prepared statements may be lost between two transactions. */
  pooled: boolean
}

/**
 * Connects once and checks that the server can hold Reeve's data.
 * @throws `bad-database-url` `database-unreachable` `database-refused` `database-tls` `database-missing`
 * `database-too-old` `database-read-only` `database-no-schema`
 */
export async function openPostgres(url: string, options: { serverVersion?: number } = {}): Promise<Opening> {
  try {
    return await openAs(url, options)
  } catch (error) {
    const isPreferred = /[?&]sslmode=prefer(&|$)/.test(url)
    if (!isPreferred || !(error instanceof ReeveError) || !lacksTls(error.message)) throw error
    return openAs(url.replace('sslmode=prefer', 'sslmode=disable'), options)
  }
}

async function openAs(url: string, options: { serverVersion?: number }): Promise<Opening> {
  const place = placeOf(url)
  const plain = parseUrl(url)
  const { default: driver } = (await import('pg')) as unknown as { default: Driver }
  const client = new driver.Client(plain)
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<Answer>(
      `select current_setting('server_version_num')::int as version, current_setting('transaction_read_only') as read_only,
         pg_is_in_recovery() as replica, current_schema() as schema, pg_backend_pid() as backend`,
    )
    const answer = rows[0]!
    check(place, { ...answer, version: options.serverVersion ?? answer.version })
    const pooled = answer.backend !== (client as unknown as { processID: number }).processID
    // A pooler refuses settings that it does not know.
    return { driver, config: pooled ? plain : withSettings(plain), pooled }
  } catch (error) {
    throw error instanceof ReeveError ? error : refused(place, plain, error)
  } finally {
    await client.end().catch(() => {})
  }
}

interface Answer {
  version: number
  read_only: string
  replica: boolean
  schema: string | null
  backend: number
}

function check(place: string, answer: Answer): void {
  if (answer.version < oldestServer) {
    const version = `${Math.floor(answer.version / 10_000)}.${answer.version % 10_000}`
    throw new ReeveError(
      'database-too-old',
      `${place} is Postgres ${version}; Reeve needs ${oldestServer / 10_000} or newer. Update the server, or point DATABASE_URL at another.`,
    )
  }
  if (answer.replica || answer.read_only === 'on') {
    const why = answer.replica ? 'is a replica' : 'has default_transaction_read_only on'
    throw new ReeveError(
      'database-read-only',
      `${place} only answers reads: it ${why}. Point DATABASE_URL at the primary. Nothing was changed.`,
    )
  }
  if (answer.schema === null) {
    throw new ReeveError(
      'database-no-schema',
      `In ${place} the role's search_path names no schema that it may use. Create one (create schema reeve authorization ROLE), or set the role's search_path.`,
    )
  }
}

function refused(place: string, config: ClientConfig, cause: unknown): ReeveError {
  const code = codeOf(cause)
  const said = messageOf(cause) || code
  const found = explain(code, said, config)
  if (found) return new ReeveError(found.code, `${place}: ${said}. ${found.advice}`, { cause })
  const retryable = isLoss(cause) || code.startsWith('53')
  const advice =
    'Check that the server runs, that host and port in DATABASE_URL are right and that no firewall blocks the connection.'
  return new ReeveError('database-unreachable', `${place} cannot be reached: ${said}. ${advice}`, {
    retryable,
    cause,
  })
}

function explain(
  code: string,
  said: string,
  config: ClientConfig,
): { code: string; advice: string } | undefined {
  switch (code) {
    case '28P01':
    case '28000':
      return {
        code: 'database-refused',
        advice: `The server does not let "${config.user}" in: check user and password in DATABASE_URL (special characters in a password must be percent-encoded) and the server's pg_hba.conf.`,
      }
    case '3D000':
      return { code: 'database-missing', advice: `Create it first: createdb ${config.database}` }
    case '42501':
      return {
        code: 'database-rights',
        advice: `Grant it: grant connect on database ${config.database} to "${config.user}"`,
      }
  }
  if (/password must be a string|no password/i.test(said)) {
    return { code: 'database-refused', advice: 'The server wants a password: write one into DATABASE_URL.' }
  }
  const advice = tlsAdvice(code, said)
  return advice === undefined ? undefined : { code: 'database-tls', advice }
}

function withSettings(config: ClientConfig): ClientConfig {
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  return { ...config, options: [...flags, config.options ?? ''].join(' ') }
}

function parseUrl(url: string): ClientConfig & { user: string; database: string } {
  const bad = (why: string, cause?: unknown) =>
    new ReeveError(
      'bad-database-url',
      `DATABASE_URL ${placeOf(url)} cannot be read: ${why}. Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with ?sslmode=verify-full for TLS.`,
      { cause },
    )
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (cause) {
    throw bad('it is not a URL', cause)
  }
  const database = decodeURIComponent(parsed.pathname.slice(1))
  if (database === '') throw bad('it names no database')
  const problem = settleTls(parsed.searchParams)
  if (problem !== undefined) throw bad(problem)
  const options = parsed.searchParams.get('options')
  parsed.searchParams.delete('options')
  return {
    connectionString: parsed.href,
    ...(options === null ? {} : { options }),
    user: decodeURIComponent(parsed.username),
    database,
    application_name: 'reeve',
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

/** Where a URL leads, without its password and its options. */
export function placeOf(url: string): string {
  const match = /^(postgres(?:ql)?:\/\/)(?:([^:@/]*)(?::[^@]*)?@)?([^?#]*)/.exec(url)
  if (!match) return 'postgres://…'
  return `${match[1]}${match[2] ? `${match[2]}@` : ''}${match[3]}`
}
