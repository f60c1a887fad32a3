import { expect, test } from 'vitest'
import { z } from 'zod'
import { type AgentDefinition, agent } from '../../src/agents/agent.ts'
import { ReeveError } from '../../src/base/errors.ts'
import { tool } from '../../src/tools/tool.ts'

const text = z.string()
type Definition = AgentDefinition<typeof text, z.ZodType | undefined>

const base: Definition = {
  name: 'reader',
  instructions: 'Read it.\nThen say what it says.',
  input: text,
  route: 'chat',
  owner: 'tests',
}

const look = tool({
  name: 'look',
  description: 'Looks.',
  input: z.object({ at: text, times: z.number().default(1) }),
  output: text,
  effect: 'read',
  run: () => 'seen',
})

function faultOf(definition: Partial<Definition>): string {
  try {
    agent({ ...base, ...definition })
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'bad-agent') return error.message
    throw error
  }
  return 'none'
}

test('an agent is a contract: who it is, what it may use, what bounds it', () => {
  const worker = agent({ ...base, tools: [look], memory: ['policy'] })
  const boss = agent({
    ...base,
    name: 'boss',
    role: 'coordinator',
    team: [worker],
    limits: { cost: '$0.50' },
  })
  expect(worker).toMatchObject({ role: 'worker', owner: 'tests', description: 'Read it.' })
  expect(worker.limits).toMatchObject({ iterations: 10, context: 32_000, costUsd: undefined })
  expect(boss.limits.costUsd).toBe(0.5)
  expect(worker.offers.map(({ name }) => name)).toEqual(['look', 'recall'])
  // An argument with a default need not be given.
  expect(worker.offers[0]!.inputSchema.required).toEqual(['at'])
  // An input that is no object travels in one.
  expect(boss.offers).toMatchObject([
    { name: 'reader', inputSchema: { type: 'object', properties: { input: { type: 'string' } } } },
  ])
})

test('what shapes its answers changes its fingerprint; its limits do not', () => {
  const fingerprint = (more: Partial<Definition>) => agent({ ...base, ...more }).fingerprint
  expect(fingerprint({ limits: { iterations: 3 } })).toBe(fingerprint({}))
  const changed = [{ instructions: 'Sing.' }, { tools: [look] }, { route: 'other' }, { output: z.number() }]
  expect(new Set([{}, ...changed].map(fingerprint)).size).toBe(5)
})

test('a persona has a tone and preferences', () => {
  const ada = agent({ ...base, name: 'ada', role: 'persona', tone: 'dry', preferences: ['no emoji'] })
  expect(ada.instructions).toContain('Tone: dry')
  expect(ada.instructions).toContain('- no emoji')
})

test('a contract that cannot hold is refused with what to change', () => {
  const member = agent({ ...base, name: 'look' })
  const worker = agent(base)
  const recall = tool({ ...lookLike('recall') })
  expect(faultOf({ name: 'no name' })).toContain('has a name that no agent may have')
  expect(faultOf({ instructions: ' ' })).toContain('has no instructions')
  expect(faultOf({ owner: '' })).toContain('has no owner')
  expect(faultOf({ route: '' })).toContain('names no route')
  expect(faultOf({ tools: [look, look] })).toContain('two tools named "look"')
  expect(faultOf({ role: 'coordinator', tools: [look], team: [member] })).toContain('two tools named "look"')
  expect(faultOf({ tools: [recall], memory: ['policy'] })).toContain('two tools named "recall"')
  expect(faultOf({ team: [worker] })).toContain('Only a coordinator')
  expect(faultOf({ tone: 'kind' })).toContain('Only a persona')
  expect(faultOf({ limits: { iterations: 0 } })).toContain('limits.iterations 0')
  expect(faultOf({ limits: { tokens: 1.5 } })).toContain('limits.tokens 1.5')
  expect(faultOf({ output: z.date() })).toMatch(/schema of its output: .*JSON Schema cannot express/)
  expect(faultOf({ tools: [tool({ ...lookLike('when'), input: z.object({ at: z.date() }) })] })).toContain(
    'schema of tool "when"',
  )
})

test('a limit that is no amount or no length of time is refused', () => {
  expect(() => agent({ ...base, limits: { cost: '$-1' } })).toThrow('not an amount')
  expect(() => agent({ ...base, limits: { time: 'soon' as never } })).toThrow('not a valid duration')
})

function lookLike(name: string) {
  return {
    name,
    description: 'Looks.',
    input: z.object({}),
    output: text,
    effect: 'read' as const,
    run: () => 'seen',
  }
}
