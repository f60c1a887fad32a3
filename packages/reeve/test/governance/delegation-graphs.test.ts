import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyAgent } from '../../src/agents/agent.ts'
import { type AgentCaller, callerFor } from '../../src/agents/loop/caller.ts'
import { snapshotOf } from '../../src/governance/authority-snapshot.ts'
import { decide } from '../../src/governance/decide.ts'
import { type Grant, prepareGrants } from '../../src/governance/grants/grant.ts'
import type { Chain } from '../../src/governance/principals.ts'
import { RunValues } from '../../src/governance/provenance/run-values.ts'
import { levels } from '../../src/governance/readiness/readiness.ts'
import { Request } from '../../src/governance/request/request.ts'
import { chainOf } from '../../src/governance/runs/chain.ts'
import { exposedToNothing } from '../../src/governance/runs/exposure.ts'
import { RunCase } from '../../src/governance/runs/run-case.ts'
import { RunReadings } from '../../src/governance/runs/run-readings.ts'
import { roles } from '../../src/store/identity/principals.ts'
import { described, noon } from './harness.ts'

const names = ['mail.send', 'mail.read', 'crm.get', 'pay.send']
const numbers = [0, 1, 2, 3, 4, 5]

const grant = fc.record({
  tool: fc.constantFrom('*', 'mail.*', '*.send', ...names),
  args: fc.option(fc.record({ amount: fc.record({ max: fc.integer({ min: 0, max: 20 }) }) }), {
    nil: undefined,
  }),
})
/** Whether the code that states them loads. */
function areAccepted(all: Grant[]): boolean {
  try {
    prepareGrants(all)
    return true
  } catch {
    return false
  }
}

const few = fc.uniqueArray(grant, { maxLength: 3, selector: ({ tool }) => tool }).filter(areAccepted)
const grants = fc.option(few, {
  nil: undefined,
})

/** What each workflow and agent may do by its code, what the database says of them, and who starts runs. */
const world = fc.record({
  workflows: fc.array(grants, { minLength: 6, maxLength: 6 }),
  agents: fc.array(grants, { minLength: 6, maxLength: 6 }),
  revoked: fc.subarray(
    numbers.flatMap((no) => [`agent:${no}`, `workflow:${no}`]),
    { maxLength: 2 },
  ),
  levels: fc.dictionary(
    fc.constantFrom('agent:0', 'agent:1', 'workflow:0', 'workflow:1'),
    fc.constantFrom(...levels),
  ),
  // A person at the command line or by a token, as MCP has it; a program.
  starter: fc.constantFrom(...roles, 'service', 'unknown'),
})

/** A way by which a call comes about: runs above the run, then agents, each called as one of a team or after a hand-over. */
const way = fc.record({
  above: fc.array(fc.nat(5), { maxLength: 4 }),
  workflow: fc.nat(5),
  agents: fc.array(fc.record({ agent: fc.nat(5), isTeam: fc.boolean() }), { maxLength: 5 }),
})

function prepared(given: readonly Grant[] | undefined) {
  return given === undefined ? undefined : prepareGrants(given as Grant[])
}

test('whatever way a call took (sub-workflows, teams, hand-overs, MCP), nobody on it gains a right', () => {
  const tally = { allowed: 0, denied: 0 }
  fc.assert(
    fc.property(world, way, fc.constantFrom(...names), fc.nat(20), (its, path, name, amount) => {
      const agentOf = (no: number) =>
        ({
          name: String(no),
          grants: prepared(its.agents[no]) ?? prepareGrants([{ tool: '*' }]),
          hasGrants: its.agents[no] !== undefined,
          instructions: '',
          readiness: undefined,
        }) as unknown as AnyAgent
      const code = {
        grantsOf: (workflow: string) => prepared(its.workflows[Number(workflow)]),
        isLevelled: () => false,
      }
      const role = roles.find((each) => each === its.starter)
      const starters =
        role === undefined ? [] : [{ id: 'starter', kind: 'person' as const, role, isRevoked: false }]
      const snapshot = snapshotOf({
        version: 1,
        principals: [
          ...starters,
          ...its.revoked.map((id) => ({ id, kind: 'agent' as const, isRevoked: true })),
        ],
        changes: [],
        switches: [],
        levels: Object.entries(its.levels).map(([principal, level]) => ({ principal, level })),
      })
      const isAllowed = (chain: Chain) =>
        decide({
          chain,
          tool: { ...described(name), sends: 'none' },
          args: { amount },
          values: new RunValues(),
          request: new Request('anything'),
          taintedThings: new Map(),
          usedDelegations: new Set(),
          judges: 'rights',
          now: noon,
        }).decision === 'allow'
      const chainBy = (above: readonly number[], agents: AgentCaller['agents']): Chain => {
        const lineage = { workflows: above.map(String), exposure: exposedToNothing, words: [] }
        const run = new RunCase(new RunReadings(() => undefined, 0, exposedToNothing), lineage)
        return chainOf(snapshot, 'starter', run.actorsOf({ agents }, String(path.workflow), code), noon)
      }
      let before = chainBy([], [])
      const grows = (chain: Chain, expected: readonly string[]) => {
        // Nobody on the way is left out, and each further step leaves as much or less.
        expect(chain.map(({ principal }) => principal.id)).toEqual(['starter', ...expected])
        if (isAllowed(chain)) expect(isAllowed(before)).toBe(true)
        expect(isAllowed(chain)).toBe(chain.every((link) => isAllowed([link])))
        before = chain
        tally[isAllowed(chain) ? 'allowed' : 'denied']++
      }
      for (let depth = 0; depth <= path.above.length; depth++) {
        const above = path.above.slice(path.above.length - depth)
        grows(
          chainBy(above, []),
          [...above, path.workflow].map((no) => `workflow:${no}`),
        )
      }
      const workflows = [...path.above, path.workflow].map((no) => `workflow:${no}`)
      let caller: AgentCaller | undefined
      let handers: AnyAgent[] = []
      const acting: number[] = []
      for (const { agent: no, isTeam } of path.agents) {
        const agent = agentOf(no)
        const judged = undefined as never
        // Of a team it has the caller above; after a hand-over it is called anew, under those who had a turn.
        caller =
          isTeam && caller
            ? callerFor({ judged }, agent, {}, caller)
            : callerFor({ judged }, agent, { under: handers }, undefined)
        handers = [...handers, agent]
        acting.push(no)
        grows(chainBy(path.above, caller.agents), [...workflows, ...acting.map((each) => `agent:${each}`)])
      }
    }),
    { numRuns: 400, seed: 42 },
  )
  // It judged both ways.
  expect(Math.min(tally.allowed, tally.denied)).toBeGreaterThan(100)
})
