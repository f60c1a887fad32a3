import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Effect, NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import type { Requirement } from '../../src/engine/declared/requirement.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, testEngine } from './harness.ts'

type Act = 'nothing' | 'tell' | 'look' | 'fail' | 'child' | 'person'

const below = defineWorkflow({ name: 'hand-over', input: z.unknown(), run: () => 'taken' })

/** Does what its input says, and closes the case. */
function closing(...requires: Requirement<CoreContext, { act: Act }>[]): Workflow<{ act: Act }> {
  const does = (name: string, definition: Partial<Effect> = {}): Effect => ({
    name,
    effect: 'once',
    run: () => 'told',
    ...definition,
  })
  return defineWorkflow({
    name: 'closing',
    input: z.object({ act: z.enum(['nothing', 'tell', 'look', 'fail', 'child', 'person']) }),
    requires,
    async run(ctx: CoreContext, { act }) {
      const site = CoreContext.callSiteOf(ctx)
      if (act === 'tell') await effect(site, does('tell'), {})
      if (act === 'look') await effect(site, does('tell', { effect: 'read' }), {})
      const refuses = () => {
        throw new NotApplied('closed')
      }
      if (act === 'fail') await effect(site, does('tell', { run: refuses }), {}).catch(() => {})
      if (act === 'child') await (await ctx.start('hand-over', {})).result()
      if (act === 'person') await ctx.approve('look at it', { show: 'the case' })
      return `closed: ${act}`
    },
  }) as Workflow<{ act: Act }>
}

const tells: Requirement = { oneOf: ['tell', 'hand-over', 'person'] }

async function desk(flow: Workflow<{ act: Act }>) {
  const opened = await testEngine([flow as Workflow, below])
  await opened.engine.start()
  const run = async (act: Act) => {
    const handle = await opened.engine.startRun(flow, { act })
    await settle()
    const [asked] = (await listPending(opened.database)).filter(({ run_id }) => run_id === handle.id)
    return { ...handle, asked }
  }
  return { ...opened, run }
}

test.each(['tell', 'child'] as const)('a run that did what is required ends well: %s', async (act) => {
  const { run } = await desk(closing(tells))
  const { asked, result } = await run(act)
  expect(asked).toBeUndefined()
  expect(await result()).toEqual({ status: 'succeeded', output: `closed: ${act}` })
})

test.each(['nothing', 'look', 'fail'] as const)(
  'a run that closes its case without it waits for a person: %s',
  async (act) => {
    const { run, engine } = await desk(closing(tells))
    const rejected = await run(act)
    expect(rejected.asked).toMatchObject({
      kind: 'approval',
      subject: 'end without tell or hand-over or person',
    })
    expect(JSON.parse(rejected.asked!.shown)).toMatchObject({ output: `closed: ${act}`, done: [] })
    await engine.control.decide(rejected.asked!.id, {
      verdict: 'reject',
      by: 'ada',
      note: 'somebody must be told',
    })
    expect(await rejected.result()).toMatchObject({
      status: 'failed',
      error: { code: 'requirement-not-met', message: expect.stringContaining('somebody must be told') },
    })
    const approved = await run(act)
    await engine.control.decide(approved.asked!.id, { verdict: 'approve', by: 'ada' })
    expect(await approved.result()).toEqual({ status: 'succeeded', output: `closed: ${act}` })
  },
)

test('a decision of a person is a hand-over, whatever it was', async () => {
  const { run, engine } = await desk(closing(tells))
  const { asked, result } = await run('person')
  expect(asked).toMatchObject({ subject: 'look at it' })
  await engine.control.decide(asked!.id, { verdict: 'reject', by: 'ada' })
  expect(await result()).toMatchObject({ status: 'succeeded' })
})

test('the question outlives the process, and is asked once', async () => {
  const flow = closing(tells)
  const first = await mortalEngine([flow as Workflow, below])
  const { id } = await first.engine.startRun(flow, { act: 'nothing' })
  await settle()
  await first.die()
  const { database, clock } = first
  const { engine } = await testEngine([flow as Workflow, below], { database, clock })
  await engine.start()
  await settle()
  const asked = await listPending(database)
  expect(asked).toHaveLength(1)
  await engine.control.decide(asked[0]!.id, { verdict: 'approve', by: 'ada' })
  expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
})

test('a second source lets a run end, and a sample of those is looked at all the same', async () => {
  const heard: unknown[] = []
  const confirm = (ctx: CoreContext, input: { act: Act }, output: unknown) =>
    ctx.step('second source', () => {
      heard.push([input.act, output])
      return input.act === 'nothing'
    })
  const trusting = await desk(closing({ ...tells, confirm }))
  expect((await trusting.run('nothing')).asked).toBeUndefined()
  expect((await trusting.run('look')).asked).toBeDefined()
  expect(heard).toEqual([
    ['nothing', 'closed: nothing'],
    ['look', 'closed: look'],
  ])
  const sampling = await desk(closing({ ...tells, confirm, review: 1 }))
  expect(JSON.parse((await sampling.run('nothing')).asked!.shown).why).toContain('as a sample')
})

test('what is required of some inputs only is not asked of others', async () => {
  const { run } = await desk(closing({ ...tells, when: ({ act }) => act !== 'nothing' }))
  expect((await run('nothing')).asked).toBeUndefined()
  expect((await run('look')).asked).toBeDefined()
})

test.each([
  [{ oneOf: [] }, 'names nothing'],
  [{ oneOf: 'tell' }, '`oneOf`'],
  [{ oneOf: ['tell'], review: 2 }, 'a share from 0 to 1'],
])('a requirement that is none is refused: %j', (requires, problem) => {
  expect(() =>
    defineWorkflow({ name: 'w', input: z.unknown(), requires: requires as never, run: () => 1 }),
  ).toThrow(problem)
})
