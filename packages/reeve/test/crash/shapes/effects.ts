import type { Json } from '../../../src/base/json/json.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { Manner } from '../oracle-protocol.ts'
import { crashWorkflow, outputsAre, type Shape, starts, witness } from './shape.ts'

const quick = { attempts: 4, delay: '100ms' } as const

/** Shapes that act on the outside world, one effect class each, then mixed. */
export const effectShapes: Shape[] = [
  effectShape('effect-read', 'read', 'honest'),
  effectShape('effect-idempotent', 'idempotent', 'honest'),
  effectShape('effect-idempotent-late', 'idempotent', 'late'),
  effectShape('effect-idempotent-lost', 'idempotent', 'lose-first'),
  effectShape('effect-idempotent-refused', 'idempotent', 'refuse-first'),
  effectShape('effect-verifiable', 'verifiable', 'honest'),
  effectShape('effect-verifiable-lost', 'verifiable', 'lose-first'),
  effectShape('effect-verifiable-refused', 'verifiable', 'refuse-first'),
  {
    ...effectShape('effect-once-left', 'once', 'honest'),
    ends: ['succeeded', 'waiting'],
  },
  {
    ...effectShape('effect-once-lost', 'once', 'lose-first'),
    ends: ['waiting'],
  },
  {
    ...effectShape('effect-once-answered', 'once', 'late'),
    async operate(operator) {
      for (const approval of operator.pending()) {
        const { key } = JSON.parse(approval.shown) as { key: string }
        const result = await operator.ask('tool', key)
        const answer: Json =
          result === undefined ? { happened: false, retry: true } : { happened: true, result }
        await operator.decide(approval, { verdict: 'answer', answer })
      }
    },
  },
  {
    name: 'effects-mixed',
    starts: starts('effects-mixed', 2),
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow('effects-mixed', async (ctx, input) => {
          const found = await call(ctx, 'look', { input }, { effect: 'read' })
          await ctx.all([
            call(
              ctx,
              'charge',
              { input, found },
              { effect: 'idempotent', manner: 'lose-first', retry: quick },
            ),
            call(ctx, 'post', { input }, { effect: 'verifiable', manner: 'lose-first', retry: quick }),
            step(ctx, 'count', () => 1),
          ])
          return call(ctx, 'mail', { input }, { effect: 'idempotent' })
        }),
      ]
    },
  },
]

function effectShape(name: string, effect: EffectClass, manner: Manner): Shape {
  return {
    name,
    starts: starts(name, 2),
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow(name, async (ctx, input) => {
          const before = await step(ctx, 'before', () => input)
          const done = (await call(ctx, 'tool', { before }, { effect, manner, retry: quick })) as {
            for: string
          }
          return step(ctx, 'after', () => done.for.endsWith(`:${ctx.runId}:2`))
        }),
      ]
    },
    verify: outputsAre(() => true),
  }
}
