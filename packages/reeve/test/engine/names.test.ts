import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import type { ApprovedDecision } from '../../src/engine/decision.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, rowOf, testEngine } from './harness.ts'

const anything = z.unknown()

/** What rows of other systems hold where a title was expected. */
const noTexts: unknown[] = [
  undefined,
  null,
  42,
  { title: 'x' },
  ['a'],
  Symbol('x'),
  '',
  'x'.repeat(2_000_000),
  'two\nlines',
  'a\0b',
]

const bystander = defineWorkflow({
  name: 'bystander',
  input: anything,
  async run(ctx: CoreContext) {
    await ctx.step('before', () => 1)
    await ctx.sleep('1m')
    return ctx.step('after', () => 'unharmed')
  },
}) as Workflow

type Misname = (ctx: CoreContext, name: never) => unknown

const misnamed: [string, Misname][] = [
  ['step', (ctx, name) => ctx.step(name, () => 1)],
  ['waitFor', (ctx, name) => ctx.waitFor(name)],
  ['approve', (ctx, name) => ctx.approve(name, { show: 1 })],
  ['patched', (ctx, name) => ctx.patched(name)],
  ['start, key', (ctx, key) => ctx.start('bystander', {}, { key: key ?? 5 })],
  ['start, queue', (ctx, queue) => ctx.start('bystander', {}, { queue: queue ?? 5 })],
  ['start, priority', (ctx) => ctx.start('bystander', {}, { priority: Number.NaN })],
]

test.each(misnamed)(
  '%s with a name that is not a text fails the call alone, and the same way on replay',
  async (_what, use) => {
    const flow = defineWorkflow({
      name: 'flow',
      input: anything,
      async run(ctx: CoreContext) {
        const codes: string[] = []
        const tryAll = async () => {
          for (const name of noTexts) {
            const code = await (async () => use(ctx, name as never))().then(
              () => 'went through',
              (error: { code: string }) => error.code,
            )
            if (!codes.includes(code)) codes.push(code)
          }
        }
        await tryAll()
        await ctx.step('mark', () => 1)
        await ctx.sleep('1m')
        await tryAll()
        return codes
      },
    }) as Workflow
    const first = await mortalEngine([flow, bystander])
    const { clock, database } = first
    const handle = await first.engine.startRun(flow, {})
    const other = await first.engine.startRun(bystander, {})
    await settle()
    expect((await rowOf(database, handle.id)).status).toBe('waiting')
    await first.die()
    const { engine } = await testEngine([flow, bystander], { database, clock })
    await engine.start()
    onTestFinished(() => engine.stop())
    await clock.advance(61_000)
    const result = (await engine.resultOf(handle.id)) as { output: string[] }
    expect(result).toMatchObject({ status: 'succeeded' })
    expect(['bad-text', 'bad-number']).toContain(result.output[0])
    expect(result.output).toHaveLength(1)
    expect(await engine.resultOf(other.id)).toMatchObject({ output: 'unharmed' })
    expect(await verifyAudit(database)).toMatchObject({ faults: [], integrity: [] })
  },
)

test('a call with a bad name says which argument, what it was, and what to do', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: anything,
    run: (ctx: CoreContext) => ctx.step(undefined as never, () => 1),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => engine.stop())
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { code: 'bad-text', message: 'The name of call 1 (step) is undefined; it must be a text.' },
  })
})

test('a name cut inside a surrogate pair is the same on replay', async () => {
  const title = '😀😀'.slice(0, 3)
  const flow = defineWorkflow({
    name: 'flow',
    input: anything,
    async run(ctx: CoreContext) {
      await ctx.step(title, () => 1)
      await ctx.waitFor(title)
      return ctx.step(`${title} done`, () => title)
    },
  })
  const first = await mortalEngine([flow])
  const { clock, database } = first
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  onTestFinished(() => engine.stop())
  await engine.control.signal(handle.id, title, 1)
  await settle()
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: title })
})

const badStarts: [string, object][] = [
  ['priority NaN', { priority: Number.NaN }],
  ['priority 1.5', { priority: 1.5 }],
  ['priority 2^53', { priority: 2 ** 53 }],
  ['a text as priority', { priority: '5' }],
  ['NUL in the key', { key: 'a\0b' }],
  ['NUL in the queue', { queue: 'a\0b' }],
  ['NUL in who starts it', { principal: 'a\0b' }],
  ['NUL in the idempotency key', { idempotencyKey: 'a\0b' }],
  ['a key of 2 MB', { key: 'x'.repeat(2_000_000) }],
  ['an idempotency key of 2 MB', { idempotencyKey: 'x'.repeat(2_000_000) }],
  ['an object as key', { key: {} }],
  ['an array as queue', { queue: [] }],
  ['a number as idempotency key', { idempotencyKey: 7 }],
  ['an empty idempotency key', { idempotencyKey: '' }],
  ['a delay without end', { delay: Number.POSITIVE_INFINITY }],
  ['a delay of 1e16 ms', { delay: 1e16 }],
  ['a debounce key that is none', { debounce: { key: undefined, delay: '1s' } }],
]

test.each(badStarts)('a start with %s is refused, and no run is there', async (_what, options) => {
  const { engine, database } = await testEngine([bystander])
  await engine.start()
  onTestFinished(() => engine.stop())
  await expect(engine.startRun(bystander, {}, options)).rejects.toMatchObject({
    code: expect.stringMatching(/^bad-(text|number|duration)$/),
  })
  expect(await database.all('select * from runs')).toEqual([])
})

test('a first turn that the database refuses rejects its start, and harms no start beside it', async () => {
  const { engine, database } = await testEngine([bystander])
  await engine.start()
  onTestFinished(() => engine.stop())
  await database.run(
    `create trigger refuse before insert on runs when new.key = 'cursed' begin select raise(abort, 'cursed'); end`,
  )
  const starts = ['good', 'cursed', 'fine'].map((key) => engine.startRun(bystander, {}, { key }))
  const [good, cursed, fine] = await Promise.allSettled(starts)
  expect(cursed).toMatchObject({ reason: { code: 'start-refused', message: /not started.*cursed/ } })
  expect([good!.status, fine!.status]).toEqual(['fulfilled', 'fulfilled'])
  expect(await database.all(`select key from runs order by no`)).toEqual([{ key: 'good' }, { key: 'fine' }])
})

test('a key that the workflow makes of its input is checked like one that is given', async () => {
  const keyed = defineWorkflow({
    name: 'keyed',
    input: z.object({ customer: z.any() }),
    key: ({ customer }) => customer,
    run: () => 1,
  }) as Workflow
  const { engine } = await testEngine([keyed])
  await engine.start()
  onTestFinished(() => engine.stop())
  await expect(engine.startRun('keyed', { customer: 12 })).rejects.toMatchObject({
    code: 'bad-text',
    message: expect.stringContaining('The key of a run of workflow "keyed" is the number 12'),
  })
})

test('a run that fails with a message of megabytes, NUL and half a pair is failed, readably', async () => {
  const message = `a\0b${'😀'.repeat(1_000_000)}\ud83d`
  const flow = defineWorkflow({
    name: 'flow',
    input: anything,
    run: () => {
      throw new Error(message)
    },
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => engine.stop())
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({ status: 'failed' })
  const { reason } = await rowOf(database, handle.id)
  expect(reason).toMatch(/^a\\0b😀+…$/u)
  expect(reason!.length).toBeLessThanOrEqual(4002)
})

test('half a surrogate pair in arguments, results and signals is the same live as on replay', async () => {
  const half = '😀😀'.slice(0, 3)
  const seen: unknown[] = []
  const flow = defineWorkflow({
    name: 'flow',
    input: anything,
    async run(ctx: CoreContext, input) {
      const definition = { name: 'tool', effect: 'idempotent', run: (args: never) => args } as const
      const result = await effect(CoreContext.callSiteOf(ctx), definition, { [half]: half })
      const stepped = await ctx.step('s', () => half)
      const said = await ctx.waitFor('go')
      const decision = await ctx.approve('ok', { show: { half } })
      const all = [input, result, stepped, said, (decision as ApprovedDecision).value]
      seen.push(all)
      await ctx.sleep('1m')
      return all as never
    },
  }) as Workflow
  const first = await mortalEngine([flow])
  const { clock, database } = first
  const handle = await first.engine.startRun(flow, half)
  await settle()
  await first.engine.control.signal(handle.id, 'go', half)
  await settle()
  const asked = (await database.get<{ id: string }>('select id from approvals'))!
  await first.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada', note: half })
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  onTestFinished(() => engine.stop())
  await clock.advance(60_001)
  expect(await engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded' })
  expect(seen).toHaveLength(2)
  expect(seen[1]).toEqual(seen[0])
  expect(await verifyAudit(database)).toMatchObject({ faults: [], integrity: [] })
})
