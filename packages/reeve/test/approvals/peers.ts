import { expect } from 'vitest'
import { z } from 'zod'
import { sha256 } from '../../src/base/hash.ts'
import { canonical } from '../../src/base/json/json.ts'
import type { Context } from '../../src/context.ts'
import { workflow } from '../../src/context.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending, requireApproval } from '../../src/store/approvals/approvals.ts'
import { readActs } from '../../src/store/authority/authority-log.ts'
import { type Tool, tool } from '../../src/tools/tool.ts'
import { agentBench } from '../agents/agent-harness.ts'
import { mortalEngine, severable, testEngine, typesOf } from '../engine/harness.ts'
import { approvalCase, asksFor, nextAsked, type OpenApprovals, until, whileAsked } from './harness.ts'

/** A tool that asks always, and a record of what it was handed outside. */
function paying(): { pay: Tool; paid: unknown[] } {
  const paid: unknown[] = []
  const pay = tool({
    name: 'pay',
    description: 'Pays',
    input: z.object({ to: z.string(), cents: z.number().int().max(10_000) }),
    output: z.unknown(),
    effect: 'once',
    risk: 'high',
    run: (args) => {
      paid.push(args)
      return null
    },
  }) as Tool
  return { pay, paid }
}

function flowOf(run: (ctx: Context) => Promise<unknown>) {
  return workflow({ name: 'flow', input: z.unknown(), run })
}

const args = { to: 'margaret@example.org', cents: 8000 }

/** Each way in which approvals were broken elsewhere. */
export function peerCases(open: OpenApprovals): void {
  approvalCase(
    'a tool that a model can call decides nothing, whatever name it gives',
    open,
    async (store) => {
      const { pay, paid } = paying()
      let said: unknown
      let control: { decide: (id: string, decision: object) => Promise<unknown> } | undefined
      const approveAll = tool({
        name: 'approve-all',
        description: 'Decides what waits',
        input: z.object({}),
        output: z.unknown(),
        effect: 'idempotent',
        risk: 'low',
        async run() {
          const [asked] = await listPending(store.database)
          said = await control!.decide(asked!.id, { verdict: 'approve', by: 'ada' }).catch((error) => error)
          return null
        },
      })
      const helper = workflow({
        name: 'helper',
        input: z.unknown(),
        run: (ctx: Context) => ctx.call(approveAll, {}),
      })
      const bench = await agentBench([flowOf((ctx) => ctx.call(pay, args as never)), helper], {}, store)
      try {
        control = bench.engine.control as never
        await bench.engine.startRun('flow', {})
        const asked = await nextAsked(store.database)
        const { result } = await bench.engine.startRun(helper, {})
        await result()
        expect(said).toMatchObject({ code: 'may-not-decide', message: /from within tool "approve-all"/ })
        expect(await requireApproval(store.database, asked.id)).toMatchObject({ status: 'pending' })
        expect(await readActs(store.database)).toEqual([])
        expect(paid).toEqual([])
      } finally {
        await bench.engine.stop()
      }
    },
  )

  approvalCase('the agent that asks cannot be the one who approves', open, async (store) => {
    await whileAsked(store, asksFor({ show: { any: 'thing' } }), async ({ database, engine, asked }) => {
      const shown = { tool: 'pay', args: {}, agent: 'clerk', under: ['chief'] }
      await database.run(`update approvals set binds = 'effect', shown = ?, args_hash = ? where id = ?`, [
        JSON.stringify(shown),
        sha256(canonical(shown)),
        asked.id,
      ])
      // What the journal has is another matter, and is judged first.
      for (const by of ['clerk', 'chief', 'agent:clerk'])
        await expect(engine.control.decide(asked.id, { verdict: 'approve', by })).rejects.toMatchObject({
          code: expect.stringMatching(/^(may-not-decide|approval-changed)$/),
        })
    })
  })

  approvalCase(
    'what was rejected never runs, whoever wakes the run and however often',
    open,
    async (store) => {
      const { pay, paid } = paying()
      const flow = flowOf((ctx) =>
        ctx.call(pay, args as never).then(
          () => 'paid',
          (error) => error.details,
        ),
      )
      const first = await agentBench([flow], {}, store)
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(store.database)
      await first.engine.stop()
      await first.engine.control.decide(asked.id, { verdict: 'reject', by: 'ada', note: 'not this one' })
      for (let life = 0; life < 2; life++) {
        const bench = await agentBench([flow], {}, store)
        expect(await bench.engine.resultOf(id)).toMatchObject({
          output: { status: 'rejected', by: 'ada', note: 'not this one' },
        })
        await bench.engine.stop()
      }
      expect(paid).toEqual([])
    },
  )

  approvalCase(
    'a crash before or after the decision loses none, doubles none and renumbers none',
    open,
    async (store) => {
      let steps = 0
      const flow = defineWorkflow({
        name: 'counted',
        input: z.unknown(),
        async run(ctx: CoreContext) {
          await ctx.step('before', () => ++steps)
          const decision = await ctx.approve('send', { show: 1, deciders: { count: 2 } })
          return ctx.step('after', () => decision.status)
        },
      })
      const first = await mortalEngine([flow], store)
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(store.database)
      await first.die()
      const second = await mortalEngine([flow], store)
      expect((await listPending(store.database)).map((row) => row.id)).toEqual([asked.id])
      await second.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      await second.die()
      const { engine: between } = await testEngine([flow], store)
      // Nobody drives runs while the second of two decides.
      await between.control.decide(asked.id, { verdict: 'approve', by: 'eve' })
      const third = await mortalEngine([flow], store)
      expect(await third.engine.resultOf(id)).toMatchObject({ output: 'approved' })
      const types = await typesOf(store.database, id)
      expect(types.filter((type) => type === 'approval-requested')).toHaveLength(1)
      expect(types.filter((type) => type === 'approval-decided')).toHaveLength(1)
      expect(await store.database.all('select id from approvals')).toEqual([{ id: asked.id }])
      // What was done before it was asked was done once.
      expect(steps).toBe(1)
      await third.engine.stop()
    },
  )

  approvalCase(
    'two that show the same are two: each hears its own decision, in any order',
    open,
    async (store) => {
      const flow = defineWorkflow({
        name: 'twins',
        input: z.unknown(),
        run: (ctx: CoreContext) =>
          ctx.all([
            ctx.approve('send', { show: { same: true } }),
            ctx.approve('send', { show: { same: true } }),
          ]),
      })
      const opened = await testEngine([flow], store)
      await opened.engine.start()
      const { id } = await opened.engine.startRun(flow, {})
      const [left, right] = await until(async () => {
        const rows = await listPending(store.database)
        return rows.length === 2 ? rows.sort((one, other) => one.step - other.step) : undefined
      })
      expect(left!.args_hash).toBe(right!.args_hash)
      await opened.engine.control.decide(right!.id, { verdict: 'reject', by: 'ada', note: 'the second' })
      await opened.engine.control.decide(left!.id, { verdict: 'approve', by: 'ada', note: 'the first' })
      expect(await opened.engine.resultOf(id)).toMatchObject({
        output: [
          { status: 'approved', note: 'the first' },
          { status: 'rejected', note: 'the second' },
        ],
      })
      await opened.engine.stop()
    },
  )

  approvalCase(
    'asked again under its id, it takes no decision on what it showed before',
    open,
    async (store) => {
      const { pay, paid } = paying()
      const flow = flowOf((ctx) => ctx.call(pay, args as never))
      const bench = await agentBench([flow], {}, store)
      try {
        await bench.engine.startRun(flow, {})
        const first = await nextAsked(store.database)
        const decide = (hash: string) =>
          bench.engine.control.decide(first.id, { verdict: 'approve', by: 'ada', hash })
        const changed = { ...JSON.parse(first.shown), args: { ...args, to: 'eve@example.org' } }
        await store.database.run('update approvals set shown = ? where id = ?', [
          JSON.stringify(changed),
          first.id,
        ])
        await expect(decide(first.args_hash)).rejects.toMatchObject({ code: 'approval-changed' })
        await store.database.run('update approvals set shown = ? where id = ?', [first.shown, first.id])
        await expect(decide(sha256('another'))).rejects.toMatchObject({ code: 'approval-changed' })
        expect(paid).toEqual([])
        await decide(first.args_hash)
        await until(async () => (paid.length > 0 ? true : undefined))
        expect(paid).toEqual([args])
      } finally {
        await bench.engine.stop()
      }
    },
  )

  approvalCase('an edit that breaks the schema or crosses a limit decides nothing', open, async (store) => {
    const { pay, paid } = paying()
    const flow = flowOf((ctx) => ctx.call(pay, args as never))
    const bench = await agentBench([flow], {}, store)
    try {
      await bench.engine.startRun(flow, {})
      const asked = await nextAsked(store.database)
      for (const answer of [{ cents: '8000' }, { cents: 10_001 }, { cents: null }, { amount: 5 }, 'nothing'])
        await expect(
          bench.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada', answer }),
          JSON.stringify(answer),
        ).rejects.toMatchObject({ code: 'invalid-edit' })
      expect(await requireApproval(store.database, asked.id)).toMatchObject({ status: 'pending' })
      await bench.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada', answer: { cents: 1 } })
      await until(async () => (paid.length > 0 ? true : undefined))
      expect(paid).toEqual([{ ...args, cents: 1 }])
    } finally {
      await bench.engine.stop()
    }
  })

  approvalCase(
    'a fork asks anew: no decision is copied, nor one that several gave in part',
    open,
    async (store) => {
      const flow = defineWorkflow({
        name: 'forked',
        input: z.unknown(),
        run: (ctx: CoreContext) => ctx.approve('send', { show: 1, deciders: { count: 2 } }),
      })
      const { engine, database } = await testEngine([flow], store)
      await engine.start()
      const { id } = await engine.startRun(flow, {})
      const asked = await nextAsked(database)
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      const fork = await engine.control.fork(id, 1, 'eve')
      const anew = await nextAsked(database, [asked.id])
      expect(anew.run_id).toBe(fork)
      expect(await engine.control.decide(anew.id, { verdict: 'approve', by: 'eve' })).toMatchObject({
        status: 'pending',
      })
      await engine.stop()
    },
  )

  approvalCase(
    'what goes wrong in the commit of a decision decides nothing, and costs nobody their vote',
    open,
    async (store) => {
      await whileAsked(store, asksFor({ show: 1 }), async ({ engine, asked, database, run }) => {
        const broken = engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' }, async () => {
          throw new TypeError('broken')
        })
        await expect(broken).rejects.toThrow('broken')
        expect(await requireApproval(database, asked.id)).toMatchObject({ status: 'pending' })
        expect(await readActs(database)).toEqual([])
        expect(await database.all(`select id from inbox where name like 'approval:%'`)).toEqual([])
        await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
        expect(await engine.resultOf(run)).toMatchObject({ output: { status: 'approved' } })
      })
    },
  )

  approvalCase(
    'approved, and the process gone until it was too late to begin: a person is asked again',
    open,
    async (store) => {
      const { database, clock } = store
      const paid: unknown[] = []
      let onRating = () => {}
      const pay = tool({
        name: 'pay',
        description: 'Pays',
        input: z.object({ to: z.string() }),
        output: z.unknown(),
        effect: 'once',
        risk: 'high',
        approval: () => {
          onRating()
          return true
        },
        approvalTerms: { executeWithin: '10m' },
        run: (given) => {
          paid.push(given)
          return null
        },
      })
      const flow = flowOf((ctx) => ctx.call(pay, { to: 'ada' }))
      const link = severable(database)
      const first = await agentBench([flow], {}, { ...store, database: link.database })
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(database)
      // Between the decision, which the journal has, and the intent, which it has not.
      let ratings = 0
      // Its replay rates it twice before it comes to the decision.
      onRating = () => {
        if (++ratings === 3) link.cut()
      }
      const { engine: other } = await testEngine([], store)
      await other.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      await until(async () => {
        await clock.advance(1_500)
        return (await typesOf(database, id)).includes('approval-decided') ? true : undefined
      })
      await database.run('delete from workers')
      onRating = () => {}
      clock.jump(clock.now() + 600_000)
      const second = await agentBench([flow], {}, store)
      const anew = await until(async () => {
        await clock.advance(1_500)
        return (await listPending(database))[0]
      })
      expect(anew.id).toBe(asked.id)
      expect(JSON.parse(anew.shown)).toMatchObject({ notice: /ada approved it, but it did not begin by/ })
      expect(paid).toEqual([])
      await second.engine.control.decide(anew.id, { verdict: 'approve', by: 'ada' })
      expect(await second.engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
      expect(paid).toHaveLength(1)
      await second.engine.stop()
    },
  )
}
