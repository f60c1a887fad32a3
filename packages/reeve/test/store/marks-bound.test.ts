import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { personal } from '../../src/base/schema/marked.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { readMarked, sealPlain } from '../../src/store/marks/marked-values.ts'
import { openMarksKey } from '../../src/store/marks/marks-key.ts'
import { type AuditKeySlot, redacting } from '../../src/store/redacting.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { deleteSecret } from '../../src/store/secrets/change-secrets.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, openTestDatabase, testEngine } from '../engine/harness.ts'

const iban = 'EH99 1234 5678 secret-bank'

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

test('a sealed row is of no use to another run', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const database = redacting(plain, new Secrets(), { marksKey: SealingKey.make() })
  const { engine } = await testEngine([waiting], { database })
  await engine.start()
  const one = await engine.startRun(waiting, { iban })
  const two = await engine.startRun(waiting, { iban: 'another text' })
  await until(async () => (await eventsOf(database, two.id)).find(({ type }) => type === 'signal-awaited'))
  await engine.stop()
  const [first, second] = [await requireRun(database, one.id), await requireRun(database, two.id)]
  // Both are rows with a seal of this key. The second run is one of a thief, who is sent what it is given.
  await plain.run(
    `insert into marked_values (run, id, mark, text, key_id) select ?, id, mark, text, key_id from marked_values
     where run = ? and id <> 'salt'`,
    [second.no, first.no],
  )
  const texts = (await readMarked(database, second.no)).map(({ text }) => text)
  expect(texts).not.toContain(iban)
})

test('what was plain is nowhere in the file once it is sealed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'second-'))
  const plain = await openTestDatabase(new FakeClock(), join(folder, 'reeve.db'))
  const slot: AuditKeySlot = {}
  const database = redacting(plain, new Secrets(), slot)
  const { engine } = await testEngine([waiting], { database })
  await engine.start()
  await Promise.all(Array.from({ length: 50 }, () => engine.startRun(waiting, { iban: iban.repeat(20) })))
  await until(async () =>
    (await plain.get<{ n: number }>(`select count(*) as n from runs where status = 'waiting'`))!.n === 50
      ? true
      : undefined,
  )
  await engine.stop()
  slot.marksKey = SealingKey.make()
  while ((await database.transaction((session) => sealPlain(session, 100))) > 0);
  await plain.close()
  const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
  expect(bytes.some((each) => each.includes(iban))).toBe(false)
})

test('the key of marked texts cannot be deleted while it opens them', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const slot: AuditKeySlot = {}
  const database = redacting(plain, new Secrets(), slot)
  const keys = { keys: [SealingKey.make()], file: undefined, place: 'a test' }
  Object.assign(slot, await openMarksKey(database, keys, { clock: new FakeClock(), log: silentLog }))
  const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
  const deleted = database.transaction((session) => deleteSecret(session, 'reeve.marks', acting))
  await expect(deleted).rejects.toMatchObject({ code: 'secret-needed' })
  expect(await openMarksKey(database, keys, { clock: new FakeClock(), log: silentLog })).toEqual({
    marksKey: slot.marksKey,
  })
})
