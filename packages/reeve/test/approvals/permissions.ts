import { expect } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import { type Context, workflow } from '../../src/context.ts'
import { revokePermission } from '../../src/engine/deciding/remember.ts'
import { listPending, requireApproval } from '../../src/store/approvals/approvals.ts'
import { listPermissions } from '../../src/store/approvals/permissions.ts'
import { readActs } from '../../src/store/authority/authority-log.ts'
import { addPrincipal, changeRole } from '../../src/store/identity/principals.ts'
import { tool } from '../../src/tools/tool.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'
import { approvalCase, nextAsked, type OpenApprovals, until } from './harness.ts'

const acting = { by: 'test', proof: 'local-user', at: 5 } as const

const args = { to: 'margaret@example.org', text: 'Dear Margaret' }
type Args = typeof args

interface Desk extends AgentBench {
  sent: Args[]
  /** Starts a run that sends these; answers its id. */
  send(given: Args): Promise<string>
  /** What people are asked then. */
  asked(given: Args): Promise<string>
}

/** A workflow that sends a mail, which asks. Time goes on by itself so that workers see to what is permitted. */
async function withDesk(
  store: Parameters<Parameters<typeof approvalCase>[2]>[0],
  body: (desk: Desk) => Promise<void>,
): Promise<void> {
  const sent: Args[] = []
  const mail = tool({
    name: 'mail',
    description: 'Sends a mail',
    input: z.object({ to: z.string(), text: z.string() }),
    output: z.unknown(),
    effect: 'once',
    risk: 'high',
    run: (given) => {
      sent.push(given)
      return null
    },
  })
  const flow = workflow({
    name: 'desk',
    input: z.object({ to: z.string(), text: z.string() }),
    run: (ctx: Context, given) => ctx.call(mail, given),
  })
  const bench = await agentBench([flow], {}, store)
  const seen: string[] = []
  const send = async (given: Args) => (await bench.engine.startRun(flow, given)).id
  const asked = async (given: Args) => {
    await send(given)
    const { id } = await nextAsked(store.database, seen)
    seen.push(id)
    return id
  }
  try {
    await body({ ...bench, sent, send, asked })
  } finally {
    await bench.engine.stop()
  }
}

/** Workers look at each heartbeat. */
async function heartbeats({ clock }: Pick<Desk, 'clock'>, count = 3): Promise<void> {
  for (let beat = 0; beat < count; beat++) {
    await clock.advance(1_500)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function sentInAll(desk: Desk, count: number): Promise<void> {
  await until(async () => {
    await heartbeats(desk, 1)
    return desk.sent.length >= count ? true : undefined
  })
  expect(desk.sent).toHaveLength(count)
}

export function permissionCases(open: OpenApprovals): void {
  approvalCase(
    'a call is permitted also where a marked text of its run is the name of the tool, or a part of it',
    open,
    async (store) => {
      const sent: string[] = []
      const mail = tool({
        name: 'mail.send',
        description: 'Sends a mail',
        input: z.object({ text: z.string() }),
        output: z.unknown(),
        effect: 'once',
        risk: 'high',
        run: ({ text }) => {
          sent.push(text)
          return null
        },
      })
      const flow = workflow({
        name: 'desk',
        input: z.object({ from: personal(z.string()) }),
        run: (ctx: Context) => ctx.call(mail, { text: 'Hello' }),
      })
      const bench = await agentBench([flow], {}, store)
      const desk = { ...bench, sent } as never as Desk
      await bench.engine.startRun(flow, { from: 'ada@example.org' })
      const { id } = await nextAsked(store.database, [])
      await bench.engine.control.decide(id, { verdict: 'approve', by: 'ada', remember: { for: '30d' } })
      await sentInAll(desk, 1)
      for (const [index, from] of ['mail', 'mail.send', 'send'].entries()) {
        await bench.engine.startRun(flow, { from })
        await sentInAll(desk, index + 2)
      }
      await bench.engine.stop()
    },
  )

  approvalCase(
    'the same call is sent without asking for as long as it was said, and no longer',
    open,
    async (store) => {
      const { database, clock } = store
      await withDesk(store, async (desk) => {
        const first = await desk.asked(args)
        await desk.engine.control.decide(first, { verdict: 'approve', by: 'ada', remember: { for: '30d' } })
        await sentInAll(desk, 1)
        const again = await desk.send(args)
        await sentInAll(desk, 2)
        const row = await database.get('select decided_by, permission, note from approvals where id <> ?', [
          first,
        ])
        expect(row).toEqual({
          decided_by: 'ada',
          permission: first,
          note: `by the remembered permission ${first}`,
        })
        await desk.engine.resultOf(again)
        expect((await desk.events(again)).at(-1)?.type).toBe('run-succeeded')
        // Other words are another mail, for the permission is exact.
        await desk.asked({ ...args, text: 'Send your password' })
        await heartbeats(desk)
        expect(desk.sent).toHaveLength(2)
        expect((await readActs(database)).map(({ type, proof }) => `${type} ${proof}`)).toEqual([
          'approval-decided local-user',
          'permission-remembered local-user',
          'approval-decided started-by-reeve',
        ])
        clock.jump(clock.now() + 30 * 86_400_000)
        await desk.asked(args)
        await heartbeats(desk)
        expect(desk.sent).toHaveLength(2)
      })
    },
  )

  approvalCase('only the arguments that were named must be the same', open, async (store) => {
    await withDesk(store, async (desk) => {
      const first = await desk.asked(args)
      const remember = { for: '30d', same: ['to'] } as const
      await desk.engine.control.decide(first, { verdict: 'approve', by: 'ada', remember })
      await sentInAll(desk, 1)
      await desk.send({ ...args, text: 'another' })
      await sentInAll(desk, 2)
      await desk.asked({ ...args, to: 'eve@example.org' })
      await heartbeats(desk)
      expect(desk.sent).toHaveLength(2)
    })
  })

  approvalCase(
    'a permission ends when it is revoked, or when whoever gave it may decide no more',
    open,
    async (store) => {
      const { database } = store
      await database.transaction(async (session) => {
        for (const name of ['ada', 'eve'])
          await addPrincipal(session, { name, kind: 'person', role: 'approver' }, acting)
      })
      await withDesk(store, async (desk) => {
        const decide = (id: string, by: string) =>
          desk.engine.control.decide(id, { verdict: 'approve', by, remember: { for: '30d' } })
        await decide(await desk.asked(args), 'ada')
        await sentInAll(desk, 1)
        await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
        const second = await desk.asked(args)
        await heartbeats(desk)
        expect(await requireApproval(database, second)).toMatchObject({ status: 'pending' })
        await decide(second, 'eve')
        await sentInAll(desk, 2)
        const act = { proof: 'local-user', at: 1 } as const
        const revoke = (by: string) =>
          database.transaction((session) => revokePermission(session, second, { ...act, by }))
        await expect(revoke('ada')).rejects.toMatchObject({ code: 'may-not-decide' })
        await revoke('eve')
        expect(
          (await listPermissions(database, { limit: 9, now: desk.clock.now() })).map(({ id }) => id),
        ).not.toContain(second)
        await desk.asked(args)
        await heartbeats(desk)
        expect(desk.sent).toHaveLength(2)
      })
    },
  )

  approvalCase('what cannot be remembered is refused, and nothing is decided', open, async (store) => {
    await withDesk(store, async (desk) => {
      const id = await desk.asked(args)
      for (const [remember, answer] of [
        [{ for: '2y' }],
        [{ for: '400d' }],
        [{ for: '30d', same: ['nobody'] }],
        [{ for: '30d', same: [] }],
        [{ for: '30d' }, { text: 'edited' }],
      ] as const) {
        const given = { verdict: 'approve', by: 'ada', remember, ...(answer && { answer }) } as const
        await expect(
          desk.engine.control.decide(id, given as never),
          JSON.stringify(remember),
        ).rejects.toMatchObject({ code: expect.stringMatching(/^(wrong-answer|bad-duration)$/) })
      }
      expect(await listPending(store.database)).toHaveLength(1)
      expect(await listPermissions(store.database, { limit: 9 })).toEqual([])
    })
  })
}
