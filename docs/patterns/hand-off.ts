// Hand-off: agents take turns on a shared state; its schema, who may write what and who comes next are checked.
import { agent, workflow } from 'reeve'
import { handOff } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const Claim = z.object({ facts: z.array(z.string()), usd: z.number().max(500), verdict: z.string() })
const input = z.object({ state: Claim, problem: z.string().nullable() })
const output = z.object({ changes: Claim.partial(), next: z.string() })
const turn = { input, output, route: 'chat', owner: 'claims' }
const clerk = agent({ ...turn, name: 'clerk', instructions: 'Note facts; hand over to the assessor.' })
const assessor = agent({ ...turn, name: 'assessor', instructions: 'Set amount and verdict.' })

const claims = workflow({
  name: 'claims',
  input: z.string(),
  run: (ctx, report) =>
    handOff(ctx, 'claim', {
      state: Claim,
      initial: { facts: [report], usd: 0, verdict: '' },
      start: 'clerk',
      participants: {
        clerk: { run: clerk, writes: ['facts'], to: ['assessor'] },
        assessor: { run: assessor, writes: ['usd', 'verdict'], to: ['clerk', 'done'] },
      },
      turns: 6,
    }),
})

const chat = scriptedSolver([
  '{"changes":{"facts":["hail","roof"]},"next":"assessor"}',
  '{"changes":{"usd":200,"facts":[]},"next":"done"}', // refused: not its key
  '{"changes":{"usd":200,"verdict":"pay"},"next":"done"}',
])
const { result } = await runInMemory(claims, 'hail broke the roof', { routes: { chat: { solvers: [chat] } } })
console.log(JSON.stringify(result, null, 1))
