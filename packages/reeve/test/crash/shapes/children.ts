import { crashWorkflow, outputsAre, type Shape, starts, witness } from './shape.ts'

/** Shapes of runs that start runs. */
export const childShapes: Shape[] = [
  {
    name: 'child',
    starts: starts('child', 1),
    workflows(outside) {
      const { step } = witness(outside)
      const inner = crashWorkflow('child-inner', async (ctx, input) => {
        await ctx.sleep('50ms')
        return step(ctx, 'times', () => (input as number) * 10)
      })
      const outer = crashWorkflow('child', async (ctx, input) => {
        const child = await ctx.start('child-inner', input)
        const result = await child.result()
        return step(ctx, 'plus', () => (result as number) + 1)
      })
      return [inner, outer]
    },
    verify: outputsAre((input) => input * 10 + 1),
  },
  {
    name: 'child-failure',
    starts: starts('child-failure', 1),
    workflows(outside) {
      const { step } = witness(outside)
      const inner = crashWorkflow('child-failure-inner', (ctx) =>
        step(
          ctx,
          'bad',
          () => {
            throw new Error('the child cannot')
          },
          { attempts: 2, delay: '100ms' },
        ),
      )
      const outer = crashWorkflow('child-failure', async (ctx, input) => {
        const child = await ctx.start('child-failure-inner', input)
        return child.result().catch((error: { code?: string }) => error.code)
      })
      return [inner, outer]
    },
    ends: ['succeeded', 'failed'],
    verify: outputsAre(() => 'child-failed'),
  },
  {
    name: 'fan-out',
    starts: starts('fan-out', 1),
    workflows(outside) {
      const { step, call } = witness(outside)
      const leaf = crashWorkflow('fan-out-leaf', async (ctx, input) => {
        await call(ctx, 'leaf', { input }, { effect: 'idempotent' })
        return step(ctx, 'square', () => (input as number) ** 2)
      })
      const root = crashWorkflow('fan-out', async (ctx) => {
        const children = await ctx.all([1, 2, 3].map((n) => () => ctx.start('fan-out-leaf', n)))
        const squares = (await ctx.all(children.map((child) => child.result()))) as number[]
        return step(ctx, 'sum', () => squares.reduce((sum, square) => sum + square, 0))
      })
      return [leaf, root]
    },
    verify: outputsAre(() => 14),
  },
  {
    name: 'grandchildren',
    starts: starts('grandchildren', 1),
    workflows(outside) {
      const { step } = witness(outside)
      return ['grandchildren-low', 'grandchildren-mid', 'grandchildren'].map((name, height, names) =>
        crashWorkflow(name, async (ctx, input) => {
          if (height === 0) return step(ctx, 'leaf', () => (input as number) + 1)
          const child = await ctx.start(names[height - 1]!, input)
          const below = (await child.result()) as number
          return step(ctx, 'up', () => below + 1)
        }),
      )
    },
    verify: outputsAre((input) => input + 3),
  },
  {
    name: 'cancel-family',
    starts: starts('cancel-family', 1),
    ends: ['cancelled'],
    workflows(outside) {
      const { step } = witness(outside)
      const inner = crashWorkflow('cancel-family-inner', async (ctx) => {
        await step(ctx, 'before', () => 1)
        await ctx.waitFor('never')
        return null
      })
      const outer = crashWorkflow('cancel-family', async (ctx) => {
        const children = await ctx.all([1, 2].map((n) => () => ctx.start('cancel-family-inner', n)))
        return ctx.all(children.map((child) => child.result()))
      })
      return [inner, outer]
    },
    async operate(operator) {
      const runs = operator.runs()
      if (runs.length === 3 && runs.every((run) => run.status === 'waiting')) {
        await operator.cancel('cancel-family-1')
      }
    },
  },
  {
    name: 'left-children',
    starts: starts('left-children', 1),
    ends: ['failed', 'cancelled', 'succeeded'],
    workflows(outside) {
      const { step } = witness(outside)
      const left = crashWorkflow('left-children-left', async (ctx) => {
        await ctx.waitFor('never')
        return null
      })
      const detached = crashWorkflow('left-children-detached', async (ctx, input) => {
        await ctx.sleep('300ms')
        return step(ctx, 'after', () => input)
      })
      const outer = crashWorkflow('left-children', async (ctx, input) => {
        await ctx.all([1, 2, 3].map((n) => () => ctx.start('left-children-left', n)))
        await ctx.start('left-children-detached', input, { whenParentEnds: 'detach' })
        return step(ctx, 'bad', () => Promise.reject(new Error('the parent cannot')), { attempts: 1 })
      })
      return [left, detached, outer]
    },
    verify: (facts) =>
      facts.runs
        .filter(({ workflow, status }) => status !== endOf[workflow])
        .map(({ id, status }) => `run ${id} is ${status}`),
  },
]

const endOf: Record<string, string> = {
  'left-children': 'failed',
  'left-children-left': 'cancelled',
  'left-children-detached': 'succeeded',
}
