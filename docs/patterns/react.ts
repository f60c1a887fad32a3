// Reason and act: the model thinks, calls tools, sees their results, until it can answer. Each turn is durable.
import { agent, tool, workflow } from 'reeve'
import { react } from 'reeve/patterns'
import { runInMemory, scriptedSolver, toolCalls } from 'reeve/testing'
import { z } from 'zod'

const purchases = tool({
  name: 'purchases.find',
  description: "Finds a user's purchase.",
  input: z.object({ user: z.string() }),
  output: z.object({ item: z.string(), usd: z.number(), daysAgo: z.number() }),
  effect: 'read',
  run: ({ user }) => ({ item: `Licence of ${user}`, usd: 49, daysAgo: 12 }),
})

const clerk = agent({
  name: 'refund-clerk',
  instructions: 'Say whether the purchase may be refunded: within 30 days, yes.',
  input: z.object({ user: z.string() }),
  output: z.object({ refund: z.boolean(), usd: z.number() }),
  tools: [purchases],
  route: 'chat',
  limits: { iterations: 5, cost: '$0.05', time: '2m' },
  owner: 'refund desk',
})

const refunds = workflow({
  name: 'refunds',
  input: z.object({ user: z.string() }),
  run: (ctx, input) => react(ctx, clerk, input),
})

const chat = scriptedSolver([
  { ...toolCalls(['purchases.find', { user: 'ada' }]), text: 'I need the date of the purchase.' },
  '{"refund":true,"usd":49}',
])
const { result } = await runInMemory(refunds, { user: 'ada' }, { routes: { chat: { solvers: [chat] } } })
console.log(JSON.stringify(result, null, 1))
