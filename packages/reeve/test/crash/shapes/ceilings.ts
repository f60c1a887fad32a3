import { z } from 'zod'
import { ReeveError } from '../../../src/base/errors.ts'
import type { Json } from '../../../src/base/json/json.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import { emptySnapshot } from '../../../src/governance/authority-snapshot.ts'
import { prepareGrants } from '../../../src/governance/grants/grant.ts'
import { PolicyBench } from '../../../src/governance/policies/policy-bench.ts'
import { JudgedRun } from '../../../src/governance/runs/judged-run.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import { callTool } from '../../../src/tools/call.ts'
import { tool } from '../../../src/tools/tool.ts'
import { type Facts, payloadOf } from '../facts.ts'
import type { Manner } from '../oracle-protocol.ts'
import type { Outside } from '../outside.ts'
import { anything, crashWorkflow, type Operator, type Shape, witness } from './shape.ts'

/** What one refund of these shapes pays back, and what its grant allows in all. */
const refundUsd = 200
const ceilingUsd = 400

/**
 * Shapes whose effects are counted over runs: by the ceiling of a grant's budget, which two refunds reach and a third would pass,
 * and by `oncePer`, once for each order.
 */
export const ceilingShapes: Shape[] = [
  ceilingShape('budget', { effect: 'idempotent', manner: 'late' }),
  ceilingShape('budget-lost', { effect: 'verifiable', manner: 'lose-first' }),
  ceilingShape('budget-refused', { effect: 'idempotent', manner: 'refuse-first', attempts: 1 }),
  ceilingShape('budget-shut', { effect: 'idempotent', manner: 'lose-then-refuse' }),
  ceilingShape('budget-once', { effect: 'once', manner: 'late', operate: answerTruly }),
  ceilingShape('budget-cancelled', {
    effect: 'idempotent',
    manner: 'refuse-first',
    delay: '3s',
    operate: cancelWaiting,
    ends: ['succeeded', 'cancelled'],
  }),
  ceilingShape('once-per', { effect: 'idempotent', manner: 'late', perOrder: true }),
  ceilingShape('once-per-lost', { effect: 'verifiable', manner: 'lose-first', perOrder: true }),
  ceilingShape('once-per-shut', { effect: 'idempotent', manner: 'lose-then-refuse', perOrder: true }),
  ceilingShape('once-per-once', { effect: 'once', manner: 'late', perOrder: true, operate: answerTruly }),
]

interface Order {
  order: string
  amountUsd: number
}

interface Counted {
  effect: EffectClass
  manner: Manner
  /** Default: 4. */
  attempts?: number
  /** Between two attempts. Default: 100 ms. */
  delay?: '3s'
  /** Each order is paid back once; then two of the four runs are for one order. Default: each run is for its own. */
  perOrder?: true
  operate?: Shape['operate']
  ends?: Shape['ends']
}

function ceilingShape(name: string, counted: Counted): Shape {
  const { perOrder, operate, ends } = counted
  const orders = perOrder ? ['A', 'B', 'A', 'A'] : ['A', 'B', 'C', 'D']
  return {
    name,
    starts: orders.map((order, index) => ({ workflow: name, key: `${name}-${index + 1}`, input: { order } })),
    ...(operate && { operate }),
    ...(ends && { ends }),
    workflows(outside) {
      const refund = refundTool(outside, name, counted)
      const grants = prepareGrants([
        { tool: name, budgets: [{ id: 'refunds', ceiling: ceilingUsd, adds: 'amountUsd' }] },
      ])
      const { saw } = witness(outside)
      return [
        crashWorkflow(name, async (ctx, input) => {
          const site = CoreContext.callSiteOf(ctx)
          const judged = new JudgedRun(site, {
            authority: { current: () => emptySnapshot },
            policies: new PolicyBench(),
            findTool: () => undefined,
            grantsOf: () => grants,
            isLevelled: () => false,
          })
          const { order } = input as { order: string }
          try {
            const result = await callTool(site, refund, { order, amountUsd: refundUsd }, { judged })
            return saw(ctx, name, result as Json)
          } catch (error) {
            if (error instanceof ReeveError) return error.code
            return String(error)
          }
        }),
      ]
    },
    verify: (facts) => [...bookedWithin(facts, counted), ...booksAgree(facts)],
  }
}

function refundTool(outside: Outside, name: string, counted: Counted) {
  const { effect, manner, attempts = 4, delay = '100ms', perOrder } = counted
  return tool({
    name,
    description: 'Pays an order back.',
    input: z.object({ order: z.string(), amountUsd: z.number() }),
    output: anything,
    effect,
    approval: 'never',
    retry: { attempts, delay },
    ...(perOrder && { oncePer: (args: unknown) => (args as Order).order }),
    run: (args, attempt) => outside.apply({ name, effect, manner }, args as Json, attempt),
    ...(effect === 'verifiable' && {
      verify: async (_args, { key }) => {
        const result = await outside.ask(name, key)
        return result === undefined ? { outcome: 'not-applied' } : { outcome: 'applied', result }
      },
    }),
  })
}

/** A person who looks into the outside's books. */
async function answerTruly(operator: Operator): Promise<void> {
  for (const approval of operator.pending()) {
    const { tool: name, key } = JSON.parse(approval.shown) as { tool: string; key: string }
    const result = await operator.ask(name, key)
    const answer: Json = result === undefined ? { happened: false, retry: false } : { happened: true, result }
    await operator.decide(approval, { verdict: 'answer', answer })
  }
}

/** Ends runs that wait for their next attempt. */
async function cancelWaiting(operator: Operator): Promise<void> {
  for (const run of operator.runs())
    if (run.status === 'waiting' && run.idempotency) await operator.cancel(run.idempotency)
}

/** By the outside's own books. */
function bookedWithin(facts: Facts, { perOrder }: Counted): string[] {
  const booked = facts
    .heardOf('effect')
    .filter(({ applied }) => applied)
    .map(({ args }) => args as unknown as Order)
  const usd = booked.reduce((sum, { amountUsd }) => sum + amountUsd, 0)
  const problems = usd > ceilingUsd ? [`${usd} USD were paid back, of ${ceilingUsd} that are allowed`] : []
  if (perOrder)
    for (const [order, of] of Map.groupBy(booked, (one) => one.order))
      if (of.length > 1) problems.push(`order ${order} was paid back ${of.length} times`)
  return problems
}

/** What happened is counted, and nothing is that certainly did not. */
function booksAgree(facts: Facts): string[] {
  const applied = new Set(
    facts
      .heardOf('effect')
      .filter((heard) => heard.applied)
      .map(({ key }) => key),
  )
  const counted = new Set(facts.spendings.map(({ id }) => id))
  const lost = [...applied]
    .filter((key) => !counted.has(key))
    .map((key) => `${key} happened and is not counted`)
  const inDoubt = keysInDoubt(facts)
  const stuck = [...counted]
    .filter((key) => !applied.has(key) && !inDoubt.has(key))
    .map((key) => `${key} is counted and certainly did not happen`)
  return [...lost, ...stuck]
}

/** Of runs that were cancelled while nobody knew yet what became of an intent. */
function keysInDoubt(facts: Facts): Set<string> {
  const last = facts.runs
    .filter(({ status }) => status === 'cancelled')
    .map((run) => facts.eventsOf(run).findLast(({ step }) => step !== null))
  return new Set(
    last.flatMap((event) => (event?.type === 'effect-intended' ? [payloadOf(event).key as string] : [])),
  )
}
