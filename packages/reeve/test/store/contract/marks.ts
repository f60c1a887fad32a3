import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../../src/base/schema/marked.ts'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { defineWorkflow } from '../../../src/engine/workflow.ts'
import { listPending } from '../../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { listColumns } from '../../../src/store/dialect.ts'
import { eraseSubject } from '../../../src/store/keeping/erasing/erase.ts'
import { findTraces } from '../../../src/store/keeping/erasing/traces.ts'
import { dropMarked, readMarked, sealPlain } from '../../../src/store/marks/marked-values.ts'
import { type AuditKeySlot, redacting } from '../../../src/store/redacting.ts'
import { requireRun } from '../../../src/store/runs/runs.ts'
import { SealingKey } from '../../../src/store/secrets/key/sealing-key.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { callTool } from '../../../src/tools/call.ts'
import { tool } from '../../../src/tools/tool.ts'
import { eventsOf, testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

/** As a letter has them: with what JSON and patterns write otherwise, one shorter than is looked for inside of texts. */
const ada = 'ada.o"neil+x@example.com'
const phone = '+49 (0)30\\1234\n5'
const born = 'Né'
const iban = 'EH99 1234 5678 secret-bank'
const street = 'Nowhere Lane 7'

const mail = tool({
  name: 'mail.send',
  description: 'Sends',
  input: z.object({ to: personal(z.string()), text: z.string() }),
  output: z.object({ receipt: z.string(), address: personal(z.string()) }),
  effect: 'once',
  run: ({ to, text }) => {
    sent.push({ to, text })
    return { receipt: `R for ${to}`, address: street }
  },
})
const sent: { to: string; text: string }[] = []

const child = defineWorkflow({
  name: 'child',
  input: z.object({ about: z.string() }),
  output: z.object({ found: z.string(), iban: personal(z.string()) }),
  run: async (ctx: CoreContext, { about }) => {
    await ctx.step(`look for ${about}`, () => about)
    return { found: `of ${about}`, iban }
  },
})

const parent = defineWorkflow({
  name: 'parent',
  input: z.object({ to: personal(z.string()), name: personal(z.string()), plan: z.string() }),
  async run(ctx: CoreContext, { to, name, plan }) {
    const site = CoreContext.callSiteOf(ctx)
    const draft = await ctx.step('draft', () => `Dear ${name}, we write to ${to} about ${plan}`)
    const started = await ctx.start(child, { about: to })
    const { found, iban: account } = await started.result()
    const { phone: said } = await ctx.waitFor('told', { schema: z.object({ phone: personal(z.string()) }) })
    const receipt = await callTool(site, mail, { to, text: `${draft}; ${found}; ${account}; ${said}` })
    await ctx.approve('look', { show: { to, receipt } })
    return { name, said, account, receipt }
  },
})

/** Of every text in the database, where a canary stands. */
async function leaksIn(database: Database, canaries: string[]): Promise<string[]> {
  const leaks: string[] = []
  for (const { table, column } of await textColumns(database))
    for (const row of await database.all<{ value: unknown }>(`select ${column} as value from ${table}`))
      for (const canary of canaries)
        for (const form of [canary, JSON.stringify(canary).slice(1, -1)])
          if (String(row.value).includes(form)) leaks.push(`${table}.${column}: ${canary}`)
  return [...new Set(leaks)]
}

async function textColumns(database: Database): Promise<{ table: string; column: string }[]> {
  const rows = await database.all<{ in_table: string; name: string }>(listColumns[database.kind])
  return rows
    .filter(({ in_table: table }) => !table.startsWith('item_words'))
    .map(({ in_table: table, name }) => ({ table, column: `"${name}"` }))
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await settle()
  }
}

const input = { to: ada, name: born, plan: 'gold' }

export function markCases(open: Open): void {
  storeCase(
    'marked texts stand nowhere but apart, and sealed, and a run goes on from its journal',
    open,
    async (plain) => {
      sent.length = 0
      const database = redacting(plain, new Secrets(), { marksKey: SealingKey.make() })
      // One engine after the other: each goes on from what is kept.
      const inNewEngine = async (act: (engine: Engine) => Promise<unknown>) => {
        const { engine } = await testEngine([parent, child], { database })
        await engine.start()
        await act(engine)
        await engine.stop()
      }
      const pending = (subject: string) =>
        until(async () => (await listPending(database)).find((each) => each.subject === subject))
      let id = ''
      await inNewEngine(async (engine) => {
        id = (await engine.startRun('parent', input, { idempotencyKey: 'k' })).id
        await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
      })
      const { no } = await requireRun(database, id)
      const text = `Dear ${born}, we write to ${ada} about gold; of ${ada}; ${iban}; ${phone}`
      await inNewEngine(async (engine) => {
        await engine.control.signal(id, 'told', { phone })
        // Whoever decides sees the texts.
        expect(JSON.parse((await pending('mail.send')).shown)).toMatchObject({ args: { to: ada, text } })
      })
      await inNewEngine(async (engine) => {
        await engine.control.decide((await pending('mail.send')).id, { verdict: 'approve', by: 'ada' })
        await pending('look')
      })
      expect(sent).toEqual([{ to: ada, text }])
      const { engine } = await testEngine([parent, child], { database })
      await engine.start()
      const asked = await pending('look')
      expect(JSON.parse(asked.shown)).toMatchObject({ to: ada, receipt: { address: street } })
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      const result = await engine.resultOf(id)
      expect(result).toEqual({
        status: 'succeeded',
        output: {
          name: born,
          said: phone,
          account: iban,
          receipt: { receipt: `R for ${ada}`, address: street },
        },
      })
      // The same start is known by what it was given, with no digest of it anywhere.
      expect((await engine.startRun('parent', input, { idempotencyKey: 'k' })).isNew).toBe(false)
      const other = engine.startRun('parent', { ...input, name: 'Bo' }, { idempotencyKey: 'k' })
      await expect(other).rejects.toMatchObject({ code: 'idempotency-conflict' })
      expect((await requireRun(database, id)).given).toBeNull()
      await engine.stop()
      expect(await leaksIn(database, [ada, phone, iban, street, `"${born}"`])).toEqual([])
      expect((await verifyAudit(database)).faults).toEqual([])
      const erased = await eraseSubject(database, ada, { by: 'ada', proof: 'local-user', at: 9000 })
      expect(erased.runs).toBe(2)
      const left = await database.all('select text from marked_values where run = ? and text is not null', [
        no,
      ])
      expect(left).toEqual([])
      expect((await verifyAudit(database)).faults).toEqual([])
    },
  )

  storeCase(
    'a fork opens what it shares, and what was erased stops a run with a clear reason',
    open,
    async (database) => {
      const { engine } = await testEngine([parent, child], { database })
      await engine.start()
      const { id } = await engine.startRun('parent', input)
      await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
      const forked = await engine.control.fork(id, 2, 'ada')
      await until(async () =>
        (await eventsOf(database, forked)).find(({ type }) => type === 'signal-awaited'),
      )
      const draft = (await eventsOf(database, forked)).find(({ type }) => type === 'step-completed')!
      expect(draft.payload).not.toContain(ada)
      // Another run's text is opened by no reference that somebody writes.
      const [token] = /\[marked:[\w-]+\]/.exec(draft.payload!)!
      const stranger = await engine.startRun('child', { about: token })
      expect(await stranger.result()).toMatchObject({ output: { found: `of ${token}` } })
      await database.run('update marked_values set text = null')
      await engine.control.signal(forked, 'told', { phone })
      const stuck = await until(async () => {
        const run = await requireRun(database, forked)
        return run.status === 'stuck' ? run : undefined
      })
      expect(stuck.reason).toContain('was erased')
      await engine.stop()
    },
  )

  storeCase(
    'without the key a run that has marked texts is set aside, and goes on with it; they are never told apart wrongly',
    open,
    async (plain) => {
      const marksKey = SealingKey.make()
      const slot: AuditKeySlot = {}
      const database = redacting(plain, new Secrets(), slot)
      const { engine } = await testEngine([parent, child], { database })
      await engine.start()
      // The first was written before there was a key.
      const early = await engine.startRun('parent', input)
      const reach = (id: string, type: string) =>
        until(async () => (await eventsOf(database, id)).find((event) => event.type === type))
      await reach(early.id, 'signal-awaited')
      slot.marksKey = marksKey
      const { id } = await engine.startRun('parent', input)
      await reach(id, 'signal-awaited')
      await engine.stop()
      const { no } = await requireRun(database, id)
      expect(await inSealed(plain, no)).not.toContain(ada)
      expect(await database.transaction((session) => sealPlain(session, 100))).toBeGreaterThan(0)
      expect(await database.transaction((session) => sealPlain(session, 100))).toBe(0)
      expect(await inSealed(plain, (await requireRun(database, early.id)).no)).not.toContain(ada)
      // A worker that has another key, or none.
      for (const other of [undefined, SealingKey.make()]) {
        slot.marksKey = other
        const without = await testEngine([parent, child], { database })
        await without.engine.start()
        await without.engine.control.signal(id, 'told', { phone })
        const stuck = await until(async () => {
          const run = await requireRun(database, id)
          return run.status === 'stuck' ? run : undefined
        })
        expect(stuck.reason).toContain(`sealed with the key ${marksKey.id}`)
        await expect(findTraces(database, ada)).rejects.toMatchObject({ code: 'secrets-key-missing' })
        await without.engine.stop()
        slot.marksKey = marksKey
        await without.engine.control.retry(id, 'ada')
      }
      // A row in the place of another is not opened.
      const [one, two] = await plain.all<{ id: string; text: string }>(
        `select id, text from marked_values where run = ? and id <> 'salt' order by id limit 2`,
        [no],
      )
      const put = (text: string) =>
        plain.run('update marked_values set text = ? where run = ? and id = ?', [text, no, one!.id])
      await put(two!.text)
      expect((await readMarked(database, no)).find((row) => row.id === one!.id)).toMatchObject({
        text: null,
        locked: { code: 'secret-forged' },
      })
      await put(one!.text)
      const again = await testEngine([parent, child], { database })
      await again.engine.start()
      const asked = await until(async () =>
        (await listPending(database)).find(({ run_id, subject }) => run_id === id && subject === 'mail.send'),
      )
      expect(JSON.parse(asked.shown)).toMatchObject({ args: { to: ada } })
      await again.engine.stop()
    },
  )

  storeCase(
    'marked texts go by their own time, each mark by its own, of ended runs alone',
    open,
    async (database) => {
      const { engine, clock } = await testEngine([parent, child], { database })
      await engine.start()
      const { id } = await engine.startRun('parent', input)
      await until(async () => (await eventsOf(database, id)).find(({ type }) => type === 'signal-awaited'))
      const { no } = await requireRun(database, id)
      const kept = async (run: number) =>
        (await readMarked(database, run)).filter(({ text }) => text !== null)
      const ended = await database.get<{ no: number }>(`select no from runs where workflow = 'child'`)
      const before = (await kept(no)).length
      const now = clock.now() + 1000
      const drop = (mark: 'personal' | 'secret') =>
        database.transaction((session) => dropMarked(session, mark, now, 100))
      expect(await drop('secret')).toBe(0)
      expect(await drop('personal')).toBe(1)
      // Only the salt of digests is left of the run that has ended.
      expect((await kept(ended!.no)).filter(({ id: each }) => each !== 'salt')).toEqual([])
      expect(await kept(no)).toHaveLength(before)
      expect(await drop('personal')).toBe(0)
      expect((await verifyAudit(database)).faults).toEqual([])
      await engine.stop()
    },
  )
}

async function inSealed(database: Database, run: number): Promise<string> {
  return JSON.stringify(await database.all('select text from marked_values where run = ?', [run]))
}
