/**
 * What an example may use without saying where it comes from: a workflow's `ctx`, an open `runtime`, and a few values
 * whose names tell what they are. One that imports something stands for itself.
 */
export const sceneFile = `
import { agent, tool, type Context, type Runtime } from 'reeve'
import { stripe } from 'reeve/connectors/stripe'
import { z } from 'zod'

export declare const ctx: Context
export declare const runtime: Runtime
export declare const ticket: { from: string; subject: string; body: string }
export declare const reviews: string[]
/** A connection, as connections.ts makes it. */
export const payments = stripe({ mode: 'sandbox' })
/** A client of a system of the user's own. */
export declare const shop: { stockOf(product: string, signal?: AbortSignal): Promise<number> }

export const refund = tool({
  name: 'payments.refund',
  description: 'Pays an order back',
  input: z.object({ orderId: z.string(), amountUsd: z.number() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  run: async () => ({ id: 're_1' }),
})

export const writer = agent({
  name: 'writer',
  description: 'Writes answers to customers',
  instructions: 'Write briefly.',
  input: z.string(),
  route: 'writing',
  owner: 'support',
})
`

/** A client that a user wrote, which tools in `tools/` import. */
export const paymentsFile = `
export declare const payments: {
  refund(order: string, usd: number, by: { key: string; signal: AbortSignal }): Promise<{ id: string }>
  cancelRefund(id: string, by: { key: string; signal: AbortSignal }): Promise<void>
}
`

/** A workflow of the user's own, which tests import. */
export const triageFile = `
import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({ text: z.string() }),
  run: (ctx, { text }) =>
    ctx.extract('read', { schema: z.object({ category: z.string() }), from: text, route: 'reading' }),
})
`

/** The files that the examples of a connector import from each other. */
export function connectorFiles(): Record<string, string> {
  const standIn = `import type { SandboxOptions } from 'reeve/connectors'
import type { StandIn } from 'reeve/connectors/stand-in'

export declare function start(options: SandboxOptions): Promise<StandIn>
export declare const running: { standIn?: StandIn }
`
  const tickets = `import type { connector } from 'reeve/connectors'

export declare const tickets: ReturnType<typeof connector>
`
  return {
    'examples/stand-in.ts': standIn,
    'connectors/stand-in.ts': standIn,
    'connectors/tickets.ts': tickets,
  }
}

const scene = ['ctx', 'runtime', 'ticket', 'reviews', 'shop', 'refund', 'writer', 'payments']

/** The file that an example is compiled as. */
export function exampleFile(text: string): string {
  if (/^import /m.test(text)) return `${text}\nexport {}\n`
  return `import * as reeve from 'reeve'
import * as mcp from 'reeve/mcp'
import * as patterns from 'reeve/patterns'
import * as testing from 'reeve/testing'
import * as tools from 'reeve/tools'
import { z } from 'zod'
import * as scene from './scene.ts'

const { ${scene.join(', ')} } = scene
const { ReeveError, Runtime, agent, tool, workflow } = reeve
const { debate, critique, fanOut, handOff, plan, planAction, react, route, think, treeOfThoughts } = patterns
export const all = [${scene.join(', ')}, mcp, testing, tools, z]

export async function example() {
${text}
}
`
}
