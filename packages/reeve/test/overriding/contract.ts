import { describe, expect } from 'vitest'
import { z } from 'zod'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import type { GivenOverride } from '../../src/engine/overriding/request-override.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listActs } from '../../src/inspect/authority/act-list.ts'
import type { Database } from '../../src/store/database.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { verifyChain } from '../../src/store/journal/journal.ts'
import { headOf } from '../../src/store/runs/runs.ts'
import { approvalCase, type OpenApprovals, until } from '../approvals/harness.ts'
import { eventsOf, mortalEngine, rowOf, type TestEngine, testEngine } from '../engine/harness.ts'

const at = 1_700_000_000_000
const ada = { by: 'ada', proof: 'session', at } as const
const skip: GivenOverride = { how: 'skip-wait', reason: 'the customer is here' }
const gives = (result: unknown): GivenOverride =>
  ({ how: 'result', result, reason: 'looked it up by hand' }) as GivenOverride
const fails: GivenOverride = { how: 'error', error: 'it is not coming', reason: 'the shop closed' }

/** Tells what its call came to. */
function tells(call: (ctx: CoreContext) => Promise<unknown>) {
  return defineWorkflow({
    name: 'tells',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      call(ctx).then(
        (value) => ({ value: value ?? null }),
        ({ code, message }) => ({ code, message }),
      ),
  })
}

function tool(definition: Partial<Effect> & Pick<Effect, 'effect' | 'run'>) {
  return tells((ctx) => effect(CoreContext.callSiteOf(ctx), { name: 'pay', ...definition }, { amount: 5 }))
}

/** The run waits, or its only call acts. */
async function begun({ engine, database }: TestEngine, flow: ReturnType<typeof tells>) {
  const run = await engine.startRun(flow, {})
  await until(async () => ((await rowOf(database, run.id)).status === 'waiting' ? true : undefined))
  return run
}

async function notesOf(database: Database, run: string): Promise<object[]> {
  const events = await eventsOf(database, run)
  return events.flatMap((event): object[] => {
    if (event.type === 'call-overridden') return [payloadOf(event, 'call-overridden')]
    if (event.type === 'override-refused') return [payloadOf(event, 'override-refused')]
    if (event.type === 'late-result-dropped') return [{ late: payloadOf(event, 'late-result-dropped').call }]
    return []
  })
}

function noted(database: Database, run: string, count: number) {
  return until(async () => {
    const notes = await notesOf(database, run)
    return notes.length >= count ? notes : undefined
  })
}

export function overridesContract(name: string, open: OpenApprovals): void {
  describe(`overrides on ${name}`, () => {
    const waits = [
      ['a timer is over', (ctx: CoreContext) => ctx.sleep('30d'), skip, { value: null }],
      [
        'a timer fails',
        (ctx: CoreContext) => ctx.sleep('30d'),
        fails,
        { code: 'overridden', message: 'it is not coming' },
      ],
      ['a signal has come', (ctx: CoreContext) => ctx.waitFor('go'), gives({ n: 1 }), { value: { n: 1 } }],
      [
        'a signal is not coming any more',
        (ctx: CoreContext) => ctx.waitFor('go', { timeout: '9d' }),
        skip,
        { value: null },
      ],
      [
        'a signal fails',
        (ctx: CoreContext) => ctx.waitFor('go'),
        fails,
        { code: 'overridden', message: 'it is not coming' },
      ],
    ] as const
    for (const [what, call, given, told] of waits)
      approvalCase(
        `${what}, because a person says so; who and why stands in journal and log`,
        open,
        async (store) => {
          const bench = await testEngine([tells(call)], store)
          await bench.engine.start()
          try {
            const run = await begun(bench, tells(call))
            await bench.engine.control.override(run.id, 1, given, ada)
            expect(await run.result()).toEqual({ status: 'succeeded', output: told })
            const said = { call: 1, how: given.how, by: 'ada', reason: given.reason }
            expect(await notesOf(store.database, run.id)).toEqual([said])
            const acts = await listActs(store.database, { type: 'run-overridden' })
            expect(acts).toMatchObject([
              {
                by: 'ada',
                proof: 'session',
                why: given.reason,
                subject: run.id,
                details: { call: 1, how: given.how },
              },
            ])
            const row = await rowOf(store.database, run.id)
            expect(verifyChain(run.id, await eventsOf(store.database, run.id), headOf(row))).toBeUndefined()
          } finally {
            await bench.engine.stop()
          }
        },
      )

    approvalCase(
      'a step that looks at its signal only after it was overridden is told to stop',
      open,
      async (store) => {
        const looks: boolean[] = []
        let goOn: (value: null) => void = () => {}
        const going = new Promise<null>((resolve) => {
          goOn = resolve
        })
        const flow = tells((ctx) =>
          ctx.step('fetch', async (attempt) => {
            await going
            looks.push(attempt.signal.aborted)
            return 'late'
          }),
        )
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        try {
          const run = await engine.startRun(flow, {})
          await until(async () => ((await eventsOf(database, run.id)).length > 0 ? true : undefined))
          await engine.control.override(run.id, 1, gives('by hand'), ada)
          await run.result()
          goOn(null)
          await until(async () => looks.at(0))
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'a step that hangs is given its result; what comes late is dropped, and said',
      open,
      async (store) => {
        let finish: (value: string) => void = () => {}
        let stopped = false
        let goOn: (value: null) => void = () => {}
        const going = new Promise<null>((resolve) => {
          goOn = resolve
        })
        const flow = tells(async (ctx) => {
          const got = await ctx.step('fetch', ({ signal }) => {
            signal.addEventListener('abort', () => {
              stopped = true
            })
            return new Promise<string>((resolve) => {
              finish = resolve
            })
          })
          await ctx.step('goes on', () => going)
          return got
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        try {
          const run = await engine.startRun(flow, {})
          await until(async () => ((await eventsOf(database, run.id)).length > 0 ? true : undefined))
          await engine.control.override(run.id, 1, gives('by hand'), ada)
          await noted(database, run.id, 1)
          expect(stopped).toBe(true)
          finish('too late')
          const notes = await noted(database, run.id, 2)
          goOn(null)
          expect(await run.result()).toEqual({ status: 'succeeded', output: { value: 'by hand' } })
          expect(notes).toMatchObject([{ call: 1, how: 'result' }, { late: 1 }])
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'a run whose function is done ends although a step hangs, once that is overridden',
      open,
      async (store) => {
        const flow = tells(async (ctx) => {
          void ctx.step('hangs', () => new Promise<string>(() => {}))
          return 'done'
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        try {
          const run = await engine.startRun(flow, {})
          await until(async () => ((await eventsOf(database, run.id)).length > 0 ? true : undefined))
          await engine.control.override(run.id, 1, fails, ada)
          expect(await run.result()).toEqual({ status: 'succeeded', output: { value: 'done' } })
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'a step that waits for its next attempt is tried at once, given a result, or failed',
      open,
      async (store) => {
        let attempts = 0
        const flow = tells((ctx) =>
          ctx.step(
            'flaky',
            () => {
              attempts++
              if (attempts === 2) return 'worked'
              throw Object.assign(new Error('down'), { retryable: true })
            },
            { retry: { delay: '30d', maxDelay: '30d' } },
          ),
        )
        const bench = await testEngine([flow], store)
        await bench.engine.start()
        try {
          const first = await begun(bench, flow)
          await bench.engine.control.override(first.id, 1, skip, ada)
          expect(await first.result()).toEqual({ status: 'succeeded', output: { value: 'worked' } })
          for (const [given, output] of [
            [gives(7), { value: 7 }],
            [fails, { code: 'overridden', message: 'it is not coming' }],
          ] as const) {
            const run = await begun(bench, flow)
            await bench.engine.control.override(run.id, 1, given, ada)
            expect(await run.result()).toEqual({ status: 'succeeded', output })
          }
          expect(attempts).toBe(4)
        } finally {
          await bench.engine.stop()
        }
      },
    )

    approvalCase(
      'an override that was sent outlives the death of its worker, and a replay tells the same',
      open,
      async (store) => {
        let bodies = 0
        const flow = tells(async (ctx) => {
          const got = await ctx.step('kills', () => {
            bodies++
            return new Promise<string>(() => {})
          })
          await ctx.waitFor('go')
          return got
        })
        const first = await mortalEngine([flow], store)
        const run = await first.engine.startRun(flow, {})
        await until(async () => (bodies === 1 ? true : undefined))
        await first.die()
        const steering = await testEngine([flow], store)
        await steering.engine.control.override(run.id, 1, gives('by hand'), ada)
        const second = await mortalEngine([flow], store)
        await until(async () =>
          (await rowOf(store.database, run.id)).status === 'waiting' ? true : undefined,
        )
        expect(bodies).toBe(1)
        await second.die()
        const { engine } = await testEngine([flow], store)
        await engine.start()
        try {
          await engine.control.signal(run.id, 'go', null)
          expect((await engine.resultOf(run.id)).status).toBe('succeeded')
          expect(await notesOf(store.database, run.id)).toEqual([
            { call: 1, how: 'result', by: 'ada', reason: 'looked it up by hand' },
          ])
          expect(bodies).toBe(1)
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'a wait that was skipped stays over when its worker dies before the next attempt',
      open,
      async (store) => {
        const keys: string[] = []
        const flow = tool({
          effect: 'idempotent',
          retry: { delay: '30d', maxDelay: '30d' },
          run: (_args, { key }) => {
            keys.push(key)
            if (keys.length === 1) throw Object.assign(new Error('down'), { retryable: true })
            return keys.length === 2 ? new Promise(() => {}) : 'paid'
          },
        })
        const first = await mortalEngine([flow], store)
        const run = await begun(first, flow)
        await first.engine.control.override(run.id, 1, skip, ada)
        await until(async () => (keys.length === 2 ? true : undefined))
        await first.die()
        const { engine } = await testEngine([flow], store)
        await engine.start()
        try {
          expect(await engine.resultOf(run.id)).toMatchObject({
            status: 'succeeded',
            output: { value: 'paid' },
          })
          expect(new Set(keys).size).toBe(1)
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'an effect that waits for its next attempt may be failed, never given a result',
      open,
      async (store) => {
        const flow = tool({
          effect: 'once',
          retry: { delay: '30d', maxDelay: '30d' },
          run: () => {
            throw new NotApplied('the shop is closed', { retryable: true })
          },
        })
        const bench = await testEngine([flow], store)
        await bench.engine.start()
        try {
          const run = await begun(bench, flow)
          const { control } = bench.engine
          await expect(control.override(run.id, 1, gives('paid'), ada)).rejects.toMatchObject({
            code: 'cannot-override',
          })
          await control.override(run.id, 1, fails, ada)
          expect(await run.result()).toMatchObject({ output: { code: 'overridden' } })
        } finally {
          await bench.engine.stop()
        }
      },
    )

    approvalCase(
      'an effect of which nobody knows whether it happened is answered, not overridden',
      open,
      async (store) => {
        const flow = tool({
          effect: 'once',
          run: () => {
            throw new Error('no reply')
          },
        })
        const bench = await testEngine([flow], store)
        await bench.engine.start()
        try {
          const run = await begun(bench, flow)
          for (const given of [skip, fails, gives('paid')])
            await expect(bench.engine.control.override(run.id, 1, given, ada)).rejects.toMatchObject({
              code: 'cannot-override',
              message: expect.stringContaining('reeve answer'),
            })
          expect(await listActs(store.database, { type: 'run-overridden' })).toEqual([])
        } finally {
          await bench.engine.stop()
        }
      },
    )

    approvalCase(
      'what does not fit, or is not open, is refused, and the run waits on',
      open,
      async (store) => {
        const flow = tells((ctx) => ctx.waitFor('go', { schema: z.object({ n: z.number() }) }))
        const bench = await testEngine([flow], store)
        await bench.engine.start()
        try {
          const run = await begun(bench, flow)
          const { control } = bench.engine
          const refused = (call: number, given: GivenOverride, why: RegExp) =>
            expect(control.override(run.id, call, given, ada)).rejects.toMatchObject({
              code: 'cannot-override',
              message: expect.stringMatching(why),
            })
          await refused(2, gives(1), /no such call open/)
          await refused(0, gives(1), /numbers from 1/)
          await refused(1, { ...skip, reason: ' ' }, /takes a reason/)
          await refused(1, skip, /waits without an end/)
          // A check that only the worker can make: it says so in the journal.
          await control.override(run.id, 1, gives({ n: 'one' }), ada)
          expect(await noted(store.database, run.id, 1)).toMatchObject([
            { call: 1, problem: expect.stringContaining('does not fit') },
          ])
          await control.override(run.id, 1, gives({ n: 1 }), ada)
          expect(await run.result()).toMatchObject({ output: { value: { n: 1 } } })
          await expect(control.override(run.id, 1, gives({ n: 1 }), ada)).rejects.toMatchObject({
            code: 'run-ended',
          })
        } finally {
          await bench.engine.stop()
        }
      },
    )

    approvalCase(
      'a call that a run has not made is not overridden before it makes it: its worker refuses, and the journal says so',
      open,
      async (store) => {
        let goOn: (value: null) => void = () => {}
        const flow = tells(async (ctx) => {
          await ctx.step('first', () => new Promise<null>((resolve) => (goOn = resolve)))
          return ctx.step('later', () => 'its own')
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        try {
          const run = await engine.startRun(flow, {})
          await until(async () => ((await eventsOf(database, run.id)).length > 0 ? true : undefined))
          await engine.control.override(run.id, 2, gives('by hand'), ada)
          expect(await noted(database, run.id, 1)).toMatchObject([
            { call: 2, problem: 'the call is not open' },
          ])
          goOn(null)
          expect(await run.result()).toEqual({ status: 'succeeded', output: { value: 'its own' } })
        } finally {
          await engine.stop()
        }
      },
    )

    approvalCase(
      'of two who override one call at one moment one does, and the other is told',
      open,
      async (store) => {
        const flow = tells((ctx) => ctx.waitFor('go'))
        const bench = await testEngine([flow], store)
        await bench.engine.start()
        const run = await begun(bench, flow)
        await bench.engine.stop()
        const { control } = bench.engine
        const both = await Promise.allSettled([
          control.override(run.id, 1, gives('first'), ada),
          control.override(run.id, 1, gives('second'), { ...ada, by: 'bo' }),
        ])
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        expect(await listActs(store.database, { type: 'run-overridden' })).toHaveLength(1)
      },
    )

    approvalCase(
      'an approver is not enough, nor a service, nor code that runs within a run',
      open,
      async (store) => {
        const { database, clock } = store
        const people = [
          ['ada', 'person', 'operator'],
          ['eve', 'person', 'approver'],
          ['bot', 'service', 'operator'],
        ] as const
        let within: Promise<unknown> | undefined
        const flow = tells(async (ctx) => {
          await ctx.step('tries', async () => {
            within = bench.engine.control.override(ctx.runId, 2, gives(1), ada)
            await within.catch(() => {})
          })
          return ctx.waitFor('go')
        })
        const bench: TestEngine = await testEngine([flow], store)
        for (const [who, kind, role] of people)
          await database.transaction((session) =>
            addPrincipal(session, { name: who, kind, role }, { ...ada, at: clock.now() }),
          )
        await bench.engine.start()
        try {
          const run = await begun(bench, flow)
          await expect(within).rejects.toMatchObject({ code: 'may-not-override' })
          for (const by of ['eve', 'bot', 'nobody'])
            await expect(
              bench.engine.control.override(run.id, 2, gives(1), { ...ada, by }),
            ).rejects.toMatchObject({
              code: 'may-not-override',
            })
          await bench.engine.control.override(run.id, 2, gives(1), ada)
          expect(await run.result()).toMatchObject({ output: { value: 1 } })
        } finally {
          await bench.engine.stop()
        }
      },
    )
  })
}
