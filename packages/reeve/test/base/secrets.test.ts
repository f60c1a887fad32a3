import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secretsOf, secretsOfVariables } from '../../src/base/secrets/known-secrets.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'

const canary = 'Zq9+/x=Kd"7&w%4Lm~é'
const secrets = new Secrets([canary])

const bytes = Buffer.from(canary)

test.each<[string, string]>([
  ['as it is', `before ${canary} after`],
  ['in another case', canary.replace(/[a-z]/g, (letter) => letter.toUpperCase())],
  ['in JSON', JSON.stringify({ deep: [{ key: canary }] })],
  ['in JSON in JSON', JSON.stringify(JSON.stringify({ key: canary }))],
  ['in JSON of ASCII only', JSON.stringify(canary).replaceAll('é', '\\u00e9')],
  ['in a URL', `https://example.test/?key=${encodeURIComponent(canary)}`],
  [
    'in a URL in lower case',
    `?key=${encodeURIComponent(canary).replace(/%../g, (part) => part.toLowerCase())}`,
  ],
  ['in a URL in a URL', encodeURIComponent(encodeURIComponent(canary))],
  ['in a form', new URLSearchParams({ key: canary }).toString()],
  ['in HTML', `<b>${canary.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</b>`],
  ['as hex', bytes.toString('hex')],
  ['as upper-case hex', bytes.toString('hex').toUpperCase()],
  ...[0, 1, 2, 3, 4, 5].map((offset): [string, string] => [
    `as base64 after ${offset} bytes`,
    Buffer.from(`${'u'.repeat(offset)}${canary}:more`).toString('base64'),
  ]),
  ['as base64url', Buffer.from(`user:${canary}`).toString('base64url')],
])('a secret is found %s', (_where, text) => {
  expect(secrets.redact(text)).not.toBe(text)
  expect(secrets.redact(text)).toContain('[secret]')
  expect(secrets.redact(text).length).toBeLessThan(text.length)
})

test('a text without a secret is the very same text, and data the very same data', () => {
  const data = { a: ['x', { b: 'a longer text without anything in it' }], n: 12, none: null }
  expect(secrets.redactData(data)).toBe(data)
  expect(secrets.redactJson(JSON.stringify(data))).toBe(JSON.stringify(data))
})

test('a secret is found in a text of JSON that holds JSON that holds JSON', () => {
  const answer = JSON.stringify(JSON.stringify({ key: canary }))
  expect(JSON.parse(secrets.redactJson(JSON.stringify({ result: answer }))).result).toBe(
    JSON.stringify(JSON.stringify({ key: '[secret]' })),
  )
})

test('data stays data: texts, names and numbers are replaced, and JSON stays JSON', () => {
  const numeric = new Secrets(['4111111111111111', canary])
  const data = { [canary]: 1, card: 4111111111111111, deep: [{ is: `x${canary}` }], __proto__: null }
  const clean = JSON.parse(numeric.redactJson(JSON.stringify(data)))
  expect(clean).toEqual({ '[secret]': 1, card: '[secret]', deep: [{ is: 'x[secret]' }] })
})

test('a secret cut in halves by a stream is found, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
      const text = `It is ${canary}, or ${Buffer.from(canary).toString('base64')} and Zq9+/x`
      const stream = secrets.stream()
      let shown = ''
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const size = sizes[turn % sizes.length]!
        shown += stream.push(text.slice(at, at + size))
        at += size
      }
      expect(shown + stream.end()).toBe(secrets.redact(text))
    }),
  )
})

test('many secrets of any kind are all found in any text', () => {
  const secret = fc.string({ unit: 'binary', minLength: 8, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 20 }), fc.string(), (values, around) => {
      const many = new Secrets(values)
      for (const value of values) expect(many.redact(around + value + around)).not.toContain(value)
    }),
  )
})

test('the environment says what is secret, by its names and by the passwords in its URLs', () => {
  const found = secretsOf({
    database: { kind: 'postgres', url: 'postgres://reeve:hunter2hunter2@db/reeve' },
    keys: { OPENAI_API_KEY: 'sk-abcdefgh', OLLAMA_BASE_URL: 'http://127.0.0.1:11434' },
    user: 'anna',
    ci: false,
    variables: {
      STRIPE_KEY: 'rk_live_51H8',
      GITHUB_TOKEN: 'ghp_0123456789',
      CACHE: 'redis://default:s3cr3t-cache@cache:6379',
      SSH_AUTH_SOCK: '/tmp/ssh-agent/12345678',
      PUBLIC_KEY: 'not-secret-at-all-1',
      HOME: '/home/anna-the-first',
      API_TOKEN: 'production',
    },
  })
  const text = 'sk-abcdefgh rk_live_51H8 ghp_0123456789 s3cr3t-cache hunter2hunter2'
  expect(found.redact(text)).toBe('[secret] [secret] [secret] [secret] [secret]')
  const plain =
    'production /tmp/ssh-agent/12345678 not-secret-at-all-1 /home/anna-the-first http://127.0.0.1:11434'
  expect(found.redact(plain)).toBe(plain)
})

test('a short password and a plain word are blotted out only where they stand as a password', () => {
  const found = secretsOfVariables({
    DATABASE_URL: 'postgres://postgres:postgres@h/db',
    SMTP_PASSWORD: 'abc12',
  })
  expect(found.redact('postgres is up; abc12 lamps')).toBe('postgres is up; abc12 lamps')
  expect(found.redact('cannot reach postgres://postgres:postgres@h/db')).not.toContain('postgres@')
  expect(found.redact('password=abc12')).toBe('[secret]')
})

test('a key for secrets names itself without telling itself, and only 32 bytes are one', () => {
  const key = SealingKey.make()
  expect(new SealingKey(key.secret).id).toBe(key.id)
  expect(key.secret).not.toContain(key.id)
  for (const bad of ['', 'abc', `${key.secret}AAAA`, key.secret.slice(1), '!'.repeat(43)])
    expect(() => new SealingKey(bad)).toThrow('32 bytes')
})
