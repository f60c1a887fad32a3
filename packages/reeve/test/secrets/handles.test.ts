import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { addSecretParts, secretsOfVariables } from '../../src/base/secrets/known-secrets.ts'
import {
  basicAuth,
  openAll,
  type Secret,
  secret,
  secretNamesIn,
} from '../../src/base/secrets/secret-handle.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import { HttpClient } from '../../src/tools/http/http-client.ts'

const values: Record<string, string> = { KEY: 'value-of-key', USER: 'value-of-user' }
const open = (handle: Secret) => handle.opened(async (name) => values[name]!)

test('a handle says its name wherever it is written, and never more', async () => {
  const handle = secret`Bearer ${secret('KEY')}`
  const shown = '[secret:KEY]'
  expect([`${handle}`, String(handle), JSON.stringify({ handle }), inspect({ deep: { handle } })]).toEqual([
    shown,
    shown,
    `{"handle":"${shown}"}`,
    `{ deep: { handle: ${shown} } }`,
  ])
  expect(structuredClone({ ...handle })).toEqual({})
  expect(await open(handle)).toBe('Bearer value-of-key')
  expect(secretNamesIn({ a: [handle], b: secret`${secret('USER')}:${secret('KEY')}`, c: 1 })).toEqual([
    'KEY',
    'USER',
  ])
})

test('texts around secrets and basic authentication are put together when they are sent', async () => {
  expect(await open(secret`postgres://${secret('USER')}:${secret('KEY')}@db/shop`)).toBe(
    'postgres://value-of-user:value-of-key@db/shop',
  )
  const basic = basicAuth('ann', secret('KEY'))
  expect(await open(basic)).toBe(`Basic ${Buffer.from('ann:value-of-key').toString('base64')}`)
  expect(await open(secret`a${secret`b${secret('KEY')}`}c`)).toBe('abvalue-of-keyc')
})

test('what is no handle, or a handle in a plain text, is refused without being shown', async () => {
  const rubbish: (() => unknown)[] = [
    () => secret('sk live 123'),
    () => secret(undefined as never),
    () => secret`Bearer ${'sk-live-12345678' as never}`,
    () => secret`x ${basicAuth('ann', secret('KEY'))}`,
  ]
  for (const made of rubbish) {
    expect(made).toThrow(expect.objectContaining({ code: 'bad-secret' }))
    expect(made).not.toThrow(/sk.live/)
  }
  const plain = { authorization: `Bearer ${secret('KEY')}` }
  await expect(openAll(plain, async () => '', 'it')).rejects.toThrow('before the template')
  await expect(openAll({ a: secret('KEY') }, undefined, 'it')).rejects.toMatchObject({
    code: 'secret-not-here',
  })
  expect(() => new HttpClient({ allow: [], credentials: { 'api.stripe.com': {} } })).toThrow(
    'is not an origin',
  )
  expect(() => new HttpClient({ allow: [], credentials: { 'https://a.example/path': {} } })).toThrow(
    'is not an origin',
  )
})

test('the lines of a private key and the secret fields of a document are secret by themselves', () => {
  const secrets = new Secrets()
  const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDx'
  addSecretParts(secrets, `-----BEGIN PRIVATE KEY-----\n${line}\nshort\n-----END PRIVATE KEY-----`)
  addSecretParts(
    secrets,
    JSON.stringify({ client_email: 'bot@shop.example', private_key: 'k3y-of-the-account' }),
  )
  expect(
    secrets.redact(`${line} short bot@shop.example k3y-of-the-account -----BEGIN PRIVATE KEY-----`),
  ).toBe('[secret] short bot@shop.example [secret] -----BEGIN PRIVATE KEY-----')
})

test('a long secret in a stream costs no more than its length', () => {
  const long = Array.from({ length: 16_000 }, (_, at) =>
    String.fromCharCode(33 + ((at * at + 7 * at) % 90)),
  ).join('')
  const stream = new Secrets([long]).stream()
  const began = performance.now()
  const told = [
    stream.push(long.slice(0, 9_000)),
    stream.push(long.slice(9_000)),
    stream.push('!'),
    stream.end(),
  ]
  expect(told.join('')).toBe('[secret]!')
  // The set of all its beginnings took minutes, and gigabytes.
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('headers that telemetry is sent with are secret where their names say so', () => {
  const secrets = secretsOfVariables({
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=k3y-of-the-collector,x-team=desk-of-ann',
  })
  expect(secrets.redact('k3y-of-the-collector desk-of-ann')).toBe('[secret] desk-of-ann')
})
