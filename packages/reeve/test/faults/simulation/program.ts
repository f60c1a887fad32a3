import type { Json } from '../../../src/base/json/json.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { Facts } from '../../crash/facts.ts'
import type { Manner } from '../../crash/oracle-protocol.ts'
import type { Outside } from '../../crash/outside.ts'
import { crashWorkflow, type Shape, type Start, type Witness, witness } from '../../crash/shapes/shape.ts'

/** One thing that a random workflow does. */
type Part =
  | { do: 'step'; name: string; value: number; failures: number }
  | { do: 'effect'; name: string; effect: EffectClass; manner: Manner }
  | { do: 'sleep'; ms: number }
  | { do: 'wait'; name: string; timeoutMs: number | null }
  | { do: 'approve'; name: string }
  | { do: 'child'; parts: Part[] }
  | { do: 'all'; parts: Part[] }
  | { do: 'race'; parts: Part[] }
  | { do: 'log' }
  | { do: 'random' }

const retry = { attempts: 4, delay: '200ms' } as const
const classes: EffectClass[] = ['read', 'idempotent', 'verifiable', 'once']
const manners: Manner[] = ['honest', 'honest', 'late', 'lose-first', 'refuse-first']

/** A shape whose workflows are drawn: what a run does is its input. */
export function programShape(random: () => number): Shape {
  const whole = (below: number) => Math.floor(random() * below)
  let names = 0
  const part = (depth: number, isRoot: boolean): Part => {
    const name = `part-${++names}`
    const kind = whole(depth > 0 ? 12 : 8)
    if (kind < 2) return { do: 'step', name, value: whole(1000), failures: random() < 0.2 ? 1 + whole(2) : 0 }
    if (kind < 4) return { do: 'effect', name, effect: classes[whole(4)]!, manner: manners[whole(5)]! }
    if (kind === 4) return { do: 'sleep', ms: [10, 400, 3000, 60_000][whole(4)]! }
    if (kind === 5) return { do: 'wait', name, timeoutMs: isRoot && random() < 0.7 ? null : 50 + whole(5000) }
    if (kind === 6) return isRoot ? { do: 'approve', name } : { do: 'random' }
    if (kind === 7) return { do: 'log' }
    if (kind < 10) return { do: 'all', parts: parts(2 + whole(3), depth - 1, isRoot) }
    if (kind === 10) return { do: 'child', parts: parts(1 + whole(3), depth - 1, false) }
    return {
      do: 'race',
      parts: [
        { do: 'sleep', ms: 50 + whole(3000) },
        { do: 'step', name, value: 1, failures: 0 },
      ],
    }
  }
  const parts = (count: number, depth: number, isRoot: boolean): Part[] =>
    Array.from({ length: count }, () => part(depth, isRoot))
  const starts = Array.from({ length: 1 + whole(4) }, (_, index): Start => {
    const start: Start = {
      workflow: 'program',
      key: `program-${index}`,
      input: parts(1 + whole(5), 2, true) as unknown as Json,
    }
    if (random() < 0.2) start.options = { delay: whole(2000), priority: whole(3) }
    return start
  })
  return {
    name: 'program',
    starts,
    ends: ['succeeded'],
    workflows: (outside: Outside) => {
      const seen = witness(outside)
      return [crashWorkflow('program', async (ctx, input) => runAll(ctx, seen, input as unknown as Part[]))]
    },
    async operate(operator) {
      for (const start of starts) {
        for (const wait of waitsOf(start.input as unknown as Part[])) {
          if (random() < 0.3) await operator.signal(start.key, wait, `id-${wait}`, wait)
        }
      }
      for (const approval of operator.pending()) {
        if (random() < 0.5) continue
        if (approval.kind !== 'outcome') {
          await operator.decide(approval, { verdict: random() < 0.7 ? 'approve' : 'reject' })
          continue
        }
        const { key } = JSON.parse(approval.shown) as { key: string }
        const result = await operator.ask('tool', key)
        const answer: Json =
          result === undefined ? { happened: false, retry: true } : { happened: true, result }
        await operator.decide(approval, { verdict: 'answer', answer })
      }
    },
    verify: (facts) => outputsFit(facts),
  }
}

function waitsOf(parts: Part[]): string[] {
  return parts.flatMap((part) => {
    if (part.do === 'wait' && part.timeoutMs === null) return [part.name]
    return part.do === 'all' ? waitsOf(part.parts) : []
  })
}

async function runAll(ctx: CoreContext, seen: Witness, parts: Part[]): Promise<Json[]> {
  const results: Json[] = []
  for (const part of parts) results.push(await runPart(ctx, seen, part))
  return results
}

async function runPart(ctx: CoreContext, seen: Witness, part: Part): Promise<Json> {
  switch (part.do) {
    case 'step':
      return seen.step(
        ctx,
        part.name,
        ({ attempt }) => {
          if (attempt <= part.failures) throw new Error(`attempt ${attempt} fails`)
          return part.value
        },
        retry,
      )
    case 'effect':
      await seen.call(ctx, part.name, { of: part.name }, { effect: part.effect, manner: part.manner, retry })
      return part.name
    case 'sleep':
      await ctx.sleep(part.ms)
      return null
    case 'wait': {
      const got = await ctx.waitFor(part.name, part.timeoutMs === null ? {} : { timeout: part.timeoutMs })
      return seen.saw(ctx, part.name, (got ?? null) as Json)
    }
    case 'approve':
      return (await ctx.approve(part.name, { show: { of: part.name } })).status
    case 'child': {
      const child = await ctx.start('program', part.parts)
      return (await child.result()) as Json
    }
    case 'all':
      return ctx.all(part.parts.map((one) => () => runPart(ctx, seen, one)))
    case 'race':
      return ctx.race(part.parts.map((one) => runPart(ctx, seen, one)))
    case 'log':
      ctx.log('said')
      return null
    case 'random':
      return ctx.random()
  }
}

/** What is certain of a program's output is there. */
function outputsFit(facts: Facts): string[] {
  return facts.runs.flatMap((run) => {
    if (run.status !== 'succeeded') return []
    const problem = misfit(facts.inputOf(run) as unknown as Part[], facts.outputOf(run))
    return problem ? [`run ${run.id}: ${problem}`] : []
  })
}

function misfit(parts: Part[], output: Json): string | undefined {
  if (!Array.isArray(output) || output.length !== parts.length)
    return `its output is ${JSON.stringify(output)}`
  for (const [index, part] of parts.entries()) {
    const got = output[index] as Json
    if (part.do === 'step' && got !== part.value) return `step ${part.name} gave ${JSON.stringify(got)}`
    if (part.do === 'effect' && got !== part.name) return `effect ${part.name} gave ${JSON.stringify(got)}`
    if (part.do === 'wait' && part.timeoutMs === null && got !== part.name)
      return `wait ${part.name} gave ${JSON.stringify(got)}`
    if (part.do === 'all' || part.do === 'child') {
      const inner = misfit(part.parts, got)
      if (inner) return inner
    }
  }
  return undefined
}
