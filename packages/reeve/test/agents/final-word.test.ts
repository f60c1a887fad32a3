import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { critique } from '../../src/agents/patterns/critique.ts'
import type { Json } from '../../src/base/json/json.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { Solver } from '../../src/models/solver.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { agentBench } from './agent-harness.ts'

/** Answers nothing, so that a person is asked, until it is told to. */
function silent(later?: string): Solver & { asked: number } {
  return {
    name: 'local/silent',
    kind: 'local',
    asked: 0,
    solve() {
      this.asked++
      if (later !== undefined && this.asked > 1) return { kind: 'text', text: later }
      return { kind: 'abstain', reason: 'it knows nothing of this' }
    },
  }
}

/** Runs `body`; each question to a person gets the next answer. */
async function run(
  body: (ctx: Context) => Promise<unknown>,
  routes: Record<string, Solver>,
  answers: Json[],
) {
  const flow = workflow({ name: 'flow', input: z.null(), run: (ctx) => body(ctx) })
  const bench = await agentBench([flow], routes)
  const handle = await bench.engine.startRun(flow, null)
  const shown: { question: string; problem: string }[] = []
  for (const answer of answers) {
    await expect.poll(() => listPending(bench.database)).toHaveLength(1)
    const [pending] = await listPending(bench.database)
    shown.push(JSON.parse(pending!.shown) as (typeof shown)[number])
    await bench.engine.control.decide(pending!.id, { verdict: 'answer', by: 'ada', answer })
  }
  return { result: await handle.result(), shown, told: await bench.told(handle.id) }
}

const strict = () => scriptedSolver([{ kind: 'value', value: { score: 0.1, problems: ['no greeting'] } }])
const Review = z.object({ score: z.number(), problems: z.array(z.string()) })

test("a person's draft in a loop of drafts and reviews is neither reviewed nor replaced", async () => {
  const writer = silent('Dear customer, a machine greets you.')
  const critic = strict()
  const { result, told } = await run(
    async (ctx) => {
      let draft = ''
      let problem: string | undefined
      for (let round = 1; round <= 3; round++) {
        draft = await ctx.generate('draft', {
          route: 'writing',
          with: { round },
          ...(problem === undefined ? {} : { feedback: { answer: draft, problem } }),
        })
        if (ctx.writtenBy(draft) !== undefined) break
        problem = (await ctx.extract('review', { schema: Review, from: { draft }, route: 'critic' }))
          .problems[0]
      }
      return { draft, by: ctx.writtenBy(draft), other: ctx.writtenBy('Dear customer') ?? null }
    },
    { writing: writer, critic },
    ['just do it'],
  )
  expect(result).toMatchObject({ output: { draft: 'just do it', by: 'ada', other: null } })
  expect(critic.questions).toHaveLength(0)
  expect(told.filter((line) => line.includes('review'))).toEqual([])
})

const judged = { task: 'explain', criteria: ['is polite'] }
const review = { route: 'critic' }
const low = () => scriptedSolver([JSON.stringify({ scores: [0.1], feedback: 'greet' })])

test('the critique pattern gives back what a person wrote, as theirs, by whatever way it asked', async () => {
  const critic = low()
  const writer = agent({
    name: 'writer',
    instructions: 'Write.',
    input: z.any(),
    route: 'writing',
    owner: 'tests',
  })
  const ways = [writer, (ctx: Context) => () => ctx.generate('draft', { route: 'writing', with: {} })]
  for (const way of ways) {
    const { result } = await run(
      (ctx) =>
        critique(ctx, 'answer', { ...judged, draft: typeof way === 'function' ? way(ctx) : way, review }),
      { writing: silent('a machine writes'), critic },
      ['just do it'],
    )
    expect(result).toMatchObject({
      output: { draft: 'just do it', score: null, stopped: 'person', writtenBy: 'ada', rounds: [] },
    })
  }
  expect(critic.questions).toHaveLength(0)
})

test('a draft with parts that a person gave is theirs too', async () => {
  const Letter = z.object({ subject: z.string(), body: z.string().trim() })
  const { result } = await run(
    (ctx) =>
      critique<z.infer<typeof Letter>>(ctx, 'answer', {
        ...judged,
        draft: async () => ({
          ...(await ctx.extract('letter', { schema: Letter, from: 'x', route: 'writing' })),
        }),
        review,
      }),
    { writing: silent(), critic: low() },
    [{ subject: 'Hi', body: ' done ' }],
  )
  expect(result).toMatchObject({ output: { draft: { subject: 'Hi', body: 'done' }, writtenBy: 'ada' } })
})

test('a workflow may say that people are judged as well', async () => {
  const critic = low()
  const { result } = await run(
    (ctx) =>
      critique(ctx, 'answer', {
        ...judged,
        rounds: 1,
        reviewPeople: true,
        draft: () => ctx.generate('draft', { route: 'writing', with: {} }),
        review,
      }),
    { writing: silent(), critic },
    ['just do it'],
  )
  expect(result).toMatchObject({
    output: { draft: 'just do it', score: 0.1, stopped: 'rounds', writtenBy: 'ada' },
  })
  expect(critic.questions).toHaveLength(1)
})

test("what a guard rejects of a person's answer is asked of the person again, not of a model", async () => {
  const chat = silent('a machine answers')
  const clerk = agent({
    name: 'clerk',
    instructions: 'Answer.',
    input: z.string(),
    route: 'chat',
    owner: 'tests',
    guards: {
      output: [
        {
          name: 'no-shouting',
          check: (value) =>
            /[A-Z]{3}/.test(String(value)) ? { verdict: 'reject', reason: 'it shouts' } : { verdict: 'pass' },
        },
      ],
    },
  })
  const { result, shown } = await run((ctx) => ctx.agent(clerk, 'well?'), { chat }, ['DO THIS', 'do it'])
  expect(result).toMatchObject({ output: 'do it' })
  expect(shown[1]!.problem).toContain('it shouts')
  expect(chat.asked).toBe(1)
})
