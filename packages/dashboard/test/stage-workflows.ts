import { z } from 'zod'
import { agent } from '../../reeve/src/agents/agent.ts'
import { workflow } from '../../reeve/src/context.ts'
import { NotApplied } from '../../reeve/src/engine/calls/effect/definition.ts'
import type { Workflow } from '../../reeve/src/engine/workflow.ts'
import { tool } from '../../reeve/src/tools/tool.ts'

/** What was sent outside. */
export const sent: object[] = []

const reply = tool({
  name: 'helpdesk.reply',
  description: 'Send a reply to a customer',
  input: z.object({ to: z.email(), subject: z.string(), body: z.string().min(1) }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  risk: 'high',
  run(args) {
    sent.push(args)
    return { receipt: `H-${20410 + sent.length}` }
  },
})

const refund = tool({
  name: 'shop.refund',
  description: 'Pay a customer back',
  input: z.object({ to: z.string(), amountEur: z.number().positive(), order: z.string() }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  risk: 'high',
  run(args) {
    sent.push(args)
    return { receipt: `R-${sent.length}` }
  },
})

const invoice = tool({
  name: 'mail.invoice',
  description: 'Send an invoice',
  input: z.object({ number: z.string(), to: z.email() }),
  output: z.object({ id: z.string() }),
  effect: 'once',
  risk: 'low',
  run() {
    throw new Error('the mail server closed the connection before it answered')
  },
})

/** The labels that hold. */
export const labels = new Set<string>()

const label = tool({
  name: 'shop.label',
  description: 'Make a return label',
  input: z.object({ order: z.string() }),
  output: z.object({ label: z.string() }),
  effect: 'idempotent',
  risk: 'low',
  run({ order }) {
    labels.add(order)
    return { label: `L-${order}` }
  },
  undo: {
    within: '30d',
    effect: 'idempotent',
    run: ({ args }) => {
      labels.delete(args.order)
    },
  },
})

const note = tool({
  name: 'shop.note',
  description: 'Write a note to an order',
  input: z.object({ order: z.string(), text: z.string() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  risk: 'low',
  run: ({ order }) => ({ id: `N-${order}` }),
})

/** An agent of the desk, with its contract. */
export const clerk = agent({
  name: 'clerk',
  description: 'Reads what customers write, and says which order it is about',
  instructions: 'Say which order the letter is about. Never promise money.',
  input: z.object({ letter: z.string() }),
  tools: [label, note],
  grants: [
    {
      id: 'labels',
      tool: 'shop.label',
      args: { order: { pattern: '^P-[0-9]+$' } },
      rate: { count: 20, per: '1d' },
    },
    { tool: 'shop.note', asks: true },
  ],
  route: 'nobody',
  limits: { iterations: 6, cost: '$0.02' },
  memory: ['policy'],
  owner: 'support team',
})

const ticket = z.object({ from: z.email(), subject: z.string(), body: z.string() })

export const stageWorkflows = [
  workflow({
    name: 'support-triage',
    input: ticket,
    async run(ctx, mail) {
      const read = await ctx.step('read the ticket', () => ({ category: 'billing', urgency: 2 }))
      await ctx.recall('policy', { query: mail.body, limit: 3 })
      const body = await ctx.step('draft', () =>
        [
          'Hello,',
          '',
          'Thank you for your message. Our documents say this about it:',
          '',
          '“Write to us with your order number, and we will send you a return label within 1 business day.” [1]',
          '',
          'Your Hivebeam support',
          '',
          '[1] Refunds and returns of hardware',
        ].join('\n'),
      )
      const { receipt } = await ctx.call(reply, { to: mail.from, subject: `Re: ${mail.subject}`, body })
      return { ...read, receipt }
    },
  }),
  workflow({
    name: 'return-label',
    input: z.object({ order: z.string(), text: z.string() }),
    async run(ctx, { order, text }) {
      const made = await ctx.call(label, { order })
      await ctx.call(note, { order, text })
      return made
    },
  }),
  workflow({
    name: 'learn-preference',
    input: z.object({ customer: z.string(), text: z.string() }),
    run: (ctx, { customer, text }) =>
      ctx.remember(text, {
        scope: `customers/${customer}`,
        kind: 'preference',
        source: `mail of ${customer}`,
      }),
  }),
  workflow({
    name: 'sum-up',
    input: z.object({ letter: z.string() }),
    async run(ctx, { letter }) {
      const text = await ctx.generate('sum up', {
        route: 'writing',
        with: { letter },
        instructions: 'In one line.',
      })
      return { text }
    },
  }),
  workflow({
    name: 'refund-desk',
    input: z.object({ customer: z.string(), order: z.string(), amountEur: z.number() }),
    run: (ctx, { customer, order, amountEur }) => ctx.call(refund, { to: customer, amountEur, order }),
  }),
  workflow({
    name: 'invoices',
    input: z.object({ number: z.string(), to: z.email() }),
    run: (ctx, args) => ctx.call(invoice, args),
  }),
  workflow({
    name: 'publish-page',
    input: z.object({ page: z.string(), words: z.number() }),
    run: (ctx, what) => ctx.approve('publish', { show: what }),
  }),
  workflow({
    name: 'letters-abroad',
    input: ticket,
    async run(ctx, mail) {
      const letter = { subject: mail.subject, body: mail.body }
      const { language } = await ctx.extract('name the language', {
        route: 'nobody',
        from: letter,
        schema: z.object({ language: z.enum(['Portuguese', 'Spanish', 'Italian']) }),
        instructions: 'In which language is the letter written?',
      })
      const sources = await ctx.recall('policy', { query: mail.body, limit: 2 })
      const text = await ctx.generate('reply', {
        route: 'nobody',
        with: { letter, language, sources },
        instructions: `Answer the letter in ${language}, from the passages alone.`,
      })
      return { language, text }
    },
  }),
  workflow({
    name: 'weekly-report',
    input: z.null(),
    async run(ctx) {
      for (const part of ['read the orders', 'read the tickets', 'write the report'])
        await ctx.step(part, () => ({ part, rows: part.length * 31 }))
      return { pages: 3 }
    },
  }),
  workflow({
    name: 'reconcile',
    input: z.object({ day: z.string() }),
    run: (ctx, { day }) =>
      ctx.step(
        'compare totals',
        () => {
          throw new NotApplied(`the shop's API has no field total_amount for ${day}`)
        },
        { retry: { attempts: 1 } },
      ),
  }),
  workflow({
    name: 'await-parcel',
    input: z.object({ parcel: z.string() }),
    run: (ctx) => ctx.waitFor('parcel-arrived', { schema: z.object({ at: z.string() }) }),
  }),
] as unknown as Workflow[]

export const people = [
  [
    'margaret.hale@example.com',
    'Returning my scale',
    'I bought the scale in October and used it on one hive for two weeks. It is too big for my stand. Can I still send it back? Do I pay for the parcel?',
  ],
  [
    'j.reiter@example.com',
    'Where is my parcel?',
    'I sent the gateway back with your return label on Monday. Has the parcel reached you? When do I get the money back?',
  ],
  [
    'chen.wei@example.com',
    'The invoice has the wrong address',
    'I return the sensor with order P-1190, and its invoice has my old address. Which address do I write on the return label?',
  ],
  [
    'ines@example.com',
    'Queen excluder is bent',
    'The queen excluder came bent. I would like to send it back, clean and complete. How do I get a return label?',
  ],
  [
    'tomas@example.com',
    'Can I cancel the second order?',
    'I ordered the same sensor twice by mistake. Can I cancel the second order, or do I return it when it comes?',
  ],
  [
    'p.okafor@example.com',
    'Discount for a school',
    'Our school wants four scales. Is there a discount, and can we return one that we do not need?',
  ],
] as const

/** Somebody who writes to it, and whose words come to stand in many places. */
export interface Stranger {
  from: string
  subject: string
  body: string
}

export const hostile: Stranger = {
  from: 'mallory@example.com',
  subject: '<img src=x onerror="window.pwned=1">',
  body: '</script><script>window.pwned=1</script> [click](javascript:alert(1)) \u202Egnp.exe\u200B',
}
