import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { silentLog } from '../../reeve/src/base/log.ts'
import { workflow } from '../../reeve/src/context.ts'
import { NotApplied } from '../../reeve/src/engine/calls/effect/definition.ts'
import type { Workflow } from '../../reeve/src/engine/workflow.ts'
import { projectOf } from '../../reeve/src/project/load.ts'
import { internalsOf, Runtime } from '../../reeve/src/runtime/runtime.ts'
import { serve } from '../../reeve/src/server/listen.ts'
import { addPrincipal } from '../../reeve/src/store/identity/principals.ts'
import { issueToken } from '../../reeve/src/store/identity/tokens.ts'
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

const ticket = z.object({ from: z.email(), subject: z.string(), body: z.string() })

const workflows = [
  workflow({
    name: 'support-triage',
    input: ticket,
    async run(ctx, mail) {
      const read = await ctx.step('read the ticket', () => ({ category: 'billing', urgency: 2 }))
      await ctx.step('recall policy', () => ({ passages: 4, first: 'policy/billing/refunds-and-returns.md' }))
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

const people = [
  ['margaret.hale@example.com', 'Returning my scale'],
  ['j.reiter@example.com', 'Where is my parcel?'],
  ['chen.wei@example.com', 'The invoice has the wrong address'],
  ['ines@example.com', 'Queen excluder is bent'],
  ['tomas@example.com', 'Can I cancel the second order?'],
  ['p.okafor@example.com', 'Discount for a school'],
] as const

const hostile = {
  from: 'mallory@example.com',
  subject: '<img src=x onerror="window.pwned=1">',
  body: '</script><script>window.pwned=1</script> [click](javascript:alert(1)) \u202Egnp.exe\u200B',
}

export interface Stage {
  url: string
  /** Opens the page of a new session, once. */
  signInUrl(role?: 'viewer' | 'approver' | 'operator' | 'owner'): Promise<string>
  runtime: Runtime
  /** The server ends, and comes back under its address. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** A project with something of everything, driven and served on loopback. `scale`: how much of it. */
export async function openStage(scale: 'empty' | 'some' | 'much' = 'some'): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-stage-'))
  const project = projectOf(
    {
      knowledge: [],
      budgets: { project: 4.5, day: 0.15 },
      schedules: {
        'weekly report': { workflow: 'weekly-report', cron: '0 8 * * 1', zone: 'Europe/Berlin', input: null },
      },
    },
    workflows,
    folder,
  )
  const environment = {
    database: { kind: 'sqlite', file: join(folder, 'reeve.db') } as const,
    keys: {},
    user: 'alex',
    ci: true,
  }
  const runtime = await Runtime.open({ project, environment, log: silentLog })
  await runtime.start()
  const internals = internalsOf(runtime)
  const { engine, database, clock } = internals
  const start = (name: string, input: unknown) => engine.startRun(name, input as never, { principal: 'alex' })
  if (scale !== 'empty') {
    const all = scale === 'some' ? people.slice(0, 3) : people
    for (const [from, subject] of all)
      await start('support-triage', {
        from,
        subject,
        body: 'I bought the scale in October and used it on one hive for two weeks. It is too big for my stand. Can I still send it back? Do I pay for the parcel?',
      })
    await start('support-triage', hostile)
    await start('refund-desk', { customer: 'Jonas Reiter', order: 'P-1182', amountEur: 149 })
    await start('invoices', { number: '2026-118', to: 'office@example.com' })
    await start('publish-page', { page: 'Winter feeding', words: 812 })
    await start('weekly-report', null)
    await start('reconcile', { day: '2026-11-26' })
    await start('reconcile', { day: '2026-11-27' })
    await start('await-parcel', { parcel: 'P-1182' })
    const more = scale === 'much' ? 2000 : 4
    for (let index = 0; index < more; index++) await start('weekly-report', null)
    const lost = await start('await-parcel', { parcel: 'P-1190' })
    while (!(await engine.isQuiet())) await new Promise((resolve) => setTimeout(resolve, 20))
    // As a worker leaves a run that has killed it again and again.
    await database.run(`update runs set status = 'stuck', reason = ?, wake_at = null where id = ?`, [
      'The process died 5 times at this run, without progress.',
      lost.id,
    ])
  }
  let served = await serve(runtime, { port: 0 })
  const { url } = served
  let signIns = 0
  return {
    url,
    runtime,
    async signInUrl(role = 'owner') {
      const now = clock.now()
      const name = signIns++ === 0 && role === 'owner' ? 'alex' : `${role}-${signIns}`
      const secret = await database.transaction(async (session) => {
        await addPrincipal(session, { name, kind: 'person', role, created_at: now, created_by: 'test' })
        return issueToken(session, {
          id: engine.services.newId(),
          kind: 'sign-in',
          principal: name,
          name: 'sign in',
          role,
          created_by: 'test',
          created_at: now,
          expires_at: now + 600_000,
        })
      })
      return `${url}/sign-in?code=${encodeURIComponent(secret)}`
    },
    goAway: () => served.close(),
    async comeBack() {
      served = await serve(runtime, { port: Number(new URL(url).port) })
    },
    async close() {
      await served.close()
      await runtime.stop(1000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
