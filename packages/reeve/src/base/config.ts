import { existsSync, readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { readPostgresUrl } from './database-url.ts'
import { ReeveError } from './errors.ts'

/** What the environment says. This file alone reads it. */
export interface Environment {
  /** Where the data is: `sqlite` with a file, or `postgres` with a connection URL. */
  database: { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }
  /** ProviderKeys of model providers (`NAME_API_KEY`) and addresses of servers (`NAME_BASE_URL`), by their variable. */
  keys: Record<string, string | undefined>
  /** What a new database calls whoever owns it: `REEVE_USER`, else the user of the system. */
  user: string
  /** The user of the operating system, and the machine: as whom commands act. Default: `user`, on no machine. */
  local?: { user: string; host: string }
  /** `REEVE_TOKEN`: as whose commands act in place of the local user. */
  token?: string | undefined
  /** Where `reeve start` and `reeve dev` listen; absent: their default. */
  port?: string | undefined
  /** A server to ask in place of the project's own database, and what to show there. */
  server?: { url: string; token: string | undefined } | undefined
  /** Keys of the audit log: the current one, then those of before, parted by commas (`REEVE_AUDIT_KEY`). */
  auditKey?: string | undefined
  /** Keys that secrets are sealed with: the current one, then those of before, parted by commas (`REEVE_SECRETS_KEY`). */
  secretsKey?: string | undefined
  /** Where programs keep what is this user's own: `XDG_CONFIG_HOME/reeve`, else `~/.config/reeve`. Default: nowhere. */
  configFolder?: string | undefined
  ci: boolean
  /** All variables of this process, for MCP servers that a project lets have some of them. Default: none. */
  variables?: NodeJS.ProcessEnv
}

/** `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`, `OLLAMA_BASE_URL`: which of them are used, the models say that are asked. */
const keyName = /^[A-Z][A-Z0-9_]*_(?:API_KEY|BASE_URL)$/

/**
 * Reads where the data is (`DATABASE_URL`, default `.reeve/reeve.db` in the project), the keys of models, and who acts.
 * @throws `bad-database-url`
 * @example
 * import { readEnvironment } from 'reeve'
 *
 * const environment = readEnvironment('my-desk')
 * const forTests = readEnvironment('my-desk', { DATABASE_URL: ':memory:' })
 */
export function readEnvironment(projectFolder: string, source: NodeJS.ProcessEnv = process.env): Environment {
  return {
    database: databaseFrom(source.DATABASE_URL, projectFolder),
    keys: keysIn(source),
    user: source.REEVE_USER || systemUser(),
    local: { user: systemUser(), host: hostname() },
    token: source.REEVE_TOKEN || undefined,
    port: source.REEVE_PORT || undefined,
    server: source.REEVE_URL ? { url: source.REEVE_URL, token: source.REEVE_TOKEN } : undefined,
    auditKey: source.REEVE_AUDIT_KEY || undefined,
    secretsKey: source.REEVE_SECRETS_KEY || undefined,
    configFolder: configFolderOf(source),
    ci: source.CI === 'true',
    variables: source,
  }
}

/** What of all variables models may be asked with. Nothing else is a key, and so a secret that no text may have. */
export function keysIn(variables: Readonly<Record<string, string | undefined>>): Environment['keys'] {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => keyName.test(name)))
}

/** By the user id of this process: no variable can make it somebody else. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry in the system's list, as in containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

function configFolderOf({ XDG_CONFIG_HOME: own, HOME: home }: NodeJS.ProcessEnv): string | undefined {
  if (own && isAbsolute(own)) return join(own, 'reeve')
  return home && isAbsolute(home) ? join(home, '.config/reeve') : undefined
}

function databaseFrom(url: string | undefined, folder: string): Environment['database'] {
  if (!url) return { kind: 'sqlite', file: ownDatabase(folder) }
  return databaseAt(url, folder, 'DATABASE_URL')
}

/** The file of a project whose environment names no database. */
export function ownDatabase(folder: string): string {
  return resolve(folder, '.reeve/reeve.db')
}

/**
 * Reads where a database is. `what` names the text in the error, and a file's path starts at `folder`.
 * @throws `bad-database-url`
 */
export function databaseAt(url: string, folder: string, what: string): Environment['database'] {
  if (/^postgres(ql)?:\/\//.test(url)) {
    const readable = readPostgresUrl(url)
    if (readable !== undefined) return { kind: 'postgres', url: readable }
    throw new ReeveError(
      'bad-database-url',
      `${what} cannot be read: it does not have the shape postgres://USER:PASSWORD@HOST:PORT/DATABASE, or it has it in two ways. Write the special characters of the password percent-encoded: @ as %40, / as %2F, ? as %3F, # as %23, % as %25, : as %3A. Its value is not shown here because it may hold a password.`,
    )
  }
  if (url === ':memory:') return { kind: 'sqlite', file: url }
  if (url.startsWith('file:')) return { kind: 'sqlite', file: resolve(folder, url.slice('file:'.length)) }
  throw new ReeveError(
    'bad-database-url',
    `${what} is "${shownOf(url)}". Write file:PATH for SQLite, or postgres://USER:PASSWORD@HOST/DATABASE${what === 'DATABASE_URL' ? '; leave it out for .reeve/reeve.db in the project' : ''}.`,
  )
}

/** A text that was meant to be a URL may hold a password anywhere. */
function shownOf(url: string): string {
  return /[@?]/.test(url) ? `${/^[a-z][a-z0-9+-]{0,20}(?=:)/i.exec(url)?.[0] ?? ''}…` : url
}

/**
 * Adds the variables of a project's file `.env` to those of this process, which keeps its own where both have one.
 * @returns those that were added
 * @throws `broken-file` when it is there and cannot be read
 */
export function addEnvFile(
  projectFolder: string,
  target: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const file = join(projectFolder, '.env')
  if (!existsSync(file)) return {}
  let known: NodeJS.Dict<string>
  try {
    const text = readFileSync(file, 'utf8')
    known = parseEnv(text)
    const slip = slipIn(text)
    if (slip !== undefined) throw new Error(slip)
  } catch (cause) {
    const why = (cause as Error).message
    throw new ReeveError('broken-file', `${file} cannot be read: ${why}. Mend it, or remove it.`, { cause })
  }
  const added: Record<string, string> = {}
  for (const [name, value = ''] of Object.entries(known)) {
    if (target[name] === undefined) added[name] = value
  }
  Object.assign(target, added)
  return added
}

/**
 * Reads `.env` anew: what it added before gives way, where nobody has changed it since. A file that cannot be read changes nothing.
 * @throws `broken-file`
 */
export function renewEnvFile(
  projectFolder: string,
  before: Readonly<Record<string, string>>,
  target: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const own = Object.entries(before).filter(([name, value]) => target[name] === value)
  for (const [name] of own) delete target[name]
  try {
    return addEnvFile(projectFolder, target)
  } catch (error) {
    Object.assign(target, Object.fromEntries(own))
    throw error
  }
}

/** What Node would pass over in silence in a file of variables. It never holds what stands there: that may be a secret. */
function slipIn(text: string): string | undefined {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, value = ''] = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line) ?? []
    if (name === undefined) return `line ${at + 1} is neither NAME=value nor a comment`
    const quote = /^["'`]/.exec(value)?.[0]
    if (quote === undefined || value.includes(quote, 1)) continue
    const end = lines.findIndex((each, index) => index > at && each.includes(quote))
    const behind = end < 0 ? quote : lines[end]!.slice(lines[end]!.indexOf(quote) + 1).trim()
    if (behind !== '' && !behind.startsWith('#'))
      return `the value of ${name} (line ${at + 1}) begins with ${quote}, and that is not closed`
    at = end
  }
  return undefined
}

/** The variables of this process, for child processes that a project lets have some of them. */
export function readVariables(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return source
}

/** Whether the Node on the path is too old for Reeve and started this process, in a newer Node, to stand in for it. */
export function isNodeOfPathOlder(source: NodeJS.ProcessEnv = process.env): boolean {
  return source.REEVE_LAUNCHER !== undefined
}

/** How whoever started this process would start Reeve again. */
export function readInvocation(source: NodeJS.ProcessEnv = process.env): 'reeve' | 'npx reeve' {
  return source.npm_execpath || source.npm_lifecycle_event ? 'npx reeve' : 'reeve'
}
