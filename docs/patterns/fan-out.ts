// Orchestrator and workers: a plan as forced JSON, its subtasks in parallel, one answer from the results.
import { agent, workflow } from 'reeve'
import { fanOut } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const reader = agent({
  name: 'reader',
  instructions: 'Answer the question in one sentence.',
  input: z.object({ task: z.string() }),
  route: 'small',
  limits: { iterations: 3, cost: '$0.02' },
  owner: 'research team',
})

const research = workflow({
  name: 'research',
  input: z.string(),
  limits: { cost: '$0.20' },
  run: (ctx, question) =>
    fanOut(ctx, 'research', {
      task: question,
      plan: { route: 'large' },
      workers: { reader: { does: 'answers one question', run: reader } },
      concurrency: 2,
      synthesise: ({ results }) =>
        ctx.generate('synthesis', { route: 'large', with: { question, results: JSON.stringify(results) } }),
    }),
})

const plan = ['How tall is it?', 'How old is it?'].map((task, n) => ({ id: `q${n}`, worker: 'reader', task }))
const large = scriptedSolver([JSON.stringify({ subtasks: plan }), 'It is 324 m tall and stands since 1889.'])
const small = scriptedSolver(['It is 324 m tall.', 'It was finished in 1889.'])
const { result } = await runInMemory(research, 'What is the Eiffel Tower like?', {
  routes: { large: { solvers: [large] }, small: { solvers: [small] } },
})
console.log(JSON.stringify(result, null, 1))
