import { z } from 'zod'
import type { CoreContext as Context } from '../../src/engine/context.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { callTool } from '../../src/tools/call.ts'
import { type Tool, tool } from '../../src/tools/tool.ts'
import type { DoneEffect, ToolUndo } from '../../src/tools/undo/tool-undo.ts'

type Undo = ToolUndo<{ item: string }, { order: string }>

/** What an outside system was told to undo. */
export interface Undone {
  item: string
  order: string
  key: string
}

/** An outside system with tools that buy, and the workflows that use them. */
export interface Shop {
  undone: Undone[]
  tools: Map<string, Tool>
  workflows: Workflow[]
}

/** `onUndo` is called before each undo, and may throw or hang. */
export function openShop(
  undo: Omit<Undo, 'run'> = { effect: 'idempotent' },
  onUndo: (item: string) => unknown = () => {},
): Shop {
  const undone: Undone[] = []
  const buys = (name: string, how: Undo | undefined): Tool =>
    tool({
      name,
      description: 'Buys',
      input: z.object({ item: z.string() }),
      output: z.object({ order: z.string() }),
      effect: 'once',
      approval: 'never',
      run: ({ item }) => ({ order: `order of ${item}` }),
      ...(how && { undo: how }),
    }) as Tool
  const run = async (
    { args, result }: DoneEffect<{ item: string }, { order: string }>,
    { key }: { key: string },
  ) => {
    await onUndo(args.item)
    undone.push({ item: args.item, order: result.order, key })
  }
  const buy = buys('shop.buy', { ...undo, run })
  const keep = buys('shop.keep', undefined)
  const look = tool({
    name: 'shop.look',
    description: 'Looks',
    input: z.object({}),
    output: z.object({ items: z.number() }),
    effect: 'read',
    run: () => ({ items: 3 }),
  }) as Tool
  const call = (ctx: Context, which: Tool, item: string) =>
    callTool(CoreContext.callSiteOf(ctx), which, { item })
  const below = defineWorkflow({
    name: 'below',
    input: z.object({ item: z.string() }),
    run: (ctx: Context, { item }) => call(ctx, buy, item),
  })
  const spree = defineWorkflow({
    name: 'spree',
    input: z.object({ items: z.array(z.string()) }),
    async run(ctx: Context, { items }) {
      await callTool(CoreContext.callSiteOf(ctx), look, {})
      for (const item of items) {
        if (item.startsWith('child ')) await (await ctx.start('below', { item })).result()
        else await call(ctx, item.startsWith('keep ') ? keep : buy, item)
      }
      return 'bought'
    },
  })
  return {
    undone,
    tools: new Map([buy, keep, look].map((each) => [each.name, each])),
    workflows: [spree, below] as Workflow[],
  }
}
