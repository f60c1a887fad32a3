import { describe, expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import { type Effect, NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { overrideItem } from '../../src/engine/overriding/override.ts'
import { type GivenOverride, requestOverride } from '../../src/engine/overriding/request-override.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Session } from '../../src/store/database.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { openEvents } from '../../src/store/marks/open-kept.ts'
import { deliver } from '../../src/store/runs/inbox.ts'
import { approvalCase, type OpenApprovals, until } from '../approvals/harness.ts'
import { eventsOf, mortalEngine, rowOf, severable, testEngine } from '../engine/harness.ts'

const ada = { by: 'ada', proof: 'session', at: 1_700_000_000_000 } as const
const fails: GivenOverride = { how: 'error', error: 'it is not coming', reason: 'the shop closed' }

/** An effect that certainly did not happen, and is tried again in a minute. */
function pays(run: Effect['run'], effectClass: Effect['effect'] = 'once') {
  return defineWorkflow({
    name: 'pays',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      effect(
        CoreContext.callSiteOf(ctx),
        { name: 'pay', effect: effectClass, retry: { delay: '1m', maxDelay: '1m' }, run },
        {},
      ).catch(({ code }) => code),
  })
}

export function secondReading(name: string, open: OpenApprovals): void {
  describe(`overrides, read a second time, on ${name}`, () => {
    for (const [where, isKept] of [
      ['whose worker was away', false],
      ['that its worker keeps in memory', true],
    ] as const)
      approvalCase(
        `what a person failed before its next attempt was due is not sent again, in a run ${where}`,
        open,
        async (store) => {
          let sent = 0
          const flow = pays(() => {
            sent++
            throw new NotApplied('the shop is closed', { retryable: true })
          })
          const kept = isKept ? { keptRuns: 10 } : {}
          const first = await testEngine([flow], { ...store, ...kept })
          await first.engine.start()
          const { id } = await first.engine.startRun(flow, {})
          await until(async () => ((await rowOf(store.database, id)).status === 'waiting' ? true : undefined))
          if (!isKept) await first.engine.stop()
          const giving = await testEngine([flow], store)
          await giving.engine.control.override(id, 1, fails, ada)
          store.clock.jump(store.clock.now() + 120_000)
          if (isKept) await store.clock.advance(10_000)
          const second = isKept ? first : await testEngine([flow], store)
          if (!isKept) await second.engine.start()
          expect(await second.engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'overridden' })
          expect(sent).toBe(1)
          await second.engine.stop()
        },
      )

    approvalCase(
      'what a person failed while its attempt was under way is not sent again after the worker drained, or died',
      open,
      async (store) => {
        for (const leaves of ['drains', 'dies'] as const) {
          let sent = 0
          let answer: (error: Error) => void = () => {}
          const flow = pays(() => {
            sent++
            if (sent === 1) throw new NotApplied('closed', { retryable: true })
            return new Promise<never>((_resolve, reject) => {
              answer = reject
            })
          }, 'idempotent')
          const first = await mortalEngine([flow], store)
          const { id } = await first.engine.startRun(flow, {})
          await until(async () => ((await rowOf(store.database, id)).status === 'waiting' ? true : undefined))
          await store.clock.advance(60_000)
          await until(async () => (sent === 2 ? true : undefined))
          // As one that was given right before the attempt began.
          const { no } = await rowOf(store.database, id)
          const payload = JSON.stringify({ ...fails, by: 'ada' })
          await store.database.transaction((session) =>
            deliver(session, { run: no, name: overrideItem(1), dedup: null, payload, at: 1 }),
          )
          // The worker looks into its inbox.
          await first.engine.control.signal(id, 'other', null)
          if (leaves === 'drains') {
            const stopped = first.engine.stop()
            answer(new NotApplied('closed', { retryable: true }))
            await stopped
          } else await first.die()
          await store.clock.advance(120_000)
          const second = await testEngine([flow], store)
          await second.engine.start()
          if (leaves === 'dies') {
            // What was sent may have happened: it is repeated under its key, and what comes of that counts.
            await until(async () => (sent === 3 ? true : undefined))
            answer(new NotApplied('closed', { retryable: true }))
          }
          expect(await second.engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'overridden' })
          expect(sent).toBe(leaves === 'drains' ? 2 : 3)
          await second.engine.stop()
        }
      },
    )

    approvalCase('a step whose result is being written keeps that result', open, async (store) => {
      let finish: (value: string) => void = () => {}
      let goOn: (value: null) => void = () => {}
      const going = new Promise<null>((resolve) => {
        goOn = resolve
      })
      const flow = defineWorkflow({
        name: 'fetches',
        input: z.unknown(),
        run: (ctx: CoreContext) =>
          ctx.all([
            ctx.step('fetch', () => new Promise<string>((resolve) => (finish = resolve))),
            ctx.step('goes on', () => going),
          ]),
      })
      let write: () => void = () => {}
      let isWritten: Promise<void> | undefined
      const { database } = store
      const held: typeof database = Object.create(severable(database).database, {
        transaction: {
          value: async (body: Parameters<typeof database.transaction>[0]) => {
            const until = isWritten
            isWritten = undefined
            await until
            return database.transaction(body)
          },
        },
      })
      const { engine } = await testEngine([flow], { ...store, database: held })
      await engine.start()
      try {
        const { id } = await engine.startRun(flow, {})
        await until(async () => ((await eventsOf(database, id)).length > 0 ? true : undefined))
        const { no } = await rowOf(database, id)
        isWritten = new Promise((resolve) => {
          write = resolve
        })
        finish('fetched')
        await until(async () => (isWritten === undefined ? true : undefined))
        const payload = JSON.stringify({ ...fails, by: 'ada' })
        await database.transaction((session) =>
          deliver(session, { run: no, name: overrideItem(1), dedup: null, payload, at: 1 }),
        )
        engine.services.notices.tell('inbox-grew', no)
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        write()
        await until(async () =>
          (await eventsOf(database, id)).some(
            ({ type }) => type.startsWith('override-') || type.startsWith('call-over'),
          )
            ? true
            : undefined,
        )
        goOn(null)
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['fetched', null] })
        const of = (await eventsOf(database, id)).filter(({ step }) => step === 1)
        expect(of.map(({ type }) => type)).toEqual(['step-completed'])
      } finally {
        await engine.stop()
      }
    })

    approvalCase(
      'what a run did not take before it failed is not taken when it is retried, and the journal says so',
      open,
      async (store) => {
        let isUp = false
        const flow = defineWorkflow({
          name: 'fetches',
          input: z.unknown(),
          run: (ctx: CoreContext) =>
            ctx.step(
              'fetch',
              () => {
                if (!isUp) throw new Error('down')
                return 'real'
              },
              { retry: { attempts: 1 } },
            ),
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        const { id } = await engine.startRun(flow, {})
        expect((await engine.resultOf(id)).status).toBe('failed')
        // As one that was given in the moment in which the run ended.
        const { no } = await rowOf(database, id)
        const payload = JSON.stringify({ how: 'result', result: 'stale', reason: 'by hand', by: 'ada' })
        await database.transaction((session) =>
          deliver(session, { run: no, name: overrideItem(1), dedup: null, payload, at: 1 }),
        )
        isUp = true
        await engine.control.retry(id, 'ada')
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'real' })
        const refused = (await eventsOf(database, id)).find(({ type }) => type === 'override-refused')!
        expect(payloadOf(refused, 'override-refused')).toMatchObject({
          call: 1,
          by: 'ada',
          problem: 'the run had ended before it was taken',
        })
        await engine.stop()
      },
    )

    approvalCase(
      'of an override that came too late the journal keeps no marked text, and the reason as it was given',
      open,
      async (store) => {
        let isUp = false
        const mail = 'ada.marked@example.com'
        const reason = `${mail} says [marked:${'a'.repeat(27)}] and "[marked:~b]"`
        const flow = defineWorkflow({
          name: 'fetches',
          input: z.object({ from: personal(z.string()) }),
          run: (ctx: CoreContext) =>
            ctx.step('fetch', () => (isUp ? 'real' : Promise.reject(new Error('down'))), {
              retry: { attempts: 1 },
            }),
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        const { id } = await engine.startRun(flow, { from: mail })
        expect((await engine.resultOf(id)).status).toBe('failed')
        const { no } = await rowOf(database, id)
        const payload = JSON.stringify({ how: 'result', result: mail, reason, by: 'ada' })
        await database.transaction((session) =>
          deliver(session, { run: no, name: overrideItem(1), dedup: null, payload, at: 1 }),
        )
        isUp = true
        await engine.control.retry(id, 'ada')
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'real' })
        const kept = await eventsOf(database, id)
        expect(JSON.stringify(kept)).not.toContain(mail)
        const opened = await openEvents(database, kept)
        const refused = opened.find(({ type }) => type === 'override-refused')!
        expect(payloadOf(refused, 'override-refused').reason).toBe(reason)
        await engine.stop()
      },
    )

    approvalCase(
      'whether a settled call is made again is told without reading the chapter of its run',
      open,
      async (store) => {
        let read = 0
        const counting = (session: Session): Session => ({
          ...session,
          get: (sql, values) => session.get(sql, values),
          run: (sql, values) => session.run(sql, values),
          bulk: (statement, rows) => session.bulk(statement, rows),
          async all<R>(sql: string, values?: never[]) {
            const rows = await session.all<R>(sql, values)
            read += rows.length
            return rows
          },
        })
        const steps = 200
        const flow = defineWorkflow({
          name: 'long',
          input: z.unknown(),
          async run(ctx: CoreContext) {
            for (let step = 0; step < steps; step++) await ctx.step('one', () => step)
            await ctx.waitFor('go')
          },
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        const { id } = await engine.startRun(flow, {})
        await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
        const run = await rowOf(database, id)
        const given = { how: 'result', result: 1, reason: 'by hand' } as const
        await expect(
          database.transaction((session) =>
            requestOverride(counting(session), { run, call: 7, given, acting: ada, check: undefined }),
          ),
        ).rejects.toMatchObject({
          code: 'cannot-override',
          message: expect.stringContaining('result already'),
        })
        expect(read).toBeLessThan(20)
        await engine.stop()
      },
    )

    approvalCase(
      'a step that hangs once more after the run was retried is given its result',
      open,
      async (store) => {
        let [isUp, begun] = [false, 0]
        const flow = defineWorkflow({
          name: 'both',
          input: z.unknown(),
          async run(ctx: CoreContext) {
            const hangs = ctx.step('hangs', ({ signal }) => {
              begun++
              return new Promise<string>((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason as Error))
              })
            })
            const other = ctx.step('fails', () => (isUp ? 'up' : Promise.reject(new Error('down'))), {
              retry: { attempts: 1 },
            })
            return [await other, await hangs]
          },
        })
        const { engine } = await testEngine([flow], store)
        await engine.start()
        const { id } = await engine.startRun(flow, {})
        expect((await engine.resultOf(id)).status).toBe('failed')
        isUp = true
        await engine.control.retry(id, 'ada')
        await until(async () => (begun === 2 ? true : undefined))
        const given = { how: 'result', result: 'by hand', reason: 'it hangs' } as const
        await engine.control.override(id, 1, given, ada)
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['up', 'by hand'] })
        await expect(engine.control.override(id, 2, given, ada)).rejects.toMatchObject({ code: 'run-ended' })
        await engine.stop()
      },
    )

    approvalCase(
      'a marked result that a person gives stands nowhere but apart, once the run has taken it',
      open,
      async (store) => {
        const iban = 'EH99 1234 secret-bank'
        const flow = defineWorkflow({
          name: 'looks',
          input: z.unknown(),
          async run(ctx: CoreContext) {
            const found = await ctx.step('look', () => new Promise<string>(() => {}), {
              marks: personal(z.string()),
            })
            await ctx.waitFor('go')
            return found
          },
        })
        const { engine, database } = await testEngine([flow], store)
        await engine.start()
        const { id } = await engine.startRun(flow, {})
        await until(async () => ((await eventsOf(database, id)).length > 0 ? true : undefined))
        const given = { how: 'result', result: iban, reason: `it is ${iban}` } as GivenOverride
        await engine.control.override(id, 1, given, ada)
        await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
        for (const table of ['inbox', 'events'])
          expect(JSON.stringify(await database.all(`select * from ${table}`)), table).not.toContain(iban)
        await engine.control.signal(id, 'go', null)
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: iban })
        await engine.stop()
      },
    )
  })
}
