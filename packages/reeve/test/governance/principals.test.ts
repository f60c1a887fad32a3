import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReeveError } from '../../src/base/errors.ts'
import { decide } from '../../src/governance/decide.ts'
import { type Grant, prepareGrants } from '../../src/governance/grants/grant.ts'
import { type Chain, delegate, hasRole, type Link } from '../../src/governance/principals.ts'
import { RunValues } from '../../src/governance/provenance/run-values.ts'
import { Request } from '../../src/governance/request/request.ts'
import { roles } from '../../src/store/identity/principals.ts'
import { agent, codesOf, described, noon, person, ruled, sendMail } from './harness.ts'

test('a role reaches those before it and none after', () => {
  for (const [index, role] of roles.entries())
    expect(roles.filter((wanted) => hasRole(person(role).principal, wanted))).toEqual(
      roles.slice(0, index + 1),
    )
  expect(hasRole(person().principal, 'viewer')).toBe(false)
  expect(hasRole(agent().principal, 'viewer')).toBe(false)
})

test('a person below operator may read and not act, also through an agent that may', () => {
  const args = { to: 'chen@example.com', subject: 'Hello', body: 'Hello' }
  const scene = { request: 'Send a mail to chen@example.com' }
  for (const role of ['viewer', 'approver'] as const) {
    const chain: Chain = [person(role), agent()]
    expect(codesOf(ruled(sendMail, args, { ...scene, call: { chain } }))).toContain('role-too-low')
    expect(ruled(described('list_orders'), {}, { ...scene, call: { chain } }).decision).toBe('allow')
  }
  expect(ruled(sendMail, args, scene).decision).toBe('allow')
})

test('revoking anybody in the chain refuses the next call', () => {
  const args = { to: 'chen@example.com', body: 'Hello' }
  for (const revoked of [0, 1, 2]) {
    const links = [person('operator'), agent(), agent([{ tool: '*' }], 'helper')]
    const chain = links.map((link, index) => ({ ...link, isRevoked: index === revoked })) as unknown as Chain
    const ruling = ruled(sendMail, args, { request: 'Send a mail to chen@example.com', call: { chain } })
    expect(ruling.decision).toBe('deny')
    expect(codesOf(ruling)).toContain('principal-revoked')
  }
})

test('an agent without a grant may do nothing, not even read', () => {
  const ruling = ruled(described('list_orders'), {}, { request: 'List them', call: { chain: [agent([])] } })
  expect(codesOf(ruling)).toEqual(['not-granted'])
})

/** Whether these grants load: those of which one makes another void do not. */
function load(grants: readonly Grant[]): boolean {
  try {
    prepareGrants(grants)
    return true
  } catch (cause) {
    if (cause instanceof ReeveError && cause.code === 'contradicting-grants') return false
    throw cause
  }
}

test('whatever graph of delegations led to it, a chain never may what one of its links may not', () => {
  const names = ['mail.send', 'mail.read', 'crm.get', 'crm.set', 'pay.send']
  const grant = fc.record({
    tool: fc.constantFrom('*', 'mail.*', 'crm.*', '*.send', ...names),
    args: fc.option(fc.record({ amount: fc.record({ max: fc.integer({ min: 0, max: 20 }) }) }), {
      nil: undefined,
    }),
    expires: fc.option(fc.constantFrom(noon - 1, noon, noon + 1), { nil: undefined }),
  })
  const grants = fc.uniqueArray(grant, { maxLength: 4, selector: ({ tool }) => tool }).filter(load)
  const nodes = fc.array(grants, { minLength: 2, maxLength: 8 })
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 12 })
  const allowed = (chain: Chain, name: string, amount: number) =>
    decide({
      chain,
      tool: { ...described(name), effect: 'read', sends: 'none' },
      args: { amount },
      values: new RunValues(),
      request: new Request('anything'),
      taintedThings: new Map(),
      usedDelegations: new Set(),
      now: noon,
    }).decision === 'allow'
  fc.assert(
    fc.property(nodes, edges, fc.constantFrom(...names), fc.nat(20), (held, walks, name, amount) => {
      const links: Link[] = held.map((one, index) => agent(one, `agent-${index}`))
      let chain: Chain = [links[0]!]
      for (const [from, to] of walks) {
        const parent = chain
        chain = delegate(chain, links[(from + to) % links.length]!)
        if (allowed(chain, name, amount)) expect(allowed(parent, name, amount)).toBe(true)
      }
      const each = chain.every((link) => allowed([link], name, amount))
      expect(allowed(chain, name, amount)).toBe(each)
    }),
    { numRuns: 500 },
  )
})

test('a chain that is too long is refused where it grows', () => {
  let chain: Chain = [agent()]
  const grow = () => {
    for (let index = 0; index < 40; index++) chain = delegate(chain, agent())
  }
  expect(grow).toThrow(expect.objectContaining({ code: 'delegation-too-deep' }))
})
