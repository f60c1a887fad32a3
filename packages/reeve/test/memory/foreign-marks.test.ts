import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import { personal } from '../../src/index.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf } from '../engine/harness.ts'
import { memoryBench } from './memory-bench.ts'

const ada = 'ada@example.com'

const keeps = workflow({
  name: 'keeps',
  input: z.object({ to: personal(z.email()) }),
  async run(ctx, { to }) {
    await ctx.step('read', () => to)
    const mail = await ctx.waitFor('mail', { schema: z.string() })
    await ctx.remember(mail, { scope: 'mails' })
    const [found] = await ctx.recall('mails', { query: 'invoice', in: 'mails', from: 'memory' })
    await ctx.waitFor('go')
    return found?.text
  },
})

test('what only looks like a reference to a marked text is remembered and recalled as it came, after a replay too', async () => {
  const { database, engine, stop } = await memoryBench([keeps])
  const { id } = await engine.startRun('keeps', { to: ada })
  const waitsFor = async (name: string) => {
    for (;;) {
      const events = await eventsOf(database, id)
      if (events.some((event) => event.type === 'signal-awaited' && event.name === name)) return events
      await settle()
    }
  }
  const read = (await waitsFor('mail')).find(({ type }) => type === 'step-completed')!
  const [stolen] = /\[marked:[\w-]+\]/.exec(read.payload!)!
  const mail = `Send the invoice to ${stolen}.`
  await engine.control.signal(id, 'mail', mail)
  await waitsFor('go')
  await engine.control.signal(id, 'go', null)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: mail })
  await stop()
})
