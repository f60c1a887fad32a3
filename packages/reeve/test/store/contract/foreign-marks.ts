import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../../src/base/schema/marked.ts'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import { forkedInput } from '../../../src/engine/starting/forked-input.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { listPending } from '../../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { requireRun } from '../../../src/store/runs/runs.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { callTool } from '../../../src/tools/call.ts'
import { tool } from '../../../src/tools/tool.ts'
import { eventsOf, testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const ada = 'ada@example.com'

/** A tool of somebody else: it says what it was told. */
const echo = tool({
  name: 'echo',
  description: 'Says it again',
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  effect: 'idempotent',
  risk: 'low',
  run: ({ text }) => ({ text }),
})

const child = defineWorkflow({
  name: 'child',
  input: z.object({ mail: z.string(), to: personal(z.string()) }),
  output: z.object({ read: z.string(), to: personal(z.string()) }),
  async run(ctx: CoreContext, { mail, to }) {
    const read = await ctx.step(`read ${mail}`, () => mail)
    return { read, to }
  },
})

const input = z.object({ to: personal(z.string()), mail: z.string().nullable() })

/** Puts what it was sent through everything that keeps texts, and tells what its code sees of it each time. */
const sees: Workflow = defineWorkflow({
  name: 'sees',
  input,
  async run(ctx: CoreContext, given: { to: string; mail: string | null }) {
    const { to, mail: handedOn } = given
    const mail = handedOn ?? z.string().parse(await ctx.waitFor('mail'))
    const step = await ctx.step('read it', () => mail)
    const told = await callTool(CoreContext.callSiteOf(ctx), echo, { text: mail })
    const { text } = z.object({ text: z.string() }).parse(told)
    const { read, to: back } = await (await ctx.start(child, { mail, to })).result()
    await ctx.waitFor('replay')
    const failed = await ctx
      .step('fail', () => Promise.reject(new Error(mail)), { retry: { attempts: 1 } })
      .catch((error: Error) => error.message)
    await ctx.approve('look', { show: { mail } })
    await ctx.waitFor('again')
    const seen = { mail, step, text, read, failed, told: back, to }
    if (handedOn === null) return ctx.continueAs({ to, mail })
    return seen
  },
})

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await settle()
  }
}

async function referenceIn(database: Database, run: string): Promise<string> {
  return until(async () => {
    for (const { payload } of await eventsOf(database, run)) {
      const found = /\[marked:[\w-]{27}\]/.exec(payload ?? '')
      if (found) return found[0]
    }
    return undefined
  })
}

export function foreignMarkCases(open: Open): void {
  storeCase(
    'what only looks like a reference to a marked text is never opened, wherever it goes and however often it is read',
    open,
    async (database) => {
      const { engine } = await testEngine([sees, child], { database })
      await engine.start()
      const { control } = engine
      const waitsFor = (run: string, name: string, times = 1) =>
        until(async () => {
          const events = await eventsOf(database, run)
          const waits = events.filter((event) => event.type === 'signal-awaited' && event.name === name)
          return waits.length >= times ? true : undefined
        })
      const decideIn = async (run: string) => {
        const asked = await until(async () =>
          (await listPending(database)).find(({ run_id }) => run_id === run),
        )
        await control.decide(asked.id, { verdict: 'approve', by: 'ada', note: mail })
        return JSON.parse(asked.shown) as unknown
      }
      /** Every wait is a replay. Answers what people were shown. */
      const goThrough = async (run: string, times = 1) => {
        await waitsFor(run, 'replay', times)
        await control.signal(run, 'replay', null)
        const shown = await decideIn(run)
        await waitsFor(run, 'again', times)
        await control.signal(run, 'again', null)
        return shown
      }
      const { id } = await engine.startRun('sees', { to: ada, mail: null })
      const stolen = await referenceIn(database, id)
      // Beside what a guess at the escape would be, and in a form that JSON writes otherwise.
      const mail = `pay ${stolen}, "${stolen.replace(':', ':~')}" and \\${stolen}`
      const seen = { mail, step: mail, text: mail, read: mail, failed: mail, told: ada, to: ada }
      await control.signal(id, 'mail', mail)
      expect(await goThrough(id)).toEqual({ mail })
      // A chapter begins with it.
      expect(await goThrough(id, 2)).toEqual({ mail })
      expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: seen })

      const { step } = (await eventsOf(database, id)).find(({ type }) => type === 'run-continued')!
      const forked = await control.fork(id, step! + 4, 'ada')
      await goThrough(forked)
      expect(await engine.resultOf(forked)).toEqual({ status: 'succeeded', output: seen })
      // A fork that is given it anew.
      const input = forkedInput(
        { workflows: engine.workflows, secrets: new Secrets() },
        await requireRun(database, id),
        { to: ada, mail },
        { principal: 'ada', channel: 'operator' },
      )
      const given = await control.fork(id, step! + 1, 'ada', { input, repeatEffects: true })
      await goThrough(given)
      expect(await engine.resultOf(given)).toEqual({ status: 'succeeded', output: seen })
      await engine.stop()
      // Whoever reads it later sees the same.
      const later = await testEngine([sees, child], { database })
      for (const run of [id, forked, given])
        expect(await later.engine.resultOf(run)).toEqual({ status: 'succeeded', output: seen })
      expect((await verifyAudit(database)).faults).toEqual([])
      for (const { payload } of await database.all<{ payload: string | null }>('select payload from events'))
        expect(payload ?? '').not.toContain(ada)
      await later.engine.stop()
    },
  )

  storeCase(
    'a start with a text that looks like a reference is known by what it was given',
    open,
    async (database) => {
      const { engine } = await testEngine([child], { database })
      await engine.start()
      const mail = `[marked:${'a'.repeat(27)}]`
      const start = () => engine.startRun('child', { mail, to: ada }, { idempotencyKey: 'one' })
      const first = await start()
      const result = { status: 'succeeded', output: { read: mail, to: ada } }
      expect(await first.result()).toEqual(result)
      const second = await start()
      expect(second.isNew).toBe(false)
      expect(await second.result()).toEqual(result)
      await engine.stop()
    },
  )
}
