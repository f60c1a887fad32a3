import { expect } from 'vitest'
import { z } from 'zod'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { requireApproval } from '../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { callTool } from '../../src/tools/call.ts'
import { tool } from '../../src/tools/tool.ts'
import { eventsOf, rowOf, testEngine } from '../engine/harness.ts'
import { approvalCase, asksFor, nextAsked, type OpenApprovals, until } from './harness.ts'

const minute = 60_000
const hour = 60 * minute

/** Clocks that are set back after the time to decide, or to act, was over. */
export function setBackCases(open: OpenApprovals): void {
  approvalCase(
    'a request whose time was over when somebody looked is decided by nobody after the clock was set back, also where no worker lives',
    open,
    async (store) => {
      const { database, clock } = store
      const flow = asksFor({ show: 1, timeout: '1m' })
      const first = await testEngine([flow], store)
      await first.engine.start()
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(database)
      await until(async () => ((await rowOf(database, id)).status === 'waiting' ? true : undefined))
      await first.engine.stop()
      const { engine } = await testEngine([flow], store)
      const { control } = engine
      const start = clock.now()
      clock.jump(start + 2 * minute)
      const approve = () => control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      await expect(approve()).rejects.toMatchObject({ code: 'approval-expired' })
      clock.jump(start - hour)
      await expect(approve()).rejects.toMatchObject({ code: 'approval-expired' })
      await expect(control.delegate(asked.id, { by: 'ada', to: 'bo' })).rejects.toMatchObject({
        code: 'approval-expired',
      })
      expect(await requireApproval(database, asked.id)).toMatchObject({ status: 'expired', decided_by: null })
      expect((await verifyAudit(database)).faults).toEqual([])
      await engine.start()
      clock.jump(start + 2 * minute)
      await until(async () => {
        await clock.advance(1_000)
        return (await rowOf(database, id)).status === 'succeeded' ? true : undefined
      })
      expect(await engine.resultOf(id)).toMatchObject({ output: { status: 'expired', by: null } })
      expect((await verifyAudit(database)).faults).toEqual([])
      await engine.stop()
    },
  )

  approvalCase(
    'what was approved and could not begin in time does not begin after the clock was set back',
    open,
    async (store) => {
      const { database, clock } = store
      let sent = 0
      const mail = tool({
        name: 'mail',
        description: 'Sends a mail',
        input: z.object({ to: z.string() }),
        output: z.unknown(),
        effect: 'once',
        risk: 'high',
        approvalTerms: { executeWithin: '5m' },
        run: () => ++sent,
      })
      const flow: Workflow = defineWorkflow({
        name: 'sends',
        input: z.unknown(),
        run: (ctx: CoreContext) =>
          callTool(CoreContext.callSiteOf(ctx), mail, { to: 'ada' }).catch(({ code }) => code),
      })
      const first = await testEngine([flow], store)
      await first.engine.start()
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(database)
      await until(async () => ((await rowOf(database, id)).status === 'waiting' ? true : undefined))
      await first.engine.stop()
      const away = await testEngine([flow], store)
      await away.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      const start = clock.now()
      clock.jump(start + 10 * minute)
      const late = await testEngine([flow], store)
      await late.engine.start()
      expect(await late.engine.resultOf(id)).toMatchObject({ output: 'not-approved' })
      await late.engine.stop()
      clock.jump(start + minute)
      const again = await testEngine([flow], store)
      await again.engine.start()
      await clock.advance(minute)
      expect(sent).toBe(0)
      expect(await again.engine.resultOf(id)).toMatchObject({ output: 'not-approved' })
      await again.engine.stop()
    },
  )

  approvalCase(
    'what was approved under a clock that was ahead has no more time to begin than it was given, once the clock is set right',
    open,
    async (store) => {
      const { database, clock } = store
      const flow = asksFor({ show: 1, executeWithin: '5m' })
      const first = await testEngine([flow], store)
      await first.engine.start()
      const { id } = await first.engine.startRun(flow, {})
      const asked = await nextAsked(database)
      await until(async () => ((await rowOf(database, id)).status === 'waiting' ? true : undefined))
      await first.engine.stop()
      const start = clock.now()
      clock.jump(start + 24 * hour)
      const ahead = await testEngine([flow], store)
      await ahead.engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      clock.jump(start + minute)
      const { engine } = await testEngine([flow], store)
      await engine.start()
      expect(await engine.resultOf(id)).toMatchObject({ output: { status: 'approved' } })
      const decided = (await eventsOf(database, id)).find(({ type }) => type === 'approval-decided')!
      const { executeBy } = payloadOf(decided, 'approval-decided')
      expect(executeBy).toBeGreaterThanOrEqual(start + 6 * minute)
      expect(executeBy).toBeLessThan(start + 7 * minute)
      await engine.stop()
    },
  )
}
