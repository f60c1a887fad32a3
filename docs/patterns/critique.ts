// Evaluator and optimiser: criteria fixed before the first draft, at most three rounds, the best draft kept.
import { workflow } from 'reeve'
import { critique } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const answer = workflow({
  name: 'answer',
  input: z.string(),
  run: (ctx, task) =>
    critique(ctx, 'answer', {
      task,
      criteria: ['names the 30 days', 'says what to do next', 'is at most 60 characters long'],
      rounds: 3,
      stopAt: 0.9,
      draft: ({ draft, feedback }) =>
        ctx.generate('draft', {
          route: 'writer',
          with: { task },
          ...(draft && feedback ? { feedback: { answer: draft, problem: feedback } } : {}),
        }),
      // Any function may judge: here plain code, so that no model grades its own work.
      review: ({ draft }) => {
        const scores = [/30 days/, /send/i, /^.{1,60}$/].map((wanted) => (wanted.test(draft) ? 1 : 0))
        return { scores, feedback: scores.every(Boolean) ? '' : 'Meet every criterion.' }
      },
    }),
})

const writer = scriptedSolver([
  'You may return it, if you like, within 30 days from today on.',
  'Send it back within 30 days and we pay you back.',
])
const { result } = await runInMemory(answer, 'Can I return my order?', {
  routes: { writer: { solvers: [writer] } },
})
console.log(JSON.stringify(result, null, 1))
