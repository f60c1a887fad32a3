import { networkInterfaces } from 'node:os'
import type { Context } from 'hono'
import { ReeveError } from '../../base/errors.ts'

/** Under which names the server is asked, and from which pages. */
export interface Doors {
  /** What a `Host` header may be: a page that rebinds its name to this machine sends its own. */
  hosts: ReadonlySet<string>
  /** What an `Origin` header may be. */
  origins: ReadonlySet<string>
  /** Whether a proxy before this server says who asks, and how: then its headers count. */
  trustProxy: boolean
}

/**
 * `publicUrl`: how people reach it, where that is not the address it listens at. Every address that it listens at is served.
 */
export function doorsOf(options: {
  host: string
  port: number
  publicUrl?: string | undefined
  trustProxy?: boolean | undefined
}): Doors {
  const { host, port, publicUrl, trustProxy = false } = options
  const names = isAny(host) ? ['localhost', ...ownAddresses()] : [host]
  if (isLoopback(host)) names.push('localhost', '127.0.0.1', '::1')
  const own = names.map((name) => `${name.includes(':') ? `[${name}]` : name}:${port}`)
  const hosts = new Set(own)
  const origins = new Set(own.map((name) => `http://${name}`))
  if (publicUrl !== undefined) {
    const { host: publicHost, origin } = new URL(publicUrl)
    hosts.add(publicHost)
    origins.add(origin)
  }
  return { hosts, origins, trustProxy }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
}

/** @throws `host-not-served` `foreign-origin` */
export function refuseForeign(context: Context, { hosts, origins, trustProxy }: Doors): void {
  const forwarded = trustProxy ? lastOf(context.req.header('x-forwarded-host')) : undefined
  const host = (forwarded ?? context.req.header('host') ?? '').toLowerCase()
  if (!hosts.has(host)) {
    throw new ReeveError(
      'host-not-served',
      `${JSON.stringify(host.slice(0, 200))} is not served here. Ask at ${[...hosts].slice(0, 3).join(', ')}, or start the server with --public-url.`,
    )
  }
  const origin = context.req.header('origin')
  if (origin === undefined || origins.has(origin)) return
  throw new ReeveError(
    'foreign-origin',
    `Pages of ${JSON.stringify(origin.slice(0, 200))} may not ask this server.`,
  )
}

/** Whether the browser reached the server over TLS. */
export function isSecure(context: Context, { trustProxy }: Doors): boolean {
  const forwarded = trustProxy ? lastOf(context.req.header('x-forwarded-proto')) : undefined
  return (forwarded ?? new URL(context.req.url).protocol.slice(0, -1)) === 'https'
}

/** Of a list that proxies append to: what the nearest one says. */
export function lastOf(header: string | undefined): string | undefined {
  return header?.split(',').at(-1)?.trim()
}
