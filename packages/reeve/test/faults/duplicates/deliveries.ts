import type { Json } from '../../../src/base/json/json.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import type { Outside } from '../../crash/outside.ts'
import { anything, witness } from '../../crash/shapes/shape.ts'

/** One copy of what a sender sends until it is answered. */
export type Delivery = { order: string; input: Json } | { order: string; payment: string }

/** What a copy was answered. */
export interface Answer {
  delivery: Delivery
  run: string
  /** Whether it was told to be the first of its copies. */
  isNew: boolean
}

/** An order waits for its payments and ships once; its output is what it took, in its order. */
export function orderWorkflow(outside: Outside): Workflow {
  const { call } = witness(outside)
  return defineWorkflow({
    name: 'order',
    input: anything,
    async run(ctx: CoreContext, input) {
      const { payments } = input as { payments: number }
      const taken: Json[] = []
      for (let index = 0; index < payments; index++) taken.push((await ctx.waitFor('paid')) as Json)
      await call(ctx, 'ship', { taken }, { effect: 'idempotent', retry: { attempts: 4, delay: '100ms' } })
      return taken
    },
  }) as Workflow
}

/** Between 1 and 50 copies of each start and of each payment, in no order. */
export function drawDeliveries(random: () => number, orders: number): Delivery[] {
  const below = (count: number) => Math.floor(random() * count)
  const copies = () => Math.max(1, Math.floor(50 ** random()))
  const all: Delivery[] = []
  for (let number = 1; number <= orders; number++) {
    const order = `order-${number}`
    const payments = below(4)
    for (let left = copies(); left > 0; left--) all.push({ order, input: { payments } })
    for (let payment = 1; payment <= payments; payment++) {
      for (let left = copies(); left > 0; left--) all.push({ order, payment: `${order}-payment-${payment}` })
    }
  }
  for (let last = all.length - 1; last > 0; last--) {
    const other = below(last + 1)
    const delivery = all[last]!
    all[last] = all[other]!
    all[other] = delivery
  }
  return all
}
