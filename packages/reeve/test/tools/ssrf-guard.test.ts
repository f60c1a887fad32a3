import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKind, EgressGuard, type Resolve } from '../../src/tools/http/ssrf-guard.ts'

const signal = new AbortController().signal
const nobody: Resolve = async () => {
  throw new Error('resolved')
}

function admit(rules: ConstructorParameters<typeof EgressGuard>[0], url: string, resolve: Resolve = nobody) {
  return new EgressGuard(rules, resolve).admit(new URL(url), signal)
}

test.each([
  ['8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
  ['127.0.0.1', 'private'],
  ['127.255.255.254', 'private'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['100.100.100.200', 'refused'],
  ['169.254.169.254', 'refused'],
  ['168.63.129.16', 'refused'],
  ['0.0.0.0', 'refused'],
  ['224.0.0.1', 'refused'],
  ['255.255.255.255', 'refused'],
  ['198.18.0.1', 'refused'],
  ['::1', 'private'],
  ['::', 'refused'],
  ['fc00::1', 'private'],
  ['fd00:ec2::254', 'refused'],
  ['fe80::1', 'refused'],
  ['fe80::1%eth0', 'refused'],
  ['ff02::1', 'refused'],
  ['::ffff:127.0.0.1', 'refused'],
  ['::ffff:8.8.8.8', 'refused'],
  ['::127.0.0.1', 'refused'],
  ['64:ff9b::7f00:1', 'refused'],
  ['64:ff9b:1::7f00:1', 'refused'],
  ['2002:7f00:1::', 'refused'],
  ['2001:0:1::1', 'refused'],
  ['2001:db8::1', 'refused'],
  ['not an address', 'refused'],
])('%s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind)
})

test('no IPv4 address inside an IPv6 one is ever public', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
      const words = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
      for (const form of [`::ffff:${address}`, `::${words}`, `64:ff9b::${words}`, `2002:${words}::1`]) {
        if (addressKind(form) === 'public') return false
      }
      return true
    }),
  )
})

test.each([
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://0x7f.1/',
  'http://127.1/',
  'http://127.0.0.1./',
  'http://①②⑦.0.0.1/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://0/',
  'http://169.254.169.254/latest/meta-data',
  'http://[fd00:ec2::254]/',
])('refuses %s however it is spelled', async (url) => {
  await expect(admit({ allow: 'public' }, url)).rejects.toMatchObject({ code: 'refused-destination' })
})

test.each(['ftp://example.com/', 'file:///etc/passwd', 'data:text/plain,hello', 'gopher://example.com/'])(
  'refuses the scheme of %s',
  async (url) => {
    await expect(admit({ allow: 'public' }, url)).rejects.toMatchObject({ code: 'refused-destination' })
  },
)

test('refuses a name one of whose addresses is not public', async () => {
  const both: Resolve = async () => ['93.184.216.34', '10.0.0.7']
  await expect(admit({ allow: ['a.example'] }, 'https://a.example/', both)).rejects.toThrow(/10\.0\.0\.7/)
})

test('admits a public name with the addresses that were judged', async () => {
  const destination = await admit({ allow: ['a.example'] }, 'https://A.EXAMPLE./x', async () => [
    '93.184.216.34',
  ])
  expect(destination.addresses).toEqual(['93.184.216.34'])
  expect(destination.trustedPath).toBe(false)
})

test.each([
  [['a.example'], 'https://b.example/'],
  [['a.example'], 'https://a.example.evil.test/'],
  [['a.example'], 'https://evila.example/'],
  [['*.a.example'], 'https://a.example/'],
  [['*.a.example'], 'https://evila.example/'],
  [['a.example'], 'https://a.example:8443/'],
  [['a.example:8443'], 'https://a.example/'],
  [['a.example'], 'https://a.example@b.example/'],
  [['a.example'], 'https://user:word@a.example/'],
])('an allow-list of %j keeps %s in', async (allow, url) => {
  await expect(admit({ allow }, url, async () => ['93.184.216.34'])).rejects.toMatchObject({
    code: 'refused-destination',
  })
})

test.each([
  [['*.a.example'], 'https://deep.b.a.example/'],
  [['a.example:8443'], 'https://a.example:8443/'],
  [['bücher.example'], 'https://xn--bcher-kva.example/'],
])('an allow-list of %j lets %s out', async (allow, url) => {
  await expect(admit({ allow }, url, async () => ['93.184.216.34'])).resolves.toBeDefined()
})

test('any public host is reached on its own port only', async () => {
  const resolve: Resolve = async () => ['93.184.216.34']
  await expect(admit({ allow: 'public' }, 'https://a.example/', resolve)).resolves.toBeDefined()
  await expect(admit({ allow: 'public' }, 'http://a.example:6379/', resolve)).rejects.toThrow(/not among/)
})

test('a host in allowPrivate may be private, never a metadata service', async () => {
  const rules = { allow: [], allowPrivate: ['inside.example:8080'] }
  const url = 'http://inside.example:8080/'
  await expect(admit(rules, url, async () => ['10.0.0.7'])).resolves.toMatchObject({ trustedPath: true })
  await expect(admit(rules, url, async () => ['169.254.169.254'])).rejects.toThrow(/not a public address/)
  await expect(admit(rules, 'http://inside.example/', async () => ['10.0.0.7'])).rejects.toThrow(/not among/)
})

test.each(['https://a.example', 'a.example/path', '', 'user@a.example', 'a b'])(
  'refuses "%s" as an entry of an allow-list',
  (entry) => {
    expect(() => new EgressGuard({ allow: [entry] })).toThrow(/does not name a host/)
  },
)

test('a resolver that never answers ends with the signal', async () => {
  const stop = new AbortController()
  const guard = new EgressGuard({ allow: 'public' }, () => new Promise(() => {}))
  const admitted = guard.admit(new URL('https://a.example/'), stop.signal)
  stop.abort(new Error('stopped'))
  await expect(admitted).rejects.toThrow('stopped')
})
