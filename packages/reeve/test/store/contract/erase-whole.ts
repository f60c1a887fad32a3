import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../../src/base/schema/marked.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import { forkRun } from '../../../src/engine/outside/fork.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database, Session } from '../../../src/store/database.ts'
import { readEvents } from '../../../src/store/journal/journal.ts'
import { eraseSubject } from '../../../src/store/keeping/erasing/erase.ts'
import { findTraces } from '../../../src/store/keeping/erasing/traces.ts'
import { dropMarked } from '../../../src/store/marks/marked-values.ts'
import { requireRun } from '../../../src/store/runs/runs.ts'
import { testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const who = { by: 'ada', proof: 'local-user', at: 5000 } as const

/** Only its first event says who it is about; it has more than one slice. */
const long = defineWorkflow({
  name: 'long',
  input: z.object({ to: z.string() }),
  key: ({ to }) => to,
  async run(ctx: CoreContext) {
    await Promise.all(Array.from({ length: 270 }, (_, no) => ctx.step(`note ${no}`, () => `private ${no}`)))
  },
})

/** A database that does `before` before the transaction of this number, and `after` behind it. */
function counting(
  database: Database,
  { before, after }: { before?: (no: number) => Promise<void>; after?: (no: number) => void },
): Database {
  let no = 0
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'transaction') return typeof value === 'function' ? value.bind(target) : value
      return async (body: (session: Session) => Promise<unknown>) => {
        const own = ++no
        await before?.(own)
        const result = await target.transaction(body)
        after?.(own)
        return result
      }
    },
  })
}

async function leftOf(database: Database, run: string): Promise<string> {
  const row = await requireRun(database, run)
  return JSON.stringify([row, await readEvents(database, row.no)])
}

export function eraseWholeCases(open: Open): void {
  storeCase(
    'an erasure that died after any of its transactions is ended by the next one',
    open,
    async (db) => {
      const { engine } = await testEngine([long], { database: db })
      await engine.start()
      for (let deadAfter = 1; ; deadAfter++) {
        const subject = `bo-${deadAfter}@example.com`
        const { id, result } = await engine.startRun(long, { to: subject })
        await result()
        let isDead = false
        const dying = counting(db, {
          after(no) {
            isDead = no === deadAfter
            if (isDead) throw new Error('killed')
          },
        })
        await eraseSubject(dying, subject, who).catch(() => {})
        await eraseSubject(db, subject, who)
        const left = await leftOf(db, id)
        expect(left).not.toContain(subject)
        expect(left).not.toContain('private')
        expect(await findTraces(db, subject)).toMatchObject({ runs: [], going: [] })
        if (!isDead) break
      }
      expect((await verifyAudit(db)).faults).toEqual([])
      await engine.stop()
    },
  )

  storeCase(
    'a run that is retried while a person is erased goes on whole, and is named',
    open,
    async (db) => {
      let isUp = false
      const fails: Workflow = defineWorkflow({
        name: 'fails',
        input: z.object({ to: z.string() }),
        async run(ctx: CoreContext) {
          await ctx.step('first', () => 1)
          await ctx.step(
            'second',
            () => {
              if (!isUp) throw new Error('down')
            },
            { retry: { attempts: 1 } },
          )
          if (isUp) await ctx.waitFor('go')
        },
      })
      const { engine } = await testEngine([fails], { database: db })
      await engine.start()
      const { id, result } = await engine.startRun(fails, { to: 'bo@example.com' })
      await result()
      isUp = true
      const retrying = counting(db, {
        async before(no) {
          if (no === 1) await engine.control.retry(id, 'ada')
        },
      })
      const { runs, going } = await eraseSubject(retrying, 'bo@example.com', who)
      expect({ runs, going }).toMatchObject({ runs: 0, going: [{ id }] })
      await engine.control.signal(id, 'go', null)
      expect((await engine.resultOf(id)).status).toBe('succeeded')
      await engine.stop()
    },
  )

  storeCase('a run that is erased while somebody retries or forks it does neither', open, async (db) => {
    const fails: Workflow = defineWorkflow({
      name: 'fails',
      input: z.object({ to: z.string() }),
      async run(ctx: CoreContext) {
        await ctx.step('first', () => 1)
        throw new Error('no')
      },
    })
    const { engine, clock } = await testEngine([fails], { database: db })
    const erasing = (at: number) =>
      counting(db, {
        before: async (no) => {
          if (no === at) await eraseSubject(db, 'bo@example.com', who)
        },
      })
    const { startRun, stop } = engine
    await engine.start()
    const failed = async () => {
      const { id, result } = await startRun.call(engine, fails, { to: 'bo@example.com' })
      await result()
      return id
    }
    const origin = await failed()
    const fork = { origin, from: 2, by: 'ada', no: 900, id: 'forked', repeatEffects: false }
    await expect(forkRun(erasing(1), { clock }, fork)).rejects.toMatchObject({ code: 'bad-fork' })
    expect(await db.all(`select id from runs where id = 'forked'`)).toEqual([])
    await stop.call(engine)
    const other = await testEngine([fails], { database: db })
    await other.engine.start()
    const { id, result } = await other.engine.startRun(fails, { to: 'bo@example.com' })
    await result()
    await other.engine.stop()
    // Behind the look at its family.
    const late = await testEngine([fails], { database: erasing(2) })
    await expect(late.engine.control.retry(id, 'ada')).rejects.toMatchObject({ code: 'cannot-retry' })
    expect((await requireRun(db, id)).status).toBe('failed')
  })

  storeCase(
    'a person is found by their name in any case and any writing of its letters, and by the key of a run',
    open,
    async (db) => {
      const says = defineWorkflow({
        name: 'says',
        input: z.object({ text: z.string() }),
        run: async () => 'done',
      })
      const keyed = defineWorkflow({
        name: 'keyed',
        input: z.object({ to: personal(z.string()) }),
        key: ({ to }) => to,
        run: async () => 'done',
      })
      const { engine, clock } = await testEngine([says, keyed], { database: db })
      await engine.start()
      const name = 'Élodie "Lô" Brûlé'
      const quoted = JSON.stringify({ name })
      for (const text of [name, name.toUpperCase(), name.toLowerCase(), name.normalize('NFD'), quoted])
        await (await engine.startRun(says, { text: `Dear ${text},` })).result()
      await (await engine.startRun(says, { text: 'Dear Elodie Brule' })).result()
      for (const subject of [name, name.toUpperCase(), name.toLowerCase().normalize('NFD')])
        expect((await findTraces(db, subject)).runs).toHaveLength(5)
      await (await engine.startRun(keyed, { to: 'bo@example.com' })).result()
      await db.transaction((session) => dropMarked(session, 'personal', clock.now() + 1000, 100))
      expect((await findTraces(db, 'bo@example.com')).runs).toHaveLength(1)
      await engine.stop()
    },
  )
}
