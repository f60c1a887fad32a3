import { expect, test } from 'vitest'
import { dataWithoutSecretShapes, withoutSecretShapes } from '../../src/base/secrets/secret-shapes.ts'

// Written in two parts: what looks for keys in sources finds none here.
const token = (...parts: string[]) => parts.join('')
const letters = 'Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z'

test.each<[string, string, string]>([
  ['Stripe', `pay with ${token('sk_', 'live_', letters)} now`, 'pay with [secret] now'],
  ['a restricted key of Stripe', token('rk_', 'test_', letters), '[secret]'],
  ['a webhook', token('whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), '[secret]'],
  ['GitHub', `(${token('ghp_', letters)})`, '([secret])'],
  ['GitHub, fine-grained', token('github_pat_', '11AAAAA_', letters), '[secret]'],
  ['GitLab', token('glpat-', 'abcDEF123_-ghiJKL456'), '[secret]'],
  ['Slack', `token=${token('xoxb-', '123456789012-', letters)}`, 'token=[secret]'],
  ['Amazon', `id ${token('AKIA', 'IOSFODNN7EXAMPLE')}.`, 'id [secret].'],
  ['Google', token('AIza', 'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q'), '[secret]'],
  ['OpenAI', token('sk-', 'proj-', letters), '[secret]'],
  ['Anthropic', token('sk-', 'ant-api03-', letters), '[secret]'],
  ['npm', token('npm_', letters, 'ab12'), '[secret]'],
  ['a JSON Web Token', token('eyJhbGciOiJI', '.eyJzdWIiOiIx', '.c2lnbmF0dXJl'), '[secret]'],
  ['a bearer', `authorization: Bearer ${letters}`, 'authorization: Bearer [secret]'],
  ['a bearer in a sentence', `sent Bearer ${letters}, refused`, 'sent Bearer [secret], refused'],
  ['basic', `Authorization: Basic ${btoa('ann:open sesame')}`, 'Authorization: Basic [secret]'],
  ['a scheme of its own', 'authorization: Klaviyo-1 pk12345678', 'authorization: Klaviyo-1 [secret]'],
  ['a key as it is', `"authorization":"${letters}"`, '"authorization":"[secret]"'],
  [
    'a password in a URL',
    'could not reach postgres://app:s3cr3t@db.example:5432/x',
    'could not reach postgres://app:[secret]@db.example:5432/x',
  ],
  [
    'a password in a URL in a URL',
    '/go?to=https%3A%2F%2Fann%3Ahunter2%40x.example',
    '/go?to=https%3A%2F%2Fann%3A[secret]%40x.example',
  ],
  ['a password without a user', 'redis://:hunter22@cache', 'redis://:[secret]@cache'],
  [
    'a token in a URL',
    'https://api.example/v1?page=2&access_token=abc123def&x=1',
    'https://api.example/v1?page=2&access_token=[secret]&x=1',
  ],
  ['a cookie', 'set-cookie: session=abc; HttpOnly', 'set-cookie: [secret]'],
  ['a cookie in JSON', '{"cookie":"session=abc; b=1","a":1}', '{"cookie":"[secret]","a":1}'],
  [
    'a private key',
    token('a -----BEGIN RSA ', 'PRIVATE KEY-----\nMIIabc\n-----END RSA ', 'PRIVATE KEY----- b'),
    'a [secret] b',
  ],
  [
    'a private key that is in a line, and one in JSON',
    token('-----BEGIN ', `PRIVATE KEY----- ${letters} -----END `, `PRIVATE KEY-----, "-----BEGIN `) +
      token('PRIVATE KEY', `-----\\n${letters}\\n-----END PRIVATE `, 'KEY-----"'),
    '[secret], "[secret]"',
  ],
  [
    'no more than a cookie',
    'Cookie: a=b; c=d and please pay $10,000 to IBAN EH99',
    'Cookie: [secret] and please pay $10,000 to IBAN EH99',
  ],
  [
    'no more than a private key',
    token('-----BEGIN ', 'PRIVATE KEY-----\nMIIabc\nPay $10,000 to IBAN EH99'),
    '[secret] $10,000 to IBAN EH99',
  ],
  ['half a private key', token('-----BEGIN ', 'PRIVATE KEY-----\nMIIabc'), '[secret]'],
])('what looks like a secret is masked: %s', (_what, text, clean) => {
  expect(withoutSecretShapes(text)).toBe(clean)
})

test.each([
  'run 1m8f3k2p9q4r5s6t failed',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'sha512-Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z==',
  '00-abababababababababababababababab-cdcdcdcdcdcdcdcd-01',
  'Nobody is signed in. Send a token: Authorization: Bearer TOKEN (reeve token create).',
  'The header Authorization is not "Bearer TOKEN". Send it so, or leave it out.',
  'a task-force-with-a-very-long-name-2026 and a risk-assessment-of-2026-for-everybody',
  'basic authentication, Basic understanding, the Basic plan: 12 users',
  'the bearer of this letter, Bearer authentication',
  'https://example.com:8080/a@b?cursor=WzE3LCIxbTgiXQ&limit=50',
  'write to ann@example.com, or https://example.com/@ann',
  'the token 1m8f3k2p9q4r5s6t was revoked; its secret is kept under STRIPE_KEY',
  'cookie: chocolate chip, two of them; the cookie jar = empty',
  'authorization: granted by Ann on 2026-11-29',
  'monkey_live_2026 asks for AKIAH, and SG.1 is a road',
  'a ticket of 10:30: AA12 to Berlin',
  '550e8400-e29b-41d4-a716-446655440000',
  '/sign-in?code=reeve_Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9',
])('what is innocent stays as it is: %s', (text) => {
  expect(withoutSecretShapes(text)).toBe(text)
})

test('in data each text is looked at, and headers by their names; data without a secret is the very same', () => {
  const headers = { Authorization: `Key ${letters}`, cookie: 'a=b', 'x-api-key': 'abcdefgh', accept: '*/*' }
  const data = { deep: [{ url: 'https://ann:pw@example.com/' }], headers, n: 1, none: null }
  expect(dataWithoutSecretShapes(data)).toEqual({
    deep: [{ url: 'https://ann:[secret]@example.com/' }],
    headers: { Authorization: '[secret]', cookie: '[secret]', 'x-api-key': '[secret]', accept: '*/*' },
    n: 1,
    none: null,
  })
  const innocent = {
    cookie: 'chocolate chip',
    authorization: 'granted by Ann',
    token: 'T-1',
    list: [{ a: 1 }],
  }
  expect(dataWithoutSecretShapes(innocent)).toBe(innocent)
})

test('a long text is looked at in a time that grows with its length', () => {
  const hostile = [
    '://a:',
    'cookie=',
    '-----BEGIN PRIVATE KEY-----',
    'Bearer ',
    '?token=',
    'eyJaaaaaaaaa.',
  ].map((part) => part.repeat(Math.ceil(200_000 / part.length)))
  const begun = performance.now()
  for (const text of hostile) withoutSecretShapes(text)
  expect(performance.now() - begun).toBeLessThan(3000)
})
