import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { readCases } from '../../src/evals/cases.ts'
import { corrected, correctedCases } from '../../src/evals/corrected-cases.ts'
import { evaluation } from '../../src/evals/evaluation.ts'
import { toolCalls } from '../../src/evals/scorers/run-scorers.ts'
import { failureClasses } from '../../src/inspect/failures/failure-classes.ts'
import { evaluate } from '../../src/runtime/evals/evaluating.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { eraseSubject } from '../../src/store/keeping/erasing/erase.ts'
import { tool } from '../../src/tools/tool.ts'
import { openLearning } from './house.ts'

const reply = tool({
  name: 'helpdesk.reply',
  description: 'Sends a reply',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ sent: z.boolean() }),
  effect: 'idempotent',
  risk: 'high',
  run: () => ({ sent: true }),
})

const answer = workflow({
  name: 'answer',
  input: z.object({ from: z.string() }),
  run: async (ctx, { from }) => {
    const kind = await ctx.extract('sort it', { schema: z.string(), from, route: 'nobody' })
    return ctx.call(reply, { to: from, text: `about ${kind}` })
  },
}) as unknown as Workflow

test('edits, rejections and answers become cases that an evaluation reads, and go with their runs', async () => {
  const abstaining = {
    name: 'none',
    kind: 'local' as const,
    solve: () => ({ kind: 'abstain' as const, reason: 'it cannot' }),
  }
  const house = await openLearning({ routes: { nobody: { solvers: [abstaining] } }, tools: [reply] }, [
    answer,
  ])
  const { database, engine, clock } = house.internals
  const decide = async (id: string, decision: object) => {
    for (;;) {
      const [asked] = (await listPending(database, 50)).filter(({ run_id }) => run_id === id)
      if (asked) return engine.control.decide(asked.id, { by: 'ada', ...decision } as never)
      await new Promise(setImmediate)
    }
  }
  const runs: string[] = []
  for (const [from, said] of [
    ['ada@a.example', { verdict: 'approve', answer: { text: 'about your bill' } }],
    ['ben@b.example', { verdict: 'reject', note: 'spam' }],
    ['cleo@c.example', { verdict: 'approve' }],
  ] as const) {
    const { id, result } = await house.run('answer', { from })
    await decide(id, { verdict: 'answer', answer: 'billing' })
    await decide(id, said)
    await result()
    runs.push(id)
  }
  const of = (wanted: Parameters<typeof corrected>[0]) => correctedCases(database, wanted, clock.now())
  expect(await of({ workflow: 'answer' })).toEqual([
    { id: runs[1], input: { from: 'ben@b.example' }, not: [{ tool: 'helpdesk.reply' }] },
    {
      id: runs[0],
      input: { from: 'ada@a.example' },
      calls: [{ tool: 'helpdesk.reply', args: { to: 'ada@a.example', text: 'about your bill' } }],
    },
  ])
  expect((await of({ question: 'sort it' })).map(({ input, expected }) => [input, expected])).toEqual([
    ['cleo@c.example', 'billing'],
    ['ben@b.example', 'billing'],
    ['ada@a.example', 'billing'],
  ])
  const judged = evaluation({
    name: 'corrections',
    data: corrected({ workflow: 'answer' }),
    task: 'answer',
    mocks: { tools: { 'helpdesk.reply': () => ({ sent: true }) }, answers: { 'sort it': () => 'your bill' } },
    scorers: [toolCalls({ match: 'some' })],
  })
  const data = await readCases(judged, '.', of)
  const { cases } = await evaluate(house.runtime, { evaluation: judged, data, by: 'ada' })
  // The one that people rejected is called all the same; the other one says by now what they made of it.
  expect(cases.map(({ scores }) => scores['tool calls']!.score)).toEqual([0, 1])
  const { classes } = await failureClasses(database, 0)
  expect(classes.find(({ place }) => place === 'prompt')!.reasons).toContainEqual({
    reason: 'a person edited it',
    count: 1,
  })
  await eraseSubject(database, 'ada@a.example', house.acting)
  expect((await of({ workflow: 'answer' })).map(({ id }) => id)).toEqual([runs[1]])
  await expect(readCases({ ...judged, data: corrected({ workflow: 'none' }) }, '.', of)).rejects.toThrow(
    'nobody corrected',
  )
})
