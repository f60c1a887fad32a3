import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { checkOption, checkOptions } from '../../base/options.ts'
import { unlessAborted } from '../../base/time/abort.ts'

/** All addresses of a host name, as text. */
export type Resolve = (hostname: string) => Promise<string[]>

/** Where requests may go. An entry is `host`, `host:port` or `*.host` (below the host, not the host itself). */
export interface EgressRules {
  /** The hosts that may be reached at their public addresses; `public`: every host, on the schemes' own ports. */
  allow: readonly string[] | 'public'
  /** Hosts that may also be at loopback and private addresses, such as `localhost:4010`. Default: none. */
  allowPrivate?: readonly string[]
}

/** A URL that may be reached, at exactly these addresses. */
export interface Destination {
  url: URL
  addresses: string[]
  /** Named in `allowPrivate`: the project trusts the way there without TLS. */
  trustedPath: boolean
}

/**
 * `public`: an address of the open internet. `private`: loopback, private and shared networks, for hosts that are
 * named in `allowPrivate`. `refused`: everything else (link-local with the metadata services, multicast, unspecified,
 * documentation, and IPv6 that carries an IPv4 address inside: mapped, NAT64, 6to4, Teredo).
 */
export type AddressKind = 'public' | 'private' | 'refused'

type Range = readonly [network: string, prefix: number]

// IANA special-purpose registries; 168.63.129.16 is a public address that clouds use for their own wire server.
const privateV4: Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
]
const refusedV4: Range[] = [
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
const privateV6: Range[] = [
  ['::1', 128],
  ['fc00::', 7],
]
// Within 2000::/3, the only part of IPv6 that is in use on the open internet.
const refusedV6: Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
]

const privateV4Set = setOf(privateV4, 'ipv4')
const refusedV4Set = setOf(refusedV4, 'ipv4')
const privateV6Set = setOf(privateV6, 'ipv6')
const refusedV6Set = setOf(refusedV6, 'ipv6')
const globalV6Set = setOf([['2000::', 3]], 'ipv6')

/**
 * Whether an IP address is public, of a private network, or none that is ever connected to.
 * @example
 * import { addressKind } from 'reeve/tools'
 *
 * addressKind('10.0.0.1') // 'private'
 */
export function addressKind(address: string): AddressKind {
  switch (isIP(address)) {
    case 4:
      if (refusedV4Set.check(address, 'ipv4')) return 'refused'
      return privateV4Set.check(address, 'ipv4') ? 'private' : 'public'
    case 6:
      // A zone (fe80::1%eth0) chooses an interface; no public address has one.
      if (address.includes('%') || refusedV6Set.check(address, 'ipv6')) return 'refused'
      if (privateV6Set.check(address, 'ipv6')) return 'private'
      return globalV6Set.check(address, 'ipv6') ? 'public' : 'refused'
    default:
      return 'refused'
  }
}

function setOf(ranges: Range[], family: 'ipv4' | 'ipv6'): BlockList {
  const set = new BlockList()
  for (const [network, prefix] of ranges) set.addSubnet(network, prefix, family)
  return set
}

const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address)

/**
 * What may be reached, and at which addresses (`openExchange` asks it for all that leaves). A host is resolved once, every address is judged, and only what was judged
 * may be connected to: a name that changes its mind between check and use gains nothing.
 */
export class EgressGuard {
  readonly #allow: readonly HostEntry[] | 'public'
  readonly #allowPrivate: readonly HostEntry[]
  readonly #resolve: Resolve

  /** @throws `bad-host` */
  constructor(rules: EgressRules, resolve: Resolve = systemResolve) {
    checkOptions(rules, 'an egress guard', { allowPrivate: 'texts' })
    if (rules.allow !== 'public')
      checkOption(rules.allow, "`allow` of an egress guard, unless it is 'public',", 'texts!')
    this.#allow = rules.allow === 'public' ? 'public' : rules.allow.map(hostEntry)
    this.#allowPrivate = (rules.allowPrivate ?? []).map(hostEntry)
    this.#resolve = resolve
  }

  /**
   * Whether a URL may be reached, and at which addresses.
   * @throws `refused-destination`, `unresolved-host` (retryable), the signal's reason when aborted
   */
  async admit(url: URL, signal: AbortSignal): Promise<Destination> {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw refused(url, `only http and https leave this process, not "${url.protocol}"`)
    }
    if (url.username || url.password) throw refused(url, 'a URL may not carry a user name or password')
    const hostname = bareHostname(url)
    const trustedPath = this.#allowPrivate.some((entry) => matches(entry, hostname, url))
    if (!trustedPath && !this.#allowed(hostname, url)) {
      throw refused(url, `"${url.host}" is not among the hosts that this tool may reach`)
    }
    const addresses = isIP(hostname) ? [hostname] : await this.#lookUp(hostname, signal)
    for (const address of addresses) {
      const kind = addressKind(address)
      if (kind === 'public' || (kind === 'private' && trustedPath)) continue
      const fix =
        kind === 'private'
          ? '; if it is meant, name it: in `allowPrivate` of a tool, in `url` of a connection'
          : ''
      throw refused(url, `"${hostname}" is at ${address}, which is not a public address${fix}`)
    }
    return { url, addresses, trustedPath }
  }

  #allowed(hostname: string, url: URL): boolean {
    if (this.#allow === 'public') return url.port === ''
    return this.#allow.some((entry) => matches(entry, hostname, url))
  }

  async #lookUp(hostname: string, signal: AbortSignal): Promise<string[]> {
    signal.throwIfAborted()
    try {
      const addresses = await unlessAborted(this.#resolve(hostname), signal)
      if (addresses.length > 0) return addresses
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      const options = { retryable: true, cause, details: { sent: false } }
      throw new ReeveError('unresolved-host', `"${hostname}" has no address: ${messageOf(cause)}`, options)
    }
    throw new ReeveError('unresolved-host', `"${hostname}" has no address.`, { details: { sent: false } })
  }
}

interface HostEntry {
  hostname: string
  /** Undefined: the scheme's own. */
  port: string | undefined
  below: boolean
}

/** Read by the same URL parser as the requests, so that both spell a host alike. */
function hostEntry(text: string): HostEntry {
  const below = text.startsWith('*.')
  const rest = below ? text.slice(2) : text
  const port = /(?<=[^:]|\]):(\d{1,5})$/.exec(rest)?.[1]
  const parsed = /[/?#@\\*\s]/.test(rest) ? null : URL.parse(`http://${rest}`)
  if (!parsed?.hostname) {
    throw new ReeveError(
      'bad-host',
      `"${text}" does not name a host. Write host, host:port or *.host, without scheme and path: api.example.com`,
    )
  }
  return { hostname: bareHostname(parsed), port, below }
}

function matches(entry: HostEntry, hostname: string, url: URL): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (entry.port === undefined ? url.port !== '' : entry.port !== port) return false
  return entry.below ? hostname.endsWith(`.${entry.hostname}`) : hostname === entry.hostname
}

/** Without the brackets of IPv6 and the dot of the root. */
function bareHostname(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

function refused(url: URL, why: string): ReeveError {
  const details = { host: url.host, sent: false }
  return new ReeveError('refused-destination', `${url.protocol}//${url.host} was not called: ${why}.`, {
    details,
  })
}
