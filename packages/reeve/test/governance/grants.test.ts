import { expect, test } from 'vitest'
import { firstOver, reservationsFor } from '../../src/governance/grants/effect-budgets.ts'
import { type Grant, prepareGrants } from '../../src/governance/grants/grant.ts'
import { effectiveGrants, type GrantChange } from '../../src/governance/grants/narrowing.ts'
import type { Chain } from '../../src/governance/principals.ts'
import { agent, codesOf, described, noon, person, ruled } from './harness.ts'

const tool = { ...described('pay.send'), kinds: [] }
const decided = (grant: Grant, args: Record<string, string | number | string[]>, facts = {}) =>
  ruled(
    { ...tool, roles: Object.fromEntries(Object.keys(args).map((name) => [name, 'plain' as const])) },
    args,
    {
      request: 'x',
      call: { chain: [agent([grant])], facts: (path) => (facts as Record<string, string>)[path] },
    },
  )
const code = (grant: Grant, args: Record<string, string | number | string[]>, facts = {}) =>
  codesOf(decided(grant, args, facts))[0]

test.each([
  ['a number within a range', { amount: { min: 1, max: 100 } }, { amount: 100 }, undefined],
  ['a number above it', { amount: { max: 100 } }, { amount: 100.01 }, 'constraint-broken'],
  ['a number below it', { amount: { min: 1 } }, { amount: 0.5 }, 'constraint-broken'],
  ['a number as text', { amount: { max: 100 } }, { amount: '99 USD' }, undefined],
  ['text that is not a number', { amount: { max: 100 } }, { amount: 'all' }, 'constraint-broken'],
  ['one of a list', { channel: ['#bugs', '#ops'] }, { channel: '#ops' }, undefined],
  ['none of a list', { channel: ['#bugs'] }, { channel: '#general' }, 'constraint-broken'],
  [
    'a list whose entries are all allowed',
    { to: ['a@x.org', 'b@x.org'] },
    { to: ['B@X.org', 'a@x.org'] },
    undefined,
  ],
  ['a list with one that is not', { to: ['a@x.org'] }, { to: ['a@x.org', 'c@x.org'] }, 'constraint-broken'],
  ['an empty list', { to: ['a@x.org'] }, { to: [] as string[] }, 'constraint-broken'],
  ['an argument that is missing', { to: 'a@x.org' }, {}, 'constraint-broken'],
  ['the same as a value of the run', { to: { same: 'input.from' } }, { to: 'Chen@Example.com' }, undefined],
  [
    'another than that value',
    { to: { same: 'input.from' } },
    { to: 'chen@example.org' },
    'constraint-broken',
  ],
  [
    'a value that the run does not have',
    { to: { same: 'input.none' } },
    { to: 'undefined' },
    'constraint-broken',
  ],
  [
    'a host of the list',
    { url: { host: ['api.example.com'] } },
    { url: 'https://api.example.com/a?b=1' },
    undefined,
  ],
  [
    'a host under a wildcard',
    { url: { host: ['*.example.com'] } },
    { url: 'https://eu.example.com/' },
    undefined,
  ],
  [
    'the wildcard host itself',
    { url: { host: ['*.example.com'] } },
    { url: 'https://example.com/' },
    'constraint-broken',
  ],
  [
    'a host that only ends like it',
    { url: { host: ['*.example.com'] } },
    { url: 'https://evilexample.com' },
    'constraint-broken',
  ],
  [
    'a host in front of an @',
    { url: { host: ['example.com'] } },
    { url: 'https://example.com@evil.org/' },
    'constraint-broken',
  ],
  ['text that a pattern matches', { id: { pattern: 'ORD-\\d{6}' } }, { id: 'ORD-123456' }, undefined],
  [
    'text of which it matches a part',
    { id: { pattern: 'ORD-\\d{6}' } },
    { id: 'ORD-1234567' },
    'constraint-broken',
  ],
] as const)('a constraint judges %s', (_, constraints, args, expected) => {
  const grant = { tool: 'pay.send', args: constraints } as unknown as Grant
  expect(code(grant, args as never, { 'input.from': 'chen@example.com' })).toBe(expected)
})

test('a pattern that would backtrack for hours is judged at once', () => {
  const begun = performance.now()
  expect(code({ tool: 'pay.send', args: { id: { pattern: '(a+)+b' } } }, { id: 'a'.repeat(5_000) })).toBe(
    'constraint-broken',
  )
  expect(performance.now() - begun).toBeLessThan(2_000)
})

test.each([
  ['mail.*', 'mail.send', true],
  ['mail.*', 'mailer.send', false],
  ['*', 'anything', true],
  ['*.send', 'mail.send', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'ac', false],
  ['aa*a', 'aa', false],
])('the pattern %s for the tool %s: %s', (pattern, name, isFor) => {
  expect(prepareGrants([{ tool: pattern }])[0]!.isFor(name)).toBe(isFor)
})

test('a grant ends at its time, holds within its hours, and for its account', () => {
  expect(code({ tool: '*', expires: noon }, {})).toBe('grant-expired')
  expect(code({ tool: '*', expires: noon + 1 }, {})).toBeUndefined()
  expect(code({ tool: '*', expires: '2026-05-19T12:00:00Z' }, {})).toBe('grant-expired')
  expect(code({ tool: '*', window: [8, 12] }, {})).toBe('outside-window')
  expect(code({ tool: '*', window: [12, 18] }, {})).toBeUndefined()
  expect(code({ tool: '*', window: [22, 13] }, {})).toBeUndefined()
  expect(code({ tool: '*', account: 'eu' }, {})).toBe('wrong-account')
})

test.each([
  ['for no tool', [{ tool: '' }], 'bad-grant'],
  ['for a tool that does not exist', [{ tool: 'mail.send' }], 'grant-without-tool'],
  ['with the same name', [{ tool: 'pay.send' }, { tool: 'pay.send', asks: true }], 'contradicting-grants'],
  [
    'behind one without limits',
    [{ tool: 'pay.*' }, { tool: 'pay.send', args: { amount: { max: 5 } } }],
    'contradicting-grants',
  ],
  [
    'with a range that another lets through',
    [{ tool: 'pay.send', args: { amount: { max: 5 } } }, { tool: 'pay.*' }],
    'contradicting-grants',
  ],
  [
    'with a least amount above its budget',
    [
      {
        tool: 'pay.send',
        args: { amount: { min: 600 } },
        budgets: [{ id: 'a day', ceiling: 500, per: '1d', adds: 'amount' }],
      },
    ],
    'contradicting-grants',
  ],
  ['with hours that never are', [{ tool: 'pay.send', window: [24, 0] }], 'contradicting-grants'],
  ['with a range without numbers', [{ tool: 'pay.send', args: { amount: { min: 5, max: 1 } } }], 'bad-grant'],
  ['with an empty list', [{ tool: 'pay.send', args: { to: [] } }], 'bad-grant'],
  ['with a constraint of another kind', [{ tool: 'pay.send', args: { to: { like: 'x' } } }], 'bad-grant'],
  [
    'with a pattern that looks around',
    [{ tool: 'pay.send', args: { to: { pattern: '(?=a)' } } }],
    'bad-grant',
  ],
  ['with a time that is none', [{ tool: 'pay.send', expires: 'soon' }], 'bad-grant'],
  ['with hours that are none', [{ tool: 'pay.send', window: [5, 5] }], 'bad-grant'],
  ['with a rate of none', [{ tool: 'pay.send', rate: { count: 0, per: '1h' } }], 'bad-grant'],
  ['with a ceiling below zero', [{ tool: 'pay.send', budgets: [{ id: 'a', ceiling: -1 }] }], 'bad-grant'],
])('grants %s are refused before anything runs', (_, grants, expected) => {
  expect(() => prepareGrants(grants as unknown as Grant[], ['pay.send'])).toThrow(
    expect.objectContaining({ code: expected }),
  )
})

test('an effect budget counts its argument, apart for each value, and refuses what would overshoot', () => {
  const grant: Grant = {
    tool: '*',
    budgets: [
      { id: 'refunds', ceiling: 500, per: '1d', adds: 'amount' },
      { id: 'mails', ceiling: 1, per: '1d', by: 'to' },
    ],
    rate: { count: 3, per: '1h' },
  }
  const [prepared] = prepareGrants([grant])
  const reservations = reservationsFor(
    prepared!.budgets,
    { amount: 120, to: ['A@x.org', 'b@x.org', 'a@X.org'] },
    noon,
  )
  expect(reservations).toEqual([
    { key: 'refunds', amount: 120, ceiling: 500, since: noon - 86_400_000 },
    { key: 'mails:a@x.org', amount: 1, ceiling: 1, since: noon - 86_400_000 },
    { key: 'mails:b@x.org', amount: 1, ceiling: 1, since: noon - 86_400_000 },
    { key: '*:rate', amount: 1, ceiling: 3, since: noon - 3_600_000 },
  ])
  expect(firstOver(reservations, (key) => (key === 'refunds' ? 380 : 0))).toBeUndefined()
  expect(firstOver(reservations, (key) => (key === 'refunds' ? 380.01 : 0))).toMatchObject({
    key: 'refunds',
    spent: 380.01,
  })
})

test('all spellings of one value share the ceiling of that value', () => {
  const budgets = [{ id: 'purchase', ceiling: 1, by: 'purchaseId' }]
  const accounts = ['P-3', 'p-3', 'P - 3', 'P.-.3', 'P\u200b-\u200b3', 'Ｐ－３'].map(
    (purchaseId) => reservationsFor(budgets, { purchaseId }, noon)[0]!.key,
  )
  expect(new Set(accounts)).toEqual(new Set(['purchase:p3']))
})

test.each([-5, 'many', null])('an amount of %s can never be reserved', (amount) => {
  const reservations = reservationsFor([{ id: 'a', ceiling: 10, adds: 'amount' }], { amount }, noon)
  expect(firstOver(reservations, () => 0)).toBeDefined()
})

test('a call over its effect budget is denied, and an allowed one says what to reserve', () => {
  const chain: Chain = [agent([{ tool: '*', budgets: [{ id: 'posts', ceiling: 2 }] }])]
  const spent = (amount: number) => ruled(tool, {}, { request: 'x', call: { chain, spent: () => amount } })
  expect(spent(1)).toMatchObject({
    decision: 'allow',
    reservations: [{ key: 'desk/posts', amount: 1, ceiling: 2 }],
  })
  expect(codesOf(spent(2))).toEqual(['effect-budget-spent'])
})

const inCode = prepareGrants([{ id: 'pay', tool: 'pay.send', args: { amount: { max: 100 } } }])
const allows = (changes: GrantChange[], now: number, amount = 50) =>
  ruled(
    { ...tool, roles: { amount: 'plain' } },
    { amount },
    {
      request: 'x',
      call: { now, chain: [{ ...agent(), grants: effectiveGrants(inCode, changes, now) }] },
    },
  ).decision === 'allow'

test('the database suspends, expires and narrows a grant, and never widens one', () => {
  expect(allows([], noon)).toBe(true)
  expect(allows([{ kind: 'suspend', grant: 'pay', from: noon, until: noon + 10 }], noon)).toBe(false)
  expect(allows([{ kind: 'suspend', grant: 'pay', from: noon, until: noon + 10 }], noon + 10)).toBe(true)
  expect(allows([{ kind: 'expire', grant: 'pay', at: noon }], noon)).toBe(false)
  const narrow = (max: number): GrantChange[] => [
    { kind: 'narrow', grant: 'pay', from: 0, args: { amount: { max } } },
  ]
  expect(allows(narrow(40), noon)).toBe(false)
  expect(allows(narrow(1000), noon, 500)).toBe(false)
})

test('an exception adds for its time, and only an owner makes one that ends', () => {
  const exception = (role: 'owner' | 'operator', until = noon + 1000): GrantChange => ({
    kind: 'exception',
    by: person(role).principal,
    from: noon,
    until,
    grant: { tool: 'pay.send', args: { amount: { max: 1000 } } },
  })
  expect(allows([exception('owner')], noon, 500)).toBe(true)
  expect(allows([exception('owner')], noon + 1000, 500)).toBe(false)
  expect(() => allows([exception('operator')], noon)).toThrow(
    expect.objectContaining({ code: 'bad-exception' }),
  )
  expect(() => allows([exception('owner', Infinity)], noon)).toThrow(
    expect.objectContaining({ code: 'bad-exception' }),
  )
})
