import type { Json } from '../../../src/base/json/json.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { Manner } from '../../crash/oracle-protocol.ts'
import type { Witness } from '../../crash/shapes/shape.ts'

/** A part that makes one call. */
export type Leaf =
  | { do: 'step'; name: string; value: number; failures: number }
  | { do: 'effect'; name: string; effect: EffectClass; manner: Manner; amount: number }
  | { do: 'sleep'; ms: number }
  | { do: 'wait'; name: string; timeoutMs: number | null }
  | { do: 'approve'; name: string; shown: number }

/** What a workflow of these trials does, as data: it can be changed, and read without the engine. */
export type Part =
  | Leaf
  | { do: 'child'; value: number }
  | { do: 'log' }
  | { do: 'all' | 'race'; parts: Leaf[] }
  /** Goes one way when the sum of the numbers that it has seen so far is odd. */
  | { do: 'branch'; odd: Part[]; even: Part[] }
  /** The usual way to change code under runs: `if (ctx.patched(id)) …`. */
  | { do: 'marked'; id: string; parts: Part[] }

export interface Code {
  /** Says in a run's output which code ended it. */
  tag: string
  version: string
  parts: Part[]
  /** The smallest input that its schema takes. */
  smallestInput: number
  attempts: number
}

const classes: EffectClass[] = ['read', 'idempotent', 'verifiable', 'once']
const manners: Manner[] = ['honest', 'honest', 'honest', 'late', 'lose-first', 'refuse-first']

/** Draws parts; every name is new. */
export class Drawing {
  readonly #random: () => number
  #names = 0

  constructor(random: () => number) {
    this.#random = random
  }

  below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  name(): string {
    return `part-${++this.#names}`
  }

  leaf(): Leaf {
    const name = this.name()
    const kind = this.below(7)
    if (kind < 2)
      return { do: 'step', name, value: this.below(100), failures: this.chance(0.3) ? 1 + this.below(2) : 0 }
    if (kind < 4)
      return {
        do: 'effect',
        name,
        effect: this.pick(classes),
        manner: this.pick(manners),
        amount: this.below(100),
      }
    if (kind === 4) return { do: 'sleep', ms: this.pick([10, 400, 3000, 60_000]) }
    if (kind === 5) return { do: 'wait', name, timeoutMs: this.chance(0.4) ? 50 + this.below(5000) : null }
    return { do: 'approve', name, shown: this.below(100) }
  }

  part(depth: number): Part {
    const kind = this.below(depth > 0 ? 14 : 10)
    if (kind < 8) return this.leaf()
    if (kind === 8) return { do: 'child', value: this.below(100) }
    if (kind === 9) return { do: 'log' }
    if (kind < 12) return { do: 'all', parts: this.leaves(2 + this.below(3)) }
    if (kind === 12) return { do: 'race', parts: this.leaves(2) }
    return { do: 'branch', odd: this.parts(1 + this.below(2), 0), even: this.parts(1 + this.below(2), 0) }
  }

  parts(count: number, depth: number): Part[] {
    return Array.from({ length: count }, () => this.part(depth))
  }

  leaves(count: number): Leaf[] {
    return Array.from({ length: count }, () => this.leaf())
  }
}

/** The names of the signals that some run of it may wait for. */
export function signalsOf(parts: Part[]): string[] {
  return parts.flatMap((part) => {
    if (part.do === 'wait') return [part.name]
    if (part.do === 'branch') return signalsOf([...part.odd, ...part.even])
    return 'parts' in part ? signalsOf(part.parts) : []
  })
}

/** Runs a code in the engine. */
export async function runCode(ctx: CoreContext, seen: Witness, code: Code): Promise<Json> {
  const results: Json[] = []
  await runParts(ctx, seen, code, code.parts, results)
  return { by: code.tag, results }
}

async function runParts(
  ctx: CoreContext,
  seen: Witness,
  code: Code,
  parts: Part[],
  results: Json[],
): Promise<void> {
  for (const part of parts) {
    switch (part.do) {
      case 'all':
        results.push(await ctx.all(part.parts.map((leaf) => () => runLeaf(ctx, seen, code, leaf))))
        break
      case 'race':
        results.push(await ctx.race(part.parts.map((leaf) => runLeaf(ctx, seen, code, leaf))))
        break
      case 'branch':
        await runParts(ctx, seen, code, isOdd(results) ? part.odd : part.even, results)
        break
      case 'marked':
        if (ctx.patched(part.id)) await runParts(ctx, seen, code, part.parts, results)
        break
      case 'child': {
        const child = await ctx.start('helper', part.value)
        results.push((await child.result()) as Json)
        break
      }
      case 'log':
        ctx.log('said')
        break
      default:
        results.push(await runLeaf(ctx, seen, code, part))
    }
  }
}

export function isOdd(results: Json[]): boolean {
  const numbers = results.flat().filter((result) => typeof result === 'number')
  return numbers.reduce((sum, number) => sum + number, 0) % 2 === 1
}

async function runLeaf(ctx: CoreContext, seen: Witness, code: Code, leaf: Leaf): Promise<Json> {
  const retry = { attempts: code.attempts, delay: '200ms' } as const
  switch (leaf.do) {
    case 'step': {
      const body = ({ attempt }: { attempt: number }) => {
        if (attempt <= leaf.failures) throw new Error(`attempt ${attempt} fails`)
        return leaf.value
      }
      return seen.step(ctx, leaf.name, body, retry)
    }
    case 'effect': {
      const { name, effect, manner, amount } = leaf
      await seen.call(ctx, name, { amount }, { effect, manner, retry })
      return name
    }
    case 'sleep':
      await ctx.sleep(leaf.ms)
      return null
    case 'wait': {
      const got = await ctx.waitFor(leaf.name, leaf.timeoutMs === null ? {} : { timeout: leaf.timeoutMs })
      return (got ?? null) as Json
    }
    case 'approve':
      return (await ctx.approve(leaf.name, { show: leaf.shown })).status
  }
}
