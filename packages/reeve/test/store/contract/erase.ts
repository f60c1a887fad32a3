import { expect } from 'vitest'
import { z } from 'zod'
import { CoreContext } from '../../../src/engine/context.ts'
import { planFork } from '../../../src/engine/outside/fork-plan.ts'
import { defineWorkflow } from '../../../src/engine/workflow.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { readEvents } from '../../../src/store/journal/journal.ts'
import { eraseSubject } from '../../../src/store/keeping/erasing/erase.ts'
import { findTraces } from '../../../src/store/keeping/erasing/traces.ts'
import { requireRun } from '../../../src/store/runs/runs.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { callTool } from '../../../src/tools/call.ts'
import { tool } from '../../../src/tools/tool.ts'
import { testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const who = { by: 'ada', proof: 'local-user', at: 5000 } as const
const subject = 'Bo@Example.com'

const mail = tool({
  name: 'mail.send',
  description: 'Sends',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ to: z.string() }),
  effect: 'once',
  run: ({ to }) => ({ to }),
})

/** Writes to whoever it is told to, with a text that is too long to stand in its event. */
const writes = defineWorkflow({
  name: 'writes',
  input: z.object({ to: z.string(), no: z.number() }),
  async run(ctx: CoreContext, { to, no }) {
    const text = await ctx.step('draft', () => `${no}: Dear ${to}, ${'we write. '.repeat(30_000)}`)
    return callTool(CoreContext.callSiteOf(ctx), mail, { to, text })
  },
})

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await settle()
  }
}

/** Two runs that have ended, and one that waits. */
async function wrote(database: Database) {
  const { engine } = await testEngine([writes], { database })
  await engine.start()
  const ids: string[] = []
  for (const to of ['bo@example.com', 'cy@example.com', 'bo@example.com']) {
    const { id, result } = await engine.startRun(writes, { to, no: ids.length })
    const { id: approval } = await until(async () => {
      const rows = await database.all<{ id: string }>(
        `select a.id from approvals a join runs r on r.no = a.run where r.id = ?`,
        [id],
      )
      return rows[0]
    })
    if (ids.length < 2) {
      await engine.control.decide(approval, { verdict: 'approve', by: 'ada', note: `for ${to}` })
      await result()
    }
    ids.push(id)
  }
  await engine.stop()
  return { engine, bo: ids[0]!, cy: ids[1]!, waits: ids[2]! }
}

/** Every text of every table. */
async function everything(database: Database, run: string): Promise<string> {
  const { no } = await requireRun(database, run)
  const rows = [
    await database.all('select * from events where run = ?', [no]),
    await database.all('select * from approvals where run = ?', [no]),
    await database.all('select * from inbox where run = ?', [no]),
    await database.all('select * from runs where no = ?', [no]),
    await database.all(
      'select * from blobs b where exists (select 1 from events where run = ? and blob = b.hash)',
      [no],
    ),
  ]
  return JSON.stringify(rows).toLowerCase()
}

export function eraseCases(open: Open): void {
  storeCase('what speaks of a person is erased, and every chain still verifies', open, async (db) => {
    const { engine, bo, cy, waits } = await wrote(db)
    expect(await findTraces(db, subject)).toMatchObject({
      runs: [{ id: bo, workflow: 'writes' }],
      going: [{ id: waits, status: 'waiting' }],
    })
    expect((await everything(db, bo)).includes('bo@example.com')).toBe(true)
    const others = await everything(db, cy)
    const { runs, events, rows } = await eraseSubject(db, subject, who)
    expect({ runs, isMany: events > 4 && rows > 1 }).toEqual({ runs: 1, isMany: true })
    expect((await everything(db, bo)).includes('bo@example.com')).toBe(false)
    expect((await everything(db, bo)).includes('we write')).toBe(false)
    expect((await everything(db, cy)) === others).toBe(true)
    expect((await everything(db, waits)).includes('bo@example.com')).toBe(true)
    expect((await verifyAudit(db)).faults).toEqual([])
    const act = await db.get<{ subject: string; payload: string }>(
      `select subject, payload from authority_log where type = 'subject-erased'`,
    )
    expect(JSON.stringify(act).toLowerCase()).not.toContain('bo@')

    const run = await requireRun(db, bo)
    await expect(planFork(db, run, 2)).rejects.toMatchObject({ code: 'bad-fork' })
    await db.run(`update runs set status = 'failed' where no = ?`, [run.no])
    await expect(engine.control.retry(bo, 'ada')).rejects.toMatchObject({ code: 'cannot-retry' })
    // A second time there is nothing left of it.
    expect(await findTraces(db, subject)).toMatchObject({ runs: [], going: [{ id: waits }] })
  })

  storeCase('an erased payload that is changed, or a digest, is found', open, async (db) => {
    const { bo } = await wrote(db)
    await eraseSubject(db, subject, who)
    const { no } = await requireRun(db, bo)
    const [first] = await readEvents(db, no)
    await db.run('update events set payload = ? where run = ? and seq = ?', ['{"to":"eve"}', no, first!.seq])
    expect((await verifyAudit(db)).faults).toHaveLength(1)
    await db.run('update events set payload = ?, blob = ? where run = ? and seq = ?', [
      first!.payload,
      'a'.repeat(43),
      no,
      first!.seq,
    ])
    expect((await verifyAudit(db)).faults).toHaveLength(1)
  })

  storeCase('what is too short to stand for one person is refused', open, async (db) => {
    await expect(eraseSubject(db, ' a ', who)).rejects.toMatchObject({ code: 'bad-text' })
  })
}
