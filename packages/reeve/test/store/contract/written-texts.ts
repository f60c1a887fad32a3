import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../../src/base/schema/marked.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { approvalPage } from '../../../src/inspect/approvals/approval-page.ts'
import { failureClasses } from '../../../src/inspect/failures/failure-classes.ts'
import { listPending } from '../../../src/store/approvals/approvals.ts'
import { listPermissions } from '../../../src/store/approvals/permissions.ts'
import type { Database } from '../../../src/store/database.ts'
import { correctedApprovals } from '../../../src/store/learning/corrections.ts'
import { keepingMarks } from '../../../src/store/marks/open-kept.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { callTool } from '../../../src/tools/call.ts'
import { tool } from '../../../src/tools/tool.ts'
import { eventsOf, testEngine } from '../../engine/harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const ada = 'ada@example.com'
const bob = 'bob@example.com'
const eve = 'eve@example.com'

const sent: string[] = []

const mail = tool({
  name: 'mail.send',
  description: 'Sends',
  input: z.object({ to: personal(z.string()), text: z.string() }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  approvalTerms: { deciders: { count: 2 } },
  run: ({ to }) => {
    sent.push(to)
    return { receipt: 'R' }
  },
})

const sends: Workflow = defineWorkflow({
  name: 'sends',
  input: z.object({ to: z.string() }),
  run: (ctx: CoreContext, { to }) => callTool(CoreContext.callSiteOf(ctx), mail, { to, text: 'Hello' }),
})

const answers: Workflow = defineWorkflow({
  name: 'answers',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.approve('who', { show: { about: 'a letter', to: null } }),
})

async function next(database: Database): Promise<string> {
  for (;;) {
    const [asked] = await listPending(database)
    if (asked) return asked.id
    await settle()
  }
}

/** All that whoever may decide nothing is shown. */
async function shownOf(database: Database, approval: string): Promise<string> {
  const kept = keepingMarks(database)
  return JSON.stringify([
    await approvalPage(kept, approval),
    await listPermissions(kept, { limit: 100 }),
    await correctedApprovals(kept, { since: 0, limit: 100 }),
    await failureClasses(kept, 0),
  ])
}

export function writtenTextCases(open: Open): void {
  storeCase(
    'what people write into marked fields stands in no journal, and is shown to nobody who may not decide',
    open,
    async (database) => {
      sent.length = 0
      const { engine } = await testEngine([sends, answers], { database })
      await engine.start()
      const { id } = await engine.startRun(sends, { to: ada })
      const asked = await next(database)
      const edit = { verdict: 'approve', answer: { to: bob } } as const
      await engine.control.decide(asked, { ...edit, by: 'ada', note: `${ada} moved` })
      // One of two: the run knows nothing of it yet.
      const voted = await shownOf(database, asked)
      expect(voted).not.toContain(bob)
      expect(voted).not.toContain(`${ada} moved`)
      expect(voted).toContain('Hello')
      const { votes } = await approvalPage(database, asked)
      expect(votes).toMatchObject([{ edit: { to: bob, text: 'Hello' } }])
      await engine.control.decide(asked, { ...edit, by: 'eve', note: `to ${bob}` })
      expect((await engine.resultOf(id)).status).toBe('succeeded')
      expect(sent).toEqual([bob])
      const decided = await shownOf(database, asked)
      for (const text of [bob, ada]) expect(decided).not.toContain(text)
      expect((await approvalPage(database, asked)).approval.decided?.answer).toMatchObject({ to: bob })
      expect(JSON.stringify(await eventsOf(database, id))).not.toContain(bob)

      // Remembered: the arguments that it holds for.
      const second = await engine.startRun(sends, { to: eve })
      const other = await next(database)
      await engine.control.decide(other, { verdict: 'approve', by: 'ada' })
      await engine.control.decide(other, { verdict: 'approve', by: 'eve', remember: { for: '1d' } })
      expect((await engine.resultOf(second.id)).status).toBe('succeeded')
      expect(await listPermissions(database, { limit: 1 })).toMatchObject([
        { arguments: expect.stringContaining(eve) },
      ])
      const remembered = await shownOf(database, other)
      expect(remembered).not.toContain(eve)
      expect(remembered).toContain('Hello')
      await engine.stop()
    },
  )

  storeCase('what people write where nothing is marked is shown to everybody', open, async (database) => {
    const { engine } = await testEngine([answers], { database })
    await engine.start()
    const { id } = await engine.startRun(answers, {})
    const asked = await next(database)
    await engine.control.decide(asked, {
      verdict: 'approve',
      by: 'ada',
      note: `ask ${bob}`,
      answer: { about: 'a parcel' },
    })
    expect((await engine.resultOf(id)).status).toBe('succeeded')
    const shown = await shownOf(database, asked)
    expect(shown).toContain('a parcel')
    expect(shown).toContain(`ask ${bob}`)
    await engine.stop()
  })
}
