// Debate: all see the same version and write at the same time; conflicts follow a rule; a judge ends it.
import { workflow } from 'reeve'
import { debate } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const Offer = z.object({ usd: z.number().min(0), agreed: z.boolean() })

const settle = workflow({
  name: 'settle',
  input: z.object({ asked: z.number(), offered: z.number() }),
  run: (ctx, { asked, offered }) =>
    debate(ctx, 'settlement', {
      question: 'What is a fair price?',
      state: Offer,
      initial: { usd: offered, agreed: false },
      participants: {
        seller: { run: ({ state }) => ({ changes: { usd: Math.round((state.usd + asked) / 2) } }) },
        buyer: { run: ({ state }) => ({ changes: { usd: Math.round((state.usd + offered) / 2) } }) },
      },
      // Both wrote the price from the same version: meet in the middle.
      onConflict: ({ current, wanted }) => (Number(current) + Number(wanted)) / 2,
      judge: { route: 'judge' },
      rounds: 3,
    }),
})

const judge = scriptedSolver([
  '{"settled":false,"reason":"far from what the seller asked"}',
  '{"settled":true,"reason":"both sides moved"}',
])
const { result } = await runInMemory(
  settle,
  { asked: 100, offered: 60 },
  { routes: { judge: { solvers: [judge] } } },
)
console.log(JSON.stringify(result, null, 1))
