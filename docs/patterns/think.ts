// Chain of thought: reasoning first, in a field of its own; the answer alone is checked and handed on.
import { workflow } from 'reeve'
import { think } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const due = workflow({
  name: 'due',
  input: z.string(),
  async run(ctx, question) {
    const { answer, reasoning } = await think(ctx, 'amount due', {
      route: 'model',
      input: question,
      schema: z.object({ usd: z.number() }),
      maxSteps: 6,
    })
    ctx.log('thought it through', { steps: reasoning.length })
    return answer
  },
})

const model = scriptedSolver([
  // The first reply skips the reasoning: it is sent back with exactly that problem.
  '{"answer":{"usd":33}}',
  JSON.stringify({
    reasoning: ['Three licences at $12 are $36.', 'A tenth off leaves $32.40.'],
    answer: { usd: 32.4 },
  }),
])
const { result } = await runInMemory(due, 'Three licences at $12, 10 % off: what is due?', {
  routes: { model: { solvers: [model] } },
})
console.log(result)
