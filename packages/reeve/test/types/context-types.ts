import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import type { Context, Decision, Duration, Json, StepBody } from '../../src/index.ts'
import { tool, workflow } from '../../src/index.ts'

// Nothing here runs: `npm run check` compiles it. Each `@ts-expect-error` fails when the line below compiles.

interface Line {
  sku: string
  count?: number
}

interface Order {
  id: string
  lines: Line[]
  note: string | null
}

declare const ctx: Context
declare const order: Order
declare const unsure: unknown
declare const either: { json: Json } | { problem: string }

const refund = tool({
  name: 'refund',
  description: 'Pays an order back',
  input: z.object({ orderId: z.string(), amountUsd: z.number() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  run: () => ({ id: 're-1' }),
})

export async function interfacesAreJson() {
  ctx.log('an order', order)
  ctx.log('all', [order, null])
  ctx.log('either', either)
  ctx.log('nothing')
  const decision = await ctx.approve('ship', { show: order })
  if (decision.status === 'approved') expectTypeOf(decision.value).toEqualTypeOf<Order>()
  const schema = z.object({ urgent: z.boolean() })
  expectTypeOf(await ctx.extract('read', { schema, from: order, route: 'reading' })).toEqualTypeOf<{
    urgent: boolean
  }>()
  expectTypeOf(await ctx.extractAll('read', [order], { schema, route: 'reading' })).toEqualTypeOf<
    { urgent: boolean }[]
  >()
  const passages = await ctx.recall('policy', { query: order.id })
  await ctx.generate('draft', { route: 'writing', with: { order, passages, missing: undefined } })
  await ctx.generate('draft', { route: 'writing', with: order })
  await ctx.generateAll('drafts', [{ order }], { route: 'writing' })
}

export async function whatIsNoJsonDoesNotCompile() {
  // @ts-expect-error a Date
  ctx.log('when', { at: new Date() })
  // @ts-expect-error a Map, in a list
  ctx.log('which', [new Map([['a', 1]])])
  // @ts-expect-error nobody knows what it is
  ctx.log('what', unsure)
  // @ts-expect-error a bigint
  await ctx.approve('pay', { show: { cents: 5n } })
  // @ts-expect-error an object with methods
  await ctx.extract('read', { schema: z.string(), from: new URL('https://example.com'), route: 'reading' })
  // @ts-expect-error a Date
  await ctx.generate('draft', { route: 'writing', with: { at: new Date() } })
  // @ts-expect-error a Date
  await ctx.step('when', () => new Date())
  // @ts-expect-error a Date, in an interface's place
  await ctx.step('when', async ({ attempt }) => ({ last: { at: new Date(attempt) } }))
  // @ts-expect-error a Map
  await ctx.step('which', () => new Map<string, number>())
  // @ts-expect-error a bigint
  await ctx.step('how many', async () => 5n)
  // @ts-expect-error undefined has no place in a list
  await ctx.step('some', () => [1, undefined])
  // @ts-expect-error bytes
  await ctx.step('bytes', () => new Uint8Array(3))
  // @ts-expect-error a Date as the result of a workflow
  workflow({ name: 'a', input: z.null(), run: async () => new Date() })
  // @ts-expect-error a Set in the result of a workflow
  workflow({ name: 'b', input: z.null(), run: (ctx) => ({ id: ctx.runId, seen: new Set([1]) }) })
}

export async function stepsKeepTheirTypes() {
  expectTypeOf(await ctx.step('a', () => order)).toEqualTypeOf<Order>()
  expectTypeOf(await ctx.step('a', async () => ({ id: 1, tags: ['x'] }))).toEqualTypeOf<{
    id: number
    tags: string[]
  }>()
  expectTypeOf(await ctx.step('a', async () => {})).toEqualTypeOf<void>()
  expectTypeOf(await ctx.step('a', (): 'x' | 'y' => 'x')).toEqualTypeOf<'x' | 'y'>()
  expectTypeOf(await ctx.step('a', () => either)).toEqualTypeOf<typeof either>()
  expectTypeOf(await ctx.step<Order>('a', async () => order)).toEqualTypeOf<Order>()
  expectTypeOf(await ctx.step('a', () => unsure)).toBeUnknown()
  expectTypeOf(await ctx.step('a', (): Json => null)).toEqualTypeOf<Json>()
  const timed = <T>(name: string, body: StepBody<T>) => ctx.step(name, body, { timeout: '30s' })
  expectTypeOf(await timed('a', () => order)).toEqualTypeOf<Order>()
  // @ts-expect-error a Date, through a helper
  await timed('a', () => new Date())
}

export function decisions(decision: Decision<Order>) {
  // @ts-expect-error nobody knows yet whether it was approved
  decision.value
  if (decision.status !== 'approved') {
    // @ts-expect-error it was not
    decision.value
    return decision.note
  }
  return decision.value.lines
}

export async function manyAtATime() {
  const child = await ctx.start(workflow({ name: 'c', input: z.string(), run: (_, who) => ({ who }) }), 'Ada')
  const mixed = await ctx.all([
    ctx.step('a', () => 1),
    () => ctx.call(refund, { orderId: 'A-1', amountUsd: 2 }),
    child.result(),
    'as it is',
    null,
  ])
  expectTypeOf(mixed).toEqualTypeOf<[number, { id: string }, { who: string }, string, null]>()
  const many = await ctx.all([1, 2].map((n) => () => ctx.step(`${n}`, () => n)))
  expectTypeOf(many).toEqualTypeOf<number[]>()
  const [first, second] = await ctx.allSettled([ctx.step('a', () => 1), () => order])
  if (first.status === 'fulfilled') expectTypeOf(first.value).toEqualTypeOf<number>()
  if (second.status === 'fulfilled') expectTypeOf(second.value).toEqualTypeOf<Order>()
  else expectTypeOf(second.reason).toBeAny()
  expectTypeOf(await ctx.race([ctx.step('a', () => 1), async () => 'x'])).toEqualTypeOf<number | string>()
}

export async function callsOfTools() {
  expectTypeOf(await ctx.call(refund, { orderId: 'A-1', amountUsd: 2 })).toEqualTypeOf<{ id: string }>()
  const { args, result } = await ctx.call(refund, { orderId: 'A-1', amountUsd: 2 }, { report: true })
  expectTypeOf(args.amountUsd).toEqualTypeOf<number>()
  expectTypeOf(result.id).toEqualTypeOf<string>()
  expectTypeOf(await ctx.call('mail.send', { to: 'ada@example.com' })).toEqualTypeOf<Json>()
  // @ts-expect-error an argument is missing
  await ctx.call(refund, { orderId: 'A-1' })
  // @ts-expect-error one is unknown
  await ctx.call(refund, { orderId: 'A-1', amountUsd: 2, why: 'late' })
}

export function durations() {
  const good: Duration[] = ['3d', '3 d', '250ms', 1000]
  // @ts-expect-error no unit
  const words: Duration = '3 days'
  // @ts-expect-error not even a number
  void ctx.sleep('soon')
  return [good, words]
}
