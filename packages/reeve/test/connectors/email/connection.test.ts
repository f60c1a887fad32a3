import { expect, test } from 'vitest'
import { z } from 'zod'
import { email } from '../../../src/connectors/email/email.ts'
import { workflow } from '../../../src/context.ts'
import { testRuntime } from '../../../src/testing/index.ts'

test('a letter is sent, found, read and marked in the sandbox', async () => {
  const post = email({ address: 'desk@sandbox.test', rules: { send: { approval: 'never' } } })
  const desk = workflow({
    name: 'desk',
    input: z.string(),
    async run(ctx, to) {
      const letter = { to: [to, 'bounce@shop.test'], subject: 'Your order', text: 'It is on its way' }
      const sent = await ctx.call(post.actions.send, letter)
      const [found] = await ctx.call(post.actions.search, { from: 'desk@', subject: 'Your order' })
      const read = await ctx.call(post.actions.read, { id: found!.id })
      await ctx.call(post.actions.mark, { id: found!.id, as: 'answered' })
      const thread = await ctx.call(post.actions.thread, { messageId: sent.messageId })
      const [bounce] = await ctx.call(post.actions.search, { from: 'mailer-daemon' })
      const draft = await ctx.call(post.actions.draft, { ...letter, inReplyTo: read.messageId! })
      return { sent, text: read.text, folders: thread.map(({ folder }) => folder).sort(), bounce, draft }
    },
  })
  await using runtime = await testRuntime({ workflows: [desk], config: { connectors: { email: post } } })
  const run = await runtime.start(desk, 'desk@sandbox.test')
  const output = await run.output()
  expect(output).toMatchObject({
    sent: { accepted: ['desk@sandbox.test', 'bounce@shop.test'], rejected: [] },
    text: expect.stringContaining('It is on its way'),
    folders: ['INBOX', 'Sent'],
    bounce: {
      isAutomatic: true,
      bounce: { action: 'failed', recipient: 'bounce@shop.test', status: '5.1.1' },
    },
    draft: { messageId: expect.stringMatching(/^<reeve\./) },
  })
  expect((output as { bounce: { bounce: object } }).bounce.bounce).toMatchObject({
    messageId: (output as { sent: { messageId: string } }).sent.messageId,
  })
})
