import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { ReeveError } from '../base/errors.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import { hasOwner } from '../store/identity/principals.ts'
import { type AppOptions, createApp } from './app.ts'
import { doorsOf, isLoopback } from './auth/doors.ts'

export interface ServeOptions extends Omit<AppOptions, 'doors'> {
  /** Default `127.0.0.1`: this machine alone. */
  host?: string
  /** 0 takes a free one. */
  port: number
  /** How people reach it, where that is not its own address: `https://reeve.example.com`, behind a proxy. */
  publicUrl?: string | undefined
  /** Believe the `X-Forwarded-…` headers: only behind a proxy that sets them itself. Default false. */
  trustProxy?: boolean | undefined
}

export interface Served {
  /** Where people open it. */
  url: string
  /** Where it listens. */
  port: number
  close(): Promise<void>
}

/** A request must have come in so soon (ms); what is answered slowly, such as events, is not meant. */
const headersWithinMs = 15_000
const requestWithinMs = 60_000
const mostHeaderBytes = 16 * 1024
const closeWithinMs = 2_000

/**
 * Serves the API of a project over HTTP.
 * @throws `no-owner` `port-in-use` `cannot-listen` `bad-option`
 */
export async function serve(runtime: Runtime, options: ServeOptions): Promise<Served> {
  const { host = '127.0.0.1', port, publicUrl, trustProxy } = options
  refuseUnreadable(publicUrl)
  if (!isLoopback(host) && !(await hasOwner(internalsOf(runtime).database))) {
    throw new ReeveError(
      'no-owner',
      `There is no owner yet, and ${host} is open to others: whoever came first could take over. Start once on this machine alone (without --host), which makes the owner; then start with --host ${host}.`,
    )
  }
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: headersWithinMs,
    requestTimeout: requestWithinMs,
  })
  await listen(server, host, port)
  const address = server.address() as AddressInfo
  const app = createApp(runtime, {
    ...options,
    doors: doorsOf({ host, port: address.port, publicUrl, trustProxy }),
  })
  server.on('request', getRequestListener(app.hono.fetch, { overrideGlobalObjects: false }))
  app.begin()
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: publicUrl?.replace(/\/+$/, '') ?? `http://${name}:${address.port}`,
    port: address.port,
    async close() {
      await app.close()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), closeWithinMs)
      await closed
      clearTimeout(timer)
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'EADDRINUSE') {
      throw new ReeveError(
        'port-in-use',
        `Port ${port} of ${host} is in use: by another reeve, or another program. Choose another with --port N, stop the other, or drive runs beside it with: reeve worker`,
        { cause },
      )
    }
    const why = code === 'EACCES' ? 'this user may not; ports from 1024 on need no rights' : code
    throw new ReeveError('cannot-listen', `Nobody can listen at port ${port} of ${host}: ${why}.`, { cause })
  }
}

/** @throws `bad-option` */
function refuseUnreadable(publicUrl: string | undefined): void {
  if (publicUrl === undefined) return
  const url = URL.parse(publicUrl)
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.username === ''
  )
    return
  throw new ReeveError(
    'bad-option',
    `--public-url is ${JSON.stringify(publicUrl)}; it must be an http or https address without a path, such as https://reeve.example.com`,
  )
}
