import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { personal } from '../../src/base/schema/marked.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { eraseSubject } from '../../src/store/keeping/erasing/erase.ts'
import { sealPlain } from '../../src/store/marks/marked-values.ts'
import { openMarksKey } from '../../src/store/marks/marks-key.ts'
import { type AuditKeySlot, redacting } from '../../src/store/redacting.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { deleteSecret } from '../../src/store/secrets/change-secrets.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, openTestDatabase, testEngine } from '../engine/harness.ts'

const iban = 'EH99 1234 5678 secret-bank'
const ada = 'ada.neil@example.com'

const waiting = defineWorkflow({
  name: 'waiting',
  input: z.object({ iban: personal(z.string()) }),
  async run(ctx: CoreContext, input) {
    await ctx.step('first', () => input.iban)
    await ctx.waitFor('go')
    return input
  },
})

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await settle()
  }
}

test('a sealed row that somebody replaces by a plain one is not used', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const database = redacting(plain, new Secrets(), { marksKey: SealingKey.make() })
  const first = await testEngine([waiting], { database })
  await first.engine.start()
  const { id } = await first.engine.startRun(waiting, { iban })
  await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
  await first.engine.stop()
  // Somebody with the database, and without any key.
  await plain.run(
    `update marked_values set text = 'EH66 6666 of-the-thief', key_id = null where id <> 'salt'`,
  )
  await database.transaction((session) => sealPlain(session, 100))
  const { engine } = await testEngine([waiting], { database })
  await engine.start()
  await engine.control.signal(id, 'go', null)
  const run = await until(async () => {
    const row = await requireRun(database, id)
    return row.status === 'stuck' || row.status === 'succeeded' ? row : undefined
  })
  const faults = (await verifyAudit(database)).faults
  // Before: it succeeds with the thief's account, and the audit finds nothing.
  expect({ ...(await engine.resultOf(id)), faults }).toEqual({
    status: 'stuck',
    reason: expect.stringContaining('was changed'),
    faults: [],
  })
  expect(run.status).toBe('stuck')
  await engine.stop()
})

test('erase goes on once the key of marked texts is gone for good', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const slot: AuditKeySlot = {}
  const database = redacting(plain, new Secrets(), slot)
  const clock = new FakeClock()
  const keysOf = (key: SealingKey) => ({ keys: [key], file: undefined, place: 'a test' })
  Object.assign(slot, await openMarksKey(database, keysOf(SealingKey.make()), { clock, log: silentLog }))
  const { engine } = await testEngine([waiting], { database })
  await engine.start()
  const one = await engine.startRun(waiting, { iban })
  await engine.control.signal(one.id, 'go', null)
  await one.result()
  await engine.stop()
  // The sealing key is lost. As docs/secrets.md says: deleted, and made anew at the next start.
  slot.marksKey = undefined
  const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
  await database.transaction((session) => deleteSecret(session, 'reeve.marks', acting))
  Object.assign(slot, await openMarksKey(database, keysOf(SealingKey.make()), { clock, log: silentLog }))
  expect(slot.marksKey).toBeDefined()
  await expect(eraseSubject(database, ada, { by: 'ada', proof: 'local-user', at: 9 })).resolves.toBeDefined()
})

test('an audit that cannot open marked texts of a run does not pass over its approvals', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const database = redacting(plain, new Secrets(), { marksKey: SealingKey.make() })
  const flow = defineWorkflow({
    name: 'asking',
    input: z.object({ iban: personal(z.string()) }),
    async run(ctx: CoreContext, { iban: to }) {
      return ctx.approve('pay', { show: { to, amount: 5 } })
    },
  })
  const { engine } = await testEngine([flow], { database })
  await engine.start()
  const { id } = await engine.startRun(flow, { iban })
  const [asked] = await until(async () => {
    const pending = await listPending(database)
    return pending.length > 0 ? pending : undefined
  })
  await engine.control.decide(asked!.id, { verdict: 'reject', by: 'ada' })
  await engine.resultOf(id)
  await engine.stop()
  expect((await verifyAudit(database)).faults).toEqual([])
  // The row of the approval says the opposite of what was decided, and what was shown is another sum.
  await plain.run(`update approvals set status = 'approved', shown = replace(shown, '5', '5000')`)
  expect((await verifyAudit(database)).faults).not.toEqual([])
  // One byte of one sealed text, and the audit sees nothing any more.
  await plain.run(`update marked_values set text = 'A' || text where id <> 'salt'`)
  expect((await verifyAudit(database)).faults).not.toEqual([])
  await plain.run(`update marked_values set text = null, key_id = null`)
  expect((await verifyAudit(database)).faults).not.toEqual([])
})
