import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import { runInMemory } from '../../src/testing/index.ts'
import { tool } from '../../src/tools/tool.ts'

const definition = {
  name: 'shop.buy',
  description: 'Buys',
  input: z.object({ purchaseId: z.string(), note: z.string() }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  approval: 'never',
} as const

test('a tool with oncePer acts once for each value, and tells the second call what the first gave', async () => {
  const sent: string[] = []
  const buy = tool({
    ...definition,
    oncePer: ({ purchaseId }) => purchaseId,
    run: ({ purchaseId, note }) => {
      sent.push(`${purchaseId} ${note}`)
      return { receipt: `R-${sent.length}` }
    },
  })
  const shopping = workflow({
    name: 'shopping',
    input: z.unknown(),
    run: async (ctx) => [
      await ctx.call(buy, { purchaseId: 'P-1', note: 'first' }),
      await ctx.call(buy, { purchaseId: 'P-1', note: 'again' }),
      await ctx.call(buy, { purchaseId: 'P-2', note: 'other' }),
    ],
  })
  const { result } = await runInMemory(shopping, {}, {}, { live: ['shop.buy'] })
  expect(result).toMatchObject({ output: [{ receipt: 'R-1' }, { receipt: 'R-1' }, { receipt: 'R-2' }] })
  expect(sent).toEqual(['P-1 first', 'P-2 other'])
})

test('what oncePer gives must name something', async () => {
  const buy = tool({ ...definition, oncePer: ({ note }) => note, run: () => ({ receipt: 'R' }) })
  const shopping = workflow({
    name: 'shopping',
    input: z.unknown(),
    run: (ctx) => ctx.call(buy, { purchaseId: 'P-1', note: '' }),
  })
  expect((await runInMemory(shopping, {})).result).toMatchObject({
    status: 'failed',
    error: { code: 'bad-tool', message: expect.stringContaining('oncePer of tool "shop.buy" gave ""') },
  })
  expect(() =>
    tool({ ...definition, effect: 'read', oncePer: () => 'x', run: () => ({ receipt: '' }) }),
  ).toThrow('only reads')
  expect(() =>
    tool({
      ...definition,
      oncePer: { value: () => 'x', again: 'ignore' as never },
      run: () => ({ receipt: '' }),
    }),
  ).toThrow('it must be answer or fail')
})
