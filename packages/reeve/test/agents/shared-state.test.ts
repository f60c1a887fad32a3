import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { type DebateOptions, debate } from '../../src/agents/patterns/debate.ts'
import { type HandOffOptions, handOff } from '../../src/agents/patterns/hand-off.ts'
import type { StateTurn } from '../../src/agents/patterns/shared-state.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { Solver } from '../../src/models/solver.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { agentBench } from './agent-harness.ts'

const Claim = z.object({ facts: z.array(z.string()), amount: z.number().max(500), verdict: z.string() })
type Claim = z.infer<typeof Claim>
const initial: Claim = { facts: [], amount: 0, verdict: '' }

async function runFlow(body: (ctx: Context) => Promise<unknown>, routes: Record<string, Solver> = {}) {
  const flow = workflow({ name: 'flow', input: z.null(), run: (ctx) => body(ctx) })
  const bench = await agentBench([flow], routes)
  const handle = await bench.engine.startRun(flow, null)
  return {
    result: await handle.result(),
    logs: await bench.logs(handle.id),
    told: await bench.told(handle.id),
  }
}

describe('hand-off', () => {
  const options = (more: Partial<HandOffOptions<Claim>> = {}): HandOffOptions<Claim> => ({
    state: Claim,
    initial,
    start: 'clerk',
    participants: {
      clerk: {
        writes: ['facts'],
        to: ['assessor'],
        run: () => ({ changes: { facts: ['hail'] }, next: 'assessor' }),
      },
      assessor: {
        run: ({ state }) => ({
          changes: { amount: 300, verdict: `pay for ${state.facts[0]}` },
          next: 'done',
        }),
      },
    },
    ...more,
  })

  test('one after the other works on the state and hands over', async () => {
    const { result, logs } = await runFlow((ctx) => handOff(ctx, 'claim', options()))
    expect(result).toMatchObject({
      output: {
        state: { facts: ['hail'], amount: 300, verdict: 'pay for hail' },
        version: 2,
        path: ['clerk', 'assessor'],
        stopped: 'done',
      },
    })
    expect(logs.flatMap(({ version, author }) => (version ? [[version, author]] : []))).toEqual([
      [1, 'clerk'],
      [2, 'assessor'],
    ])
  })

  test('a write that does not fit, is not allowed, or goes to the wrong one is told to its author', async () => {
    const problems: (string | null)[] = []
    const tries = [
      { changes: { amount: 900 }, next: 'assessor' },
      { changes: { facts: ['hail'] }, next: 'done' },
      { changes: { facts: ['hail'] }, next: 'assessor' },
    ]
    const clerk = ({ problem }: StateTurn<Claim>) => {
      problems.push(problem)
      return tries[problems.length - 1]!
    }
    const base = options()
    const participants = { ...base.participants, clerk: { ...base.participants.clerk!, run: clerk } }
    const { result } = await runFlow((ctx) => handOff(ctx, 'claim', { ...base, participants }))
    expect(result).toMatchObject({ status: 'succeeded' })
    expect(problems).toEqual([
      null,
      'clerk may not write "amount", only: facts',
      'it may not hand over to "done", only to: assessor',
    ])
  })

  test('who is refused three times fails the hand-off', async () => {
    const participants = { clerk: { run: () => ({ changes: { amount: 900 } }) } }
    const { result, logs } = await runFlow((ctx) => handOff(ctx, 'claim', options({ participants })))
    expect(result).toMatchObject({
      error: { code: 'refused-write', message: expect.stringContaining('amount') },
    })
    expect(logs.filter(({ event }) => event === 'state-refused')).toHaveLength(3)
  })

  test('a rule goes before the wish, and the turns are bounded', async () => {
    const next: HandOffOptions<Claim>['next'] = ({ last }) => (last === 'clerk' ? 'assessor' : 'clerk')
    const { result } = await runFlow((ctx) => handOff(ctx, 'claim', options({ next, turns: 5 })))
    expect(result).toMatchObject({
      output: { path: ['clerk', 'assessor', 'clerk', 'assessor', 'clerk'], stopped: 'turns' },
    })
  })

  test('agents hand over as their output', async () => {
    const clerk = agent({
      name: 'clerk',
      instructions: 'Note the facts.',
      input: z.object({ state: Claim, version: z.number(), problem: z.string().nullable() }),
      output: z.object({ changes: Claim.partial(), next: z.enum(['assessor', 'done']) }),
      route: 'chat',
      owner: 'tests',
    })
    const chat = scriptedSolver([JSON.stringify({ changes: { facts: ['hail'] }, next: 'assessor' })])
    const base = options()
    const participants = { ...base.participants, clerk: { run: clerk } }
    const { result, told } = await runFlow((ctx) => handOff(ctx, 'claim', { ...base, participants }), {
      chat,
    })
    expect(result).toMatchObject({ output: { state: { verdict: 'pay for hail' } } })
    expect(told).toEqual(['question-completed clerk turn 1'])
  })
})

describe('debate', () => {
  const options = (more: Partial<DebateOptions<Claim>> = {}): DebateOptions<Claim> => ({
    question: 'what do we pay?',
    state: Claim,
    initial,
    participants: {
      generous: { run: () => ({ changes: { amount: 400 } }) },
      strict: { run: () => ({ changes: { amount: 100 } }) },
    },
    judge: ({ state }) => ({ settled: state.amount > 0, reason: 'there is an amount' }),
    ...more,
  })

  test('the later of two writes of one version is asked again, with what is there now', async () => {
    const seen: [number, string | null][] = []
    const participants = {
      generous: { run: () => ({ changes: { amount: 400 } }) },
      strict: {
        run: ({ state, problem }: StateTurn<Claim>) => {
          seen.push([state.amount, problem])
          return { changes: { amount: problem ? (state.amount + 100) / 2 : 100 } }
        },
      },
    }
    const { result } = await runFlow((ctx) => debate(ctx, 'claim', options({ participants })))
    expect(result).toMatchObject({ output: { state: { amount: 250 }, settled: true, rounds: 1 } })
    expect(seen).toEqual([
      [0, null],
      [400, '"amount" was written by generous since version 0; it is now 400'],
    ])
  })

  test('a merge settles conflicts, and is journaled', async () => {
    const onConflict: DebateOptions<Claim>['onConflict'] = ({ current, wanted }) =>
      (Number(current) + Number(wanted)) / 2
    const { result, logs } = await runFlow((ctx) => debate(ctx, 'claim', options({ onConflict })))
    expect(result).toMatchObject({ output: { state: { amount: 250 } } })
    expect(logs.find(({ conflict }) => conflict)).toMatchObject({
      conflict: { key: 'amount', by: 'generous', author: 'strict', current: 400, wanted: 100, became: 250 },
    })
    const last = await runFlow((ctx) => debate(ctx, 'claim', options({ onConflict: 'overwrite' })))
    expect(last.result).toMatchObject({ output: { state: { amount: 100 } } })
  })

  test('writes of different keys do not conflict', async () => {
    const participants = {
      one: { run: () => ({ changes: { facts: ['hail'] } }) },
      two: { run: () => ({ changes: { amount: 100 } }) },
    }
    const { result, logs } = await runFlow((ctx) => debate(ctx, 'claim', options({ participants })))
    expect(result).toMatchObject({ output: { state: { facts: ['hail'], amount: 100 }, version: 2 } })
    expect(logs.filter(({ refused, conflict }) => refused || conflict)).toEqual([])
  })

  test('goes on round by round until its judge or its rounds end it', async () => {
    const judge = scriptedSolver([
      JSON.stringify({ settled: false, reason: 'too soon' }),
      JSON.stringify({ settled: false, reason: 'still' }),
    ])
    const { result, told } = await runFlow(
      (ctx) =>
        debate(ctx, 'claim', options({ judge: { route: 'judge' }, rounds: 2, onConflict: 'overwrite' })),
      { judge },
    )
    expect(result).toMatchObject({
      output: { settled: false, stopped: 'rounds', rounds: 2, reason: 'still' },
    })
    expect(told).toEqual(['question-completed claim verdict 1', 'question-completed claim verdict 2'])
  })
})
