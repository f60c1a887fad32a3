import type { Json } from '../../../src/base/json/json.ts'
import type { ApprovedDecision } from '../../../src/engine/decision.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { Manner } from '../oracle-protocol.ts'
import type { Outside } from '../outside.ts'
import { crashWorkflow, type Operator, outputsAre, type Shape, type Start, witness } from './shape.ts'

/** A worker that loses a run in mid-effect has used an attempt up: there are enough for many such losses. */
const quick = { attempts: 20, delay: '100ms' } as const
const manners: Manner[] = ['honest', 'late', 'lose-first', 'refuse-first']
const kinds = ['steps', 'idempotent', 'verifiable', 'once', 'sleep', 'signal', 'approval', 'family'] as const

/** `crowd-N`: N runs at once, of every kind that acts, waits or asks, for faults that strike many runs together. */
export function crowdNamed(name: string): Shape | undefined {
  const [, count] = /^crowd-(\d+)$/.exec(name) ?? []
  if (count === undefined) return undefined
  return {
    name,
    starts: Array.from({ length: Number(count) }, (_, index) => startOf(index)),
    workflows: crowdWorkflows,
    operate: attend,
    verify: outputsAre((input) => input),
  }
}

function startOf(index: number): Start {
  const workflow = `crowd-${kinds[index % kinds.length]}`
  return { workflow, key: `${workflow}-${index}`, input: index }
}

/** Each gives back its input. */
function crowdWorkflows(outside: Outside): Workflow<never, unknown>[] {
  const { step, call, saw } = witness(outside)
  const mannerOf = (input: Json) => manners[Math.floor((input as number) / kinds.length) % manners.length]!
  const acting = (effect: 'idempotent' | 'verifiable' | 'once', honest?: Manner) =>
    crashWorkflow(`crowd-${effect}`, async (ctx, input) => {
      const before = await step(ctx, 'before', () => input)
      await call(ctx, effect, { before }, { effect, manner: honest ?? mannerOf(input), retry: quick })
      return step(ctx, 'after', () => before)
    })
  return [
    crashWorkflow('crowd-steps', async (ctx, input) => {
      let value = input
      for (const name of ['a', 'b', 'c']) {
        const before = value
        value = await step(ctx, name, async () => before)
      }
      await step(
        ctx,
        'flaky',
        ({ attempt }) => (attempt < 2 ? Promise.reject(new Error('not yet')) : 1),
        quick,
      )
      return value
    }),
    acting('idempotent'),
    acting('verifiable'),
    acting('once', 'late'),
    crashWorkflow('crowd-sleep', async (ctx, input) => {
      const before = await step(ctx, 'before', () => input)
      await ctx.sleep((input as number) % 2 === 0 ? '500ms' : '2s')
      await call(ctx, 'mail', { before }, { effect: 'idempotent' })
      return before
    }),
    crashWorkflow('crowd-signal', async (ctx, input) => {
      await step(ctx, 'before', () => 1)
      const word = saw(ctx, 'word', await ctx.waitFor('word'))
      await call(
        ctx,
        'mail',
        { word: word as Json },
        { effect: 'idempotent', manner: mannerOf(input), retry: quick },
      )
      return step(ctx, 'after', () => input)
    }),
    crashWorkflow('crowd-approval', async (ctx, input) => {
      const decision = saw(ctx, 'pay', await ctx.approve('pay', { show: { pay: input } }))
      await call(ctx, 'payment', (decision as ApprovedDecision).value, {
        effect: 'idempotent',
        manner: 'late',
      })
      return input
    }),
    crashWorkflow('crowd-leaf', async (ctx, input) => {
      await call(ctx, 'leaf', { input }, { effect: 'idempotent', manner: 'late' })
      return step(ctx, 'half', () => (input as number) / 2)
    }),
    crashWorkflow('crowd-family', async (ctx, input) => {
      const children = await ctx.all([1, 2].map(() => () => ctx.start('crowd-leaf', input)))
      const halves = (await ctx.all(children.map((child) => child.result()))) as number[]
      return step(ctx, 'sum', () => halves[0]! + halves[1]!)
    }),
  ]
}

/** Sends the signals, approves, and looks outside for whoever asks what happened. */
async function attend(operator: Operator): Promise<void> {
  for (const run of operator.runs()) {
    if (run.workflow !== 'crowd-signal') continue
    await operator.signal(run.idempotency!, 'word', 'word-1', 'hello')
  }
  for (const approval of operator.pending()) {
    if (approval.kind === 'approval') {
      await operator.decide(approval, { verdict: 'approve' })
      continue
    }
    const { tool, key } = JSON.parse(approval.shown) as { tool: string; key: string }
    const result = await operator.ask(tool, key)
    const answer: Json = result === undefined ? { happened: false, retry: true } : { happened: true, result }
    await operator.decide(approval, { verdict: 'answer', answer })
  }
}
