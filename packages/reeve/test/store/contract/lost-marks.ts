import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../../src/base/log.ts'
import { personal } from '../../../src/base/schema/marked.ts'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import { AuditKey } from '../../../src/store/audit/key/audit-key.ts'
import { AuditKeys } from '../../../src/store/audit/key/audit-keys.ts'
import type { Database } from '../../../src/store/database.ts'
import { marksKeyOf, openMarksKey } from '../../../src/store/marks/marks-key.ts'
import { type AuditKeySlot, redacting } from '../../../src/store/redacting.ts'
import { requireRun } from '../../../src/store/runs/runs.ts'
import { SealingKey } from '../../../src/store/secrets/key/sealing-key.ts'
import { Vault } from '../../../src/store/secrets/vault.ts'
import { FakeClock, settle } from '../../../src/testing/fake-clock.ts'
import { eventsOf, testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const ada = 'ada@example.com'

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await settle()
  }
}

const finds = defineWorkflow({
  name: 'finds',
  input: z.unknown(),
  output: z.object({ to: personal(z.string()) }),
  async run(ctx: CoreContext) {
    await ctx.waitFor('go')
    return { to: ada }
  },
})

/** A database of which a process cannot open at times what it reads, as one that has lost its key. */
function losing(database: Database): { database: Database; lose: (isLost: boolean) => void } {
  let isLost = false
  const seen = new Proxy(database, {
    get(target, name) {
      if (name === 'marksKey' && isLost) return undefined
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    database: seen,
    lose: (lost) => {
      isLost = lost
    },
  }
}

const ways = [
  ['is loaded', { keptRuns: 0 }, false],
  ['was kept since it parked', { keptRuns: 10, keptEvents: 0 }, false],
  ['acts', { keptRuns: 0 }, true],
] as const

export function lostMarkCases(open: Open): void {
  for (const [how, kept, acts] of ways)
    storeCase(
      `what a run was sent and cannot be opened sets it aside, with what to do, when it ${how}: it gets it once there is the key`,
      open,
      async (plain) => {
        const sealed = redacting(plain, new Secrets(), { marksKey: SealingKey.make() })
        const { database, lose } = losing(sealed)
        let done = () => {}
        const asks: Workflow = defineWorkflow({
          name: 'asks',
          input: z.unknown(),
          async run(ctx: CoreContext) {
            const child = await ctx.start(finds, {})
            const act = () => (acts ? new Promise<void>((resolve) => (done = resolve)) : undefined)
            const [found] = await Promise.all([child.result(), ctx.step('act', act)])
            await ctx.step('use', () => `for ${(found as { to: string }).to}`)
            return found
          },
        })
        const { engine } = await testEngine([asks, finds], { database, ...kept })
        await engine.start()
        const { id } = await engine.startRun('asks', {})
        const child = await until(async () =>
          (await eventsOf(database, id)).find(({ type }) => type === 'child-awaited'),
        )
        if (!acts)
          await until(async () => ((await requireRun(database, id)).status === 'waiting' ? true : undefined))
        lose(true)
        await engine.control.signal(child.name!, 'go', null)
        if (acts) {
          await until(async () =>
            (await requireRun(plain, child.name!)).status === 'succeeded' ? true : undefined,
          )
          await engine.control.signal(id, 'nothing', null)
          done()
        }
        const stuck = await until(async () => {
          const run = await requireRun(plain, id)
          return run.status === 'stuck' || run.status === 'succeeded' ? run : undefined
        })
        expect(stuck.status).toBe('stuck')
        expect(stuck.reason).toContain('sealed with the key')
        expect(stuck.reason).toContain('reeve retry RUN')
        lose(false)
        await engine.control.retry(id, 'ada')
        await until(async () => {
          done()
          return (await requireRun(plain, id)).status === 'succeeded' ? true : undefined
        })
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: { to: ada } })
        for (const { payload } of await eventsOf(plain, id)) {
          expect(payload ?? '').not.toContain(ada)
          expect(payload ?? '').not.toContain('[marked:~')
        }
        expect((await verifyAudit(database)).faults).toEqual([])
        await engine.stop()
      },
    )

  storeCase(
    'a run whose marked text was removed from the database is set aside, and never goes on with the reference',
    open,
    async (database) => {
      const said: string[] = []
      const tells = defineWorkflow({
        name: 'tells',
        input: z.object({ to: personal(z.string()) }),
        async run(ctx: CoreContext, { to }) {
          await ctx.waitFor('go')
          await ctx.step('tell', () => said.push(to))
        },
      })
      const { engine } = await testEngine([tells], { database })
      await engine.start()
      const { id } = await engine.startRun(tells, { to: ada })
      await until(async () => ((await requireRun(database, id)).status === 'waiting' ? true : undefined))
      await database.run('delete from marked_values')
      await engine.control.signal(id, 'go', null)
      const run = await until(async () => {
        const now = await requireRun(database, id)
        return now.status === 'stuck' || now.status === 'succeeded' ? now : undefined
      })
      expect(said).toEqual([])
      expect(run.status).toBe('stuck')
      expect(run.reason).toContain('removed')
      await engine.stop()
    },
  )

  storeCase(
    'a signal with a marked text that a retry gives back is taken again, where what comes is sealed',
    open,
    async (plain) => {
      const since = { identity: 'test', item: 0, act: 0, at: 0 }
      const forged: string[] = []
      const keys = new AuditKeys([new AuditKey(randomBytes(32).toString('base64url'))], since, (what) =>
        forged.push(what),
      )
      const database = redacting(plain, new Secrets(), { keys })
      let isUp = false
      const fetches = defineWorkflow({
        name: 'fetches',
        input: z.unknown(),
        run: (ctx: CoreContext) =>
          ctx.step(
            'fetch',
            () => {
              if (!isUp) throw new Error('down')
            },
            { retry: { attempts: 1 } },
          ),
      })
      const asks: Workflow = defineWorkflow({
        name: 'asks',
        input: z.unknown(),
        async run(ctx: CoreContext) {
          const child = await ctx.start(fetches, {})
          const failed = await child.result().catch((error: unknown) => error)
          const { to } = await ctx.waitFor('to', { schema: z.object({ to: personal(z.string()) }) })
          if (failed instanceof Error) throw failed
          return to
        },
      })
      const { engine } = await testEngine([asks, fetches], { database })
      await engine.start()
      const { id } = await engine.startRun(asks, {})
      await engine.control.signal(id, 'to', { to: ada })
      expect((await engine.resultOf(id)).status).toBe('failed')
      isUp = true
      await engine.control.retry(id, 'ada', { children: true })
      const ended = engine.resultOf(id)
      await until(async () =>
        forged.length > 0 || (await requireRun(database, id)).status === 'succeeded' ? true : undefined,
      )
      expect(forged).toEqual([])
      expect(await ended).toEqual({ status: 'succeeded', output: ada })
      await engine.stop()
    },
  )

  storeCase(
    'a marked text that is, or holds, a registered secret is masked and kept apart, and its run goes on when it is loaded anew',
    open,
    async (plain) => {
      const secret = 'sk-live-0123456789abcdef'
      const secrets = new Secrets()
      secrets.add([secret])
      const database = redacting(plain, secrets, { marksKey: SealingKey.make() })
      const whole = personal(z.string())
      const gets: Workflow = defineWorkflow({
        name: 'gets',
        input: z.unknown(),
        async run(ctx: CoreContext) {
          await ctx.step('whole', () => secret, { marks: whole })
          const part = await ctx.step('part', () => `${ada}:${secret}`, { marks: whole })
          await ctx.start(finds, { part: 'x' }, { whenParentEnds: 'detach' })
          await ctx.step(`name ${part}`, () => part)
          await ctx.waitFor('go')
          await ctx.start(finds, { part: 'y' }, { whenParentEnds: 'detach' })
          return part
        },
      })
      for (const isOnly of [false, true]) {
        const only: Workflow = defineWorkflow({
          name: 'only',
          input: z.unknown(),
          async run(ctx: CoreContext) {
            await ctx.step('whole', () => secret, { marks: whole })
            await ctx.start(finds, { part: 'x' }, { whenParentEnds: 'detach' })
            await ctx.waitFor('go')
          },
        })
        const flow = isOnly ? only : gets
        const { engine } = await testEngine([flow, finds], { database })
        await engine.start()
        const { id } = await engine.startRun(flow, {})
        await until(async () => ((await requireRun(plain, id)).status === 'waiting' ? true : undefined))
        await engine.control.signal(id, 'go', null)
        await until(async () => {
          const { status } = await requireRun(plain, id)
          return status === 'stuck' || status === 'succeeded' ? true : undefined
        })
        const { reason } = await requireRun(plain, id)
        expect(reason).toBeNull()
        const kept = JSON.stringify(await eventsOf(plain, id))
        expect(kept).not.toContain(secret)
        expect(kept).not.toContain(ada)
        if (!isOnly) expect(await engine.resultOf(id)).toMatchObject({ output: `${ada}:[secret]` })
        expect((await verifyAudit(database)).faults).toEqual([])
        await engine.stop()
      }
    },
  )

  storeCase(
    'a process that cannot open the key of marked texts writes none of them: a start is refused, and a run is set aside until it can',
    open,
    async (plain) => {
      const own = { keys: [SealingKey.make()], file: undefined, place: 'a test' }
      const told = { clock: new FakeClock(), log: silentLog }
      await openMarksKey(plain, own, told)
      const slot: AuditKeySlot = {}
      const database = redacting(plain, new Secrets(), slot)
      Object.assign(slot, await openMarksKey(database, { ...own, keys: [] }, told))
      const takes = defineWorkflow({
        name: 'takes',
        input: z.object({ to: personal(z.string()) }),
        run: (ctx: CoreContext, { to }) => ctx.step('take', () => to),
      })
      const makes: Workflow = defineWorkflow({
        name: 'makes',
        input: z.unknown(),
        async run(ctx: CoreContext) {
          await ctx.waitFor('go')
          return ctx.step('make', () => ada, { marks: personal(z.string()) })
        },
      })
      const starts: Workflow = defineWorkflow({
        name: 'starts',
        input: z.unknown(),
        async run(ctx: CoreContext) {
          await ctx.waitFor('go')
          return (await ctx.start(takes, { to: ada })).result()
        },
      })
      const others = defineWorkflow({
        name: 'others',
        input: z.unknown(),
        run: (ctx: CoreContext) => ctx.step('other', () => 'done'),
      })
      const { engine } = await testEngine([takes, makes, starts, others], { database })
      const refused = { code: 'start-refused', message: expect.stringContaining('secret reeve.marks') }
      // Queued, then begun at once.
      await expect(engine.startRun(takes, { to: ada })).rejects.toMatchObject(refused)
      await engine.start()
      const starting = [makes, starts, others].map((each) => engine.startRun(each, {}))
      await expect(engine.startRun(takes, { to: ada })).rejects.toMatchObject(refused)
      const [made, started, other] = await Promise.all(starting)
      expect(await engine.resultOf(other!.id)).toMatchObject({ output: 'done' })
      for (const { id } of [made!, started!]) {
        await engine.control.signal(id, 'go', null)
        const stuck = await until(async () => {
          const run = await requireRun(plain, id)
          return run.status === 'stuck' || run.status === 'succeeded' ? run : undefined
        })
        expect(stuck.status).toBe('stuck')
        expect(stuck.reason).toContain('reeve retry RUN')
      }
      expect(await plain.all('select * from marked_values')).toEqual([])
      expect(JSON.stringify(await plain.all('select payload from events'))).not.toContain(ada)
      Object.assign(slot, await openMarksKey(database, own, told))
      for (const { id } of [made!, started!]) {
        await engine.control.retry(id, 'ada')
        expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ada })
      }
      const rows = await plain.all<{ key_id: string | null }>('select key_id from marked_values')
      expect(rows.map((row) => row.key_id)).not.toContain(null)
      await engine.stop()
    },
  )

  storeCase(
    'a process that began before there was a key seals with it, or writes nothing, as soon as it hears of it',
    open,
    async (database) => {
      const own = { keys: [SealingKey.make()], file: undefined, place: 'a test' }
      const told = { clock: new FakeClock(), log: silentLog }
      for (const keys of [own, { ...own, keys: [] }]) {
        const slot: AuditKeySlot = {}
        const vault = new Vault({
          ...told,
          database,
          readKeys: () => ({ ...own, keys: [] }),
          secrets: new Secrets(),
          loaded: async () => {
            Object.assign(slot, await marksKeyOf(database, keys))
          },
        })
        await database.run(`delete from secrets`)
        // It has no key of its own before somebody makes one.
        const before = { ...own, keys: [] }
        Object.assign(slot, await openMarksKey(database, before, told))
        expect(slot).toMatchObject({ marksKey: undefined, marksProblem: undefined })
        await openMarksKey(database, own, told)
        await vault.lookAgain()
        const isOpen = keys === own
        expect(slot.marksKey !== undefined).toBe(isOpen)
        expect(slot.marksProblem !== undefined).toBe(!isOpen)
        await vault.end()
      }
    },
  )
}
