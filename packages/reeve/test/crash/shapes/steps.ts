import { ReeveError } from '../../../src/base/errors.ts'
import type { Json } from '../../../src/base/json/json.ts'
import { crashWorkflow, outputsAre, type Shape, starts, witness } from './shape.ts'

const quick = { attempts: 3, delay: '100ms' } as const

/** Shapes made of steps alone. */
export const stepShapes: Shape[] = [
  {
    name: 'first-start',
    countsOpening: true,
    starts: starts('first-start', 1),
    workflows(outside) {
      const { step } = witness(outside)
      return [crashWorkflow('first-start', (ctx, input) => step(ctx, 'only', () => input))]
    },
    verify: outputsAre((input) => input),
  },
  {
    name: 'sequential',
    starts: starts('sequential', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('sequential', async (ctx, input) => {
          let sum = input as number
          for (const name of ['a', 'b', 'c', 'd']) {
            const before = sum
            sum = (await step(ctx, name, () => before + 10)) as number
          }
          return sum
        }),
      ]
    },
    verify: outputsAre((input) => input + 40),
  },
  {
    name: 'many-runs',
    starts: starts('many-runs', 10),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('many-runs', async (ctx, input) => {
          const first = await step(ctx, 'first', async () => (input as number) * 2)
          return step(ctx, 'second', async () => (first as number) + 1)
        }),
      ]
    },
    verify: outputsAre((input) => input * 2 + 1),
  },
  {
    name: 'retries',
    starts: starts('retries', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('retries', async (ctx, input) => {
          const flaky = await step(
            ctx,
            'flaky',
            ({ attempt }) => {
              if (attempt < 3) throw new Error(`attempt ${attempt} fails`)
              return attempt
            },
            quick,
          )
          const hopeless = await step(
            ctx,
            'hopeless',
            () => {
              throw new Error('always')
            },
            { attempts: 2, delay: '100ms' },
          ).catch((error: Error) => error.message)
          return { input, flaky, hopeless }
        }),
      ]
    },
    verify: outputsAre((input) => ({ input, flaky: 3, hopeless: 'always' })),
  },
  {
    name: 'parallel-all',
    starts: starts('parallel-all', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('parallel-all', (ctx, input) =>
          ctx.all(
            [1, 2, 3, 4, 5].map((n) => () => step(ctx, `part-${n}`, async () => n * (input as number))),
            { concurrency: 2 },
          ),
        ),
      ]
    },
    verify: outputsAre((input) => [1, 2, 3, 4, 5].map((n) => n * input)),
  },
  {
    name: 'nested-all',
    starts: starts('nested-all', 1),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('nested-all', (ctx) =>
          ctx.all(
            [1, 2].map((outer) => async () => {
              const head = await step(ctx, `head-${outer}`, () => outer)
              const parts = await ctx.all(
                [1, 2, 3].map((inner) => () => step(ctx, `part-${outer}-${inner}`, () => outer * inner)),
              )
              if (outer === 2) await ctx.sleep('100ms')
              return [head, ...parts, await step(ctx, `tail-${outer}`, () => -outer)]
            }),
          ),
        ),
      ]
    },
    verify: outputsAre(() => [1, 2].map((n) => [n, n, n * 2, n * 3, -n])),
  },
  {
    name: 'race',
    starts: starts('race', 2),
    workflows(outside) {
      const { step, saw } = witness(outside)
      return [
        crashWorkflow('race', async (ctx, input) => {
          const slow = ctx.sleep(input === 1 ? '10m' : '100ms').then((): Json => 'slept')
          const waited = ctx.waitFor('never').then((): Json => 'signalled')
          const work = input === 1 ? [step(ctx, 'work', () => 'worked')] : []
          const winner = await ctx.race([slow, waited, ...work])
          saw(ctx, input === 1 ? 'work' : '100ms', input === 1 ? winner : null)
          return [winner, await step(ctx, 'after', () => 'done')]
        }),
      ]
    },
    verify: outputsAre((input) => [input === 1 ? 'worked' : 'slept', 'done']),
  },
  {
    name: 'patched',
    starts: starts('patched', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('patched', async (ctx) => {
          const before = await step(ctx, 'before', () => 1)
          const way = ctx.patched('new-way') ? 'new' : 'old'
          await step(ctx, way, () => way)
          return [before, way, ctx.patched('new-way'), ctx.patched('later')]
        }),
      ]
    },
    verify: outputsAre(() => [1, 'new', true, true]),
  },
  {
    name: 'logs',
    starts: starts('logs', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('logs', async (ctx, input) => {
          ctx.log('begins', { input })
          await step(ctx, 'one', () => 1)
          ctx.log('between')
          await ctx.sleep('100ms')
          ctx.log('slept')
          await step(ctx, 'two', () => 2)
          ctx.log('ends')
          return null
        }),
      ]
    },
    verify: (facts) =>
      facts.runs.flatMap((run) => {
        const lines = facts
          .eventsOf(run)
          .filter((event) => event.type === 'log-written')
          .map((event) => (JSON.parse(event.payload!) as { message: string }).message)
        return lines.join() === 'begins,between,slept,ends' ? [] : [`run ${run.id} logged ${lines.join()}`]
      }),
  },
  {
    name: 'big-results',
    starts: starts('big-results', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('big-results', async (ctx, input) => {
          const big = (await ctx.step('big', () => 'x'.repeat(300_000) + input)) as string
          await ctx.sleep('1s')
          return step(ctx, 'measure', () => big.length)
        }),
      ]
    },
    verify: outputsAre(() => 300_001),
  },
  {
    name: 'failing',
    starts: starts('failing', 2),
    ends: ['failed'],
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('failing', async (ctx) => {
          await step(ctx, 'good', () => 'good')
          await step(ctx, 'bad', () => {
            throw new ReeveError('refused-for-good', 'it is refused for good')
          })
          return step(ctx, 'never', () => 'never')
        }),
      ]
    },
    verify: (facts) =>
      facts.heardOf('body').some((body) => body.name === 'never') ? ['a step ran after the failure'] : [],
  },
  {
    name: 'long-chain',
    starts: starts('long-chain', 1),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('long-chain', async (ctx) => {
          let value = 0
          for (let index = 1; index <= 50; index++) {
            const before = value
            value = (await step(ctx, `link-${index}`, () => before + index)) as number
          }
          return value
        }),
      ]
    },
    verify: outputsAre(() => 1275),
  },
  {
    name: 'random-loop',
    starts: starts('random-loop', 2),
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow('random-loop', async (ctx) => {
          const path: Json[] = []
          for (let turn = 0; turn < 6; turn++) {
            const chance = ctx.random()
            if (chance < 0.4) path.push(await step(ctx, `left-${turn}`, () => turn))
            else if (chance < 0.7) path.push(await call(ctx, 'right', { turn }, { effect: 'idempotent' }))
            else await ctx.sleep('50ms')
            path.push(chance)
          }
          return path.length
        }),
      ]
    },
  },
]
