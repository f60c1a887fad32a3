import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { startOwnPostgres, type TestServer } from './postgres.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-tls-'))
const fileOf = (name: string) => join(folder, name)
let server: TestServer
let plain: TestServer

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** An authority's key and certificate: `NAME.key` and `NAME.pem`. */
function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
  openssl(
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    ...subject,
  )
}

/** A server's key and certificate for one host name, signed by an authority. */
function makeCertificate(host: string, authority: string): void {
  writeFileSync(fileOf('names.txt'), `subjectAltName=DNS:${host}`)
  openssl(
    ...'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' '),
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    `/CN=${host}`,
  )
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    `${authority}.pem`,
    '-CAkey',
    `${authority}.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names.txt',
    '-out',
    'server.crt',
  )
}

beforeAll(async () => {
  makeAuthority('authority')
  makeAuthority('stranger')
  makeCertificate('localhost', 'authority')
  const files = Object.fromEntries(
    ['server.key', 'server.crt'].map((name) => [name, readFileSync(fileOf(name), 'utf8')]),
  )
  const flags = { ssl: 'on', ssl_key_file: 'server.key', ssl_cert_file: 'server.crt' }
  ;[server, plain] = await Promise.all([startOwnPostgres(flags, files), startOwnPostgres()])
})

afterAll(async () => {
  await Promise.all([server.stop(), plain.stop()])
  rmSync(folder, { recursive: true })
})

interface Wanted {
  host?: string
  mode: string
  authority?: string
}

function urlOf(of: TestServer, { host = 'localhost', mode, authority }: Wanted): string {
  const url = new URL(of.url)
  url.hostname = host
  url.searchParams.set('sslmode', mode)
  if (authority !== undefined) url.searchParams.set('sslrootcert', authority)
  return url.href
}

/** Uses the database as a worker does; answers how many of its connections are encrypted, and how many there are. */
async function use(of: TestServer, wanted: Wanted): Promise<{ encrypted: number; all: number }> {
  const database = new PostgresDatabase({ url: urlOf(of, wanted), clock: systemClock })
  try {
    await migrate(database, () => 'identity')
    database.onOutsideChange(() => {})
    await database.changes.ready()
    expect(database.changes.state).toBe('listening')
    return (await database.get<{ encrypted: number; all: number }>(
      `select count(*) filter (where ssl) as encrypted, count(*) as all from pg_stat_ssl
       join pg_stat_activity using (pid) where application_name = 'reeve'`,
    ))!
  } finally {
    await database.close()
  }
}

const authority = fileOf('authority.pem')

test.each([
  { mode: 'verify-full', authority },
  { mode: 'verify-ca', authority, host: '127.0.0.1' },
  { mode: 'require', authority, host: '127.0.0.1' },
  { mode: 'require', host: '127.0.0.1' },
  { mode: 'prefer', host: '127.0.0.1' },
])('every connection is encrypted with $mode to $host', async (wanted) => {
  const { encrypted, all } = await use(server, wanted)
  expect(all).toBeGreaterThan(1)
  expect(encrypted).toBe(all)
})

const stranger = fileOf('stranger.pem')
const signed = /is signed by an authority that is not trusted here.*sslrootcert=PATH/

test.each<[string, Wanted, RegExp]>([
  ['another authority', { mode: 'verify-full', authority: stranger }, signed],
  ['another authority, its name unchecked', { mode: 'verify-ca', authority: stranger }, signed],
  ['another authority, with require', { mode: 'require', authority: stranger }, signed],
  ['no authority that is known', { mode: 'verify-full' }, signed],
  [
    'a name that is not in its certificate',
    { mode: 'verify-full', authority, host: '127.0.0.1' },
    /127\.0\.0\.1.*not in the cert.*is for another host.*by a name that its certificate has/,
  ],
])('a server with %s is refused', async (_what, wanted, why) => {
  await expect(use(server, wanted)).rejects.toMatchObject({
    code: 'database-tls',
    retryable: false,
    message: expect.stringMatching(why),
  })
})

test.each(['verify-full', 'verify-ca', 'require'])(
  'a server without TLS is refused with %s',
  async (mode) => {
    await expect(use(plain, { mode, authority })).rejects.toMatchObject({
      code: 'database-tls',
      message: expect.stringMatching(/does not support SSL connections.*Turn TLS on at the server/),
    })
  },
)

test('with prefer a server without TLS is used as it is', async () => {
  expect((await use(plain, { mode: 'prefer' })).encrypted).toBe(0)
})

test.each<[string, Wanted, RegExp]>([
  [
    'is not there',
    { mode: 'verify-full', authority: fileOf('none.pem') },
    /sslrootcert=.*none\.pem cannot be read: ENOENT/,
  ],
  [
    'is no certificate',
    { mode: 'verify-full', authority: fileOf('server.key') },
    /sslrootcert=.*server\.key holds no certificate/,
  ],
  ['is not named', { mode: 'verify-ca' }, /sslmode=verify-ca needs the authority.*sslrootcert=PATH/],
])('an authority that %s is told before anything is sent', async (_what, wanted, why) => {
  await expect(use(server, wanted)).rejects.toMatchObject({
    code: 'bad-database-url',
    message: expect.stringMatching(why),
  })
})
