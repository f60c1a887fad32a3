import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import { afterQuiet } from '../../src/base/time/quiet-hours.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { asideOfWaiting, countsOfWaiting, waitingPage } from '../../src/inspect/lists/people-inbox.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { hastyPeople, paceOf } from '../../src/store/approvals/crowding/pace.ts'
import { readNotices } from '../../src/store/approvals/due.ts'
import { saveRules } from '../../src/store/approvals/rules.ts'
import { testEngine } from '../engine/harness.ts'
import { approvalCase, asksFor, type OpenApprovals, until, whileAsked } from './harness.ts'

const minute = 60_000
const hour = 60 * minute

const triage = defineWorkflow({
  name: 'triage',
  input: z.object({ from: z.string().optional() }),
  run: (ctx: CoreContext) => ctx.approve('reply', { show: 1 }),
})

/** Runs with a request open for each sender; by mail, where nothing else is said. */
async function withMails(
  store: Parameters<Parameters<typeof approvalCase>[2]>[0],
  senders: (string | undefined)[],
  body: (bench: Awaited<ReturnType<typeof testEngine>>) => Promise<void>,
  channel: 'mail' | 'operator' = 'mail',
): Promise<void> {
  const bench = await testEngine([triage], store)
  await bench.engine.start()
  try {
    for (const [index, from] of senders.entries()) {
      await bench.engine.startRun(triage, from === undefined ? {} : { from }, { channel })
      await until(async () =>
        (await listPending(store.database, 1000)).length === index + 1 ? true : undefined,
      )
    }
    await body(bench)
  } finally {
    await bench.engine.stop()
  }
}

export function attentionCases(open: OpenApprovals): void {
  approvalCase(
    'of one sender people are asked five things at a time; the rest waits aside and is counted',
    open,
    async (store) => {
      const { database } = store
      const senders = [...Array(8).fill('Flood@example.org'), 'margaret@example.org']
      await withMails(store, senders, async ({ engine }) => {
        const shown = await waitingPage(database)
        expect(shown.items).toHaveLength(6)
        expect(await countsOfWaiting(database)).toMatchObject({ approval: 6, total: 6, aside: 3 })
        expect(await asideOfWaiting(database)).toMatchObject([
          { channel: 'mail', sender: 'flood@example.org', workflow: 'triage', kind: 'approval', count: 3 },
        ])
        const aside = await waitingPage(database, { aside: true })
        expect(aside.items).toHaveLength(3)
        // The one that nobody could hide.
        const last = (await listPending(database, 1000)).at(-1)!.id
        expect(shown.items.map(({ approval }) => approval!.id)).toContain(last)
        await engine.control.decide(shown.items[0]!.approval!.id, { verdict: 'reject', by: 'ada' })
        expect(await countsOfWaiting(database)).toMatchObject({ approval: 6, aside: 2 })
        // What waits aside can be decided all the same.
        await engine.control.decide(aside.items.at(-1)!.approval!.id, { verdict: 'reject', by: 'ada' })
        expect(await countsOfWaiting(database)).toMatchObject({ approval: 6, aside: 1 })
      })
    },
  )

  approvalCase(
    'senders that are all different do not get past it: what is alike by one channel is limited, too',
    open,
    async (store) => {
      const { database } = store
      await database.transaction((session) => saveRules(session, { perChannel: 4 }))
      await withMails(
        store,
        [...Array(7).keys()].map((no) => `${no}@example.org`),
        async () => {
          expect(await countsOfWaiting(database)).toMatchObject({ approval: 4, aside: 3 })
          const pages: string[] = []
          for (let cursor: string | undefined; ; ) {
            const page = await waitingPage(database, { limit: 3, ...(cursor !== undefined && { cursor }) })
            pages.push(...page.items.map(({ approval }) => approval!.id))
            if (page.next === null) break
            cursor = page.next
          }
          expect(pages).toHaveLength(4)
        },
      )
    },
  )

  approvalCase(
    'senders who choose a marked text that is a part of what is asked do not get past it either',
    open,
    async (store) => {
      const { database } = store
      const asks = defineWorkflow({
        name: 'asks',
        input: z.object({ name: personal(z.string()) }),
        run: (ctx: CoreContext, { name }) => ctx.approve(`reply to the letter of ${name}`, { show: 1 }),
      })
      await database.transaction((session) => saveRules(session, { perChannel: 2 }))
      const { engine } = await testEngine([asks], store)
      await engine.start()
      for (const [index, name] of ['reply', 'letter', 'to the', 'Bo', 'the letter'].entries()) {
        await engine.startRun(asks, { name }, { channel: 'mail' })
        await until(async () => ((await listPending(database, 9)).length === index + 1 ? true : undefined))
      }
      expect(await countsOfWaiting(database)).toMatchObject({ approval: 2, aside: 3 })
      await engine.stop()
    },
  )

  approvalCase('what an operator started is never kept aside', open, async (store) => {
    await withMails(
      store,
      Array(7).fill('ada@example.org'),
      async () => {
        expect(await countsOfWaiting(store.database)).toMatchObject({ approval: 7, aside: 0 })
      },
      'operator',
    )
  })

  approvalCase(
    'who approves one after the other without reading is named, and can be made to look',
    open,
    async (store) => {
      const { database, clock } = store
      await database.transaction((session) => saveRules(session, { hastyPerHour: 2, secondLook: true }))
      await withMails(
        store,
        Array(7).fill(undefined),
        async ({ engine }) => {
          const ids = (await listPending(database)).map(({ id }) => id)
          const approve = (index: number) =>
            engine.control.decide(ids[index]!, { verdict: 'approve', by: 'ada' })
          for (const index of [0, 1, 2, 3]) {
            await approve(index)
            await clock.advance(200)
          }
          expect(await hastyPeople(database, clock.now(), 2)).toEqual([{ by: 'ada', hasty: 3 }])
          await expect(approve(4)).rejects.toMatchObject({ code: 'second-look', retryable: true })
          // Saying no is never too fast, and others are not meant.
          await engine.control.decide(ids[5]!, { verdict: 'reject', by: 'ada' })
          await engine.control.decide(ids[6]!, { verdict: 'approve', by: 'eve' })
          await clock.advance(3_000)
          await approve(4)
          clock.jump(clock.now() + hour - 1)
          expect(await paceOf(database, 'ada', clock.now())).toMatchObject({ approvals: 1, hasty: 0 })
        },
        'operator',
      )
    },
  )

  approvalCase(
    'reminders come until somebody decides, not in quiet hours, and once each, whoever dies',
    open,
    async (store) => {
      const { database, clock } = store
      const asks = asksFor({ show: 1, remindEvery: '1h', timeout: '150m', onTimeout: 'escalate' })
      await whileAsked(store, asks, async ({ engine, asked }) => {
        const notices = async (count: number) => {
          await until(async () => {
            await clock.advance(1_500)
            return (await readNotices(database, 0, 100)).length >= count ? true : undefined
          })
          return (await readNotices(database, 0, 100)).map(({ kind, approval }) => `${kind} ${approval}`)
        }
        clock.jump(clock.now() + hour)
        expect(await notices(1)).toEqual([`reminder ${asked.id}`])
        clock.jump(clock.now() + hour)
        expect(await notices(2)).toHaveLength(2)
        clock.jump(clock.now() + 30 * minute)
        expect((await notices(3))[2]).toBe(`escalated ${asked.id}`)
        await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
        clock.jump(clock.now() + 3 * hour)
        await clock.advance(3_000)
        expect(await readNotices(database, 0, 100)).toHaveLength(3)
      })
    },
  )

  approvalCase('nothing runs out in quiet hours', open, async (store) => {
    const { clock } = store
    const at = clock.now()
    const time = (ms: number) => new Date(at + ms).toISOString().slice(11, 16)
    const quietHours = { from: time(hour), to: time(3 * hour) }
    await whileAsked(
      store,
      asksFor({ show: 1, timeout: '2h', quietHours }),
      async ({ asked, engine, run }) => {
        const end = Math.floor((at + 3 * hour) / minute) * minute
        expect(asked.expires_at).toBe(end)
        clock.jump(clock.now() + 2.5 * hour)
        await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
        expect(await engine.resultOf(run)).toMatchObject({ output: { status: 'approved' } })
      },
    )
  })

  approvalCase(
    'quiet hours are those of their zone, over midnight and over a change of clocks',
    open,
    async () => {
      const quiet = { from: '22:00', to: '07:00', zone: 'Europe/Berlin' }
      const at = (iso: string) => Date.parse(iso)
      for (const [given, moved] of [
        ['2027-01-15T20:59:00Z', '2027-01-15T20:59:00Z'],
        ['2027-01-15T21:00:00Z', '2027-01-16T06:00:00Z'],
        ['2027-01-16T02:30:10Z', '2027-01-16T06:00:00Z'],
        ['2027-01-16T06:00:00Z', '2027-01-16T06:00:00Z'],
        // Clocks go an hour ahead in that night, and back in the other.
        ['2027-03-27T22:00:00Z', '2027-03-28T05:00:00Z'],
        ['2027-10-30T21:00:00Z', '2027-10-31T06:00:00Z'],
      ] as const)
        expect(new Date(afterQuiet(at(given), quiet)).toISOString(), given).toBe(
          new Date(at(moved)).toISOString(),
        )
      expect(afterQuiet(5, undefined)).toBe(5)
    },
  )
}
