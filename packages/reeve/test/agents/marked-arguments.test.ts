import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { plan } from '../../src/agents/patterns/plan/plan.ts'
import { personal } from '../../src/base/schema/marked.ts'
import { workflow } from '../../src/context.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { eventsOf } from '../engine/harness.ts'
import { agentBench } from './agent-harness.ts'

const bob = 'bob.marked@shop.example'

function postOffice() {
  const sent: string[] = []
  const mail = tool({
    name: 'mail.send',
    description: 'Send a mail',
    input: z.object({ to: personal(z.string()), body: z.string() }),
    output: z.object({ sent: z.boolean() }),
    effect: 'idempotent',
    approval: 'never',
    run: ({ to }) => {
      sent.push(to)
      return { sent: true }
    },
  })
  return { sent, mail }
}

const about = {
  owner: 'ada',
  instructions: 'You answer customers.',
  input: z.string(),
  route: 'chat',
}

/** What a model writes as the arguments of a call. */
const texts: [what: string, args: string, isSent: boolean][] = [
  ['in a fence', `\`\`\`json\n{"to": "${bob}", "body": "Hi"}\n\`\`\``, true],
  ['with a comma too many', `{"to": "${bob}", "body": "Hi",}`, true],
  ['that cannot be read', `{"to": "${bob}", "body": `, false],
]

test.each(texts)(
  'marked arguments that a model writes as a text %s stand in no journal',
  async (_what, args, isSent) => {
    const { sent, mail } = postOffice()
    const clerk = agent({ ...about, name: 'clerk', tools: [mail] })
    const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, text) => ctx.agent(clerk, text) })
    const chat = scriptedSolver([toolCalls(['mail.send', args]), 'done'])
    const bench = await agentBench([flow], { chat })
    const handle = await bench.engine.startRun(flow, 'Answer the letter.')
    // An address that a model made up asks.
    if (isSent) {
      const { id } = await bench.nextAsked()
      await bench.engine.control.decide(id, { verdict: 'approve', by: 'ada' })
    }
    expect(await handle.result()).toMatchObject({ output: 'done' })
    expect(sent).toEqual(isSent ? [bob] : [])
    expect(JSON.stringify(await eventsOf(bench.database, handle.id))).not.toContain(bob)
    await bench.engine.stop()
  },
)

test('the marked input of a member of a team stands in no journal, also where it travels in an object', async () => {
  const { mail } = postOffice()
  const member = agent({ ...about, name: 'writer', input: personal(z.string()), tools: [mail] })
  expect(member.wrapsInput).toBe(true)
  const boss = agent({ ...about, name: 'boss', role: 'coordinator', team: [member] })
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, text) => ctx.agent(boss, text) })
  for (const args of [{ input: bob }, `{"input": "${bob}",}`]) {
    const chat = scriptedSolver([toolCalls(['writer', args]), 'written', 'done'])
    const bench = await agentBench([flow], { chat })
    const handle = await bench.engine.startRun(flow, 'Answer the letter.')
    expect(await handle.result()).toMatchObject({ output: 'done' })
    expect(JSON.stringify(await eventsOf(bench.database, handle.id))).not.toContain(bob)
    await bench.engine.stop()
  }
})

test('the marked input that a workflow gives an agent stands in no journal', async () => {
  const input = z.object({ to: personal(z.string()), plan: z.string().default('gold') })
  const clerk = agent({ ...about, name: 'clerk', input })
  const flow = workflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx) => ctx.agent(clerk, { to: bob }),
  })
  const bench = await agentBench([flow], { chat: scriptedSolver([`to ${bob}`]) })
  const handle = await bench.engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({ output: `to ${bob}` })
  expect(JSON.stringify(await eventsOf(bench.database, handle.id))).not.toContain(bob)
  await bench.engine.stop()
})

test('the marked arguments of what a model plans stand in no journal', async () => {
  const sent: string[] = []
  const actions = {
    write: {
      does: 'Writes a letter',
      args: z.object({ to: personal(z.string()) }),
      run: ({ to }: { to: string }) => sent.push(to),
    },
  }
  const steps = [{ id: 'one', action: 'write', args: { to: bob }, needs: [] }]
  for (const planner of [{ route: 'chat' }, () => ({ steps })]) {
    const flow = workflow({
      name: 'flow',
      input: z.unknown(),
      run: async (ctx) => {
        const { results } = await plan(ctx, 'letters', { goal: 'Write', actions, plan: planner as never })
        return Object.keys(results)
      },
    })
    const bench = await agentBench([flow], { chat: scriptedSolver([JSON.stringify({ steps })]) })
    const handle = await bench.engine.startRun(flow, {})
    expect(await handle.result()).toMatchObject({ output: ['one'] })
    expect(JSON.stringify(await eventsOf(bench.database, handle.id))).not.toContain(bob)
    await bench.engine.stop()
  }
  expect(sent).toEqual([bob, bob])
})

test('an agent that is stopped over arguments that cannot be read leaves none of them in its journal', async () => {
  const { mail } = postOffice()
  const clerk = agent({ ...about, name: 'clerk', tools: [mail] })
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, text) => ctx.agent(clerk, text) })
  const chat = scriptedSolver(Array(8).fill(toolCalls(['mail.send', `{"to": "${bob}", "body": `])))
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, 'Answer the letter.')
  expect(await handle.result()).toMatchObject({ error: { code: 'agent-stopped' } })
  expect(JSON.stringify(await eventsOf(bench.database, handle.id))).not.toContain(bob)
  await bench.engine.stop()
})
