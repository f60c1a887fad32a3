import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { issueLink, readLink } from '../../src/store/approvals/links.ts'
import { addPermission, openPermissions } from '../../src/store/approvals/permissions.ts'
import type { Session } from '../../src/store/database.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { beginSession, idleMs, recogniseSession } from '../../src/store/identity/sessions.ts'
import { issueToken, recogniseToken } from '../../src/store/identity/tokens.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, testEngine } from '../engine/harness.ts'

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 0, 1)
const acting = { by: 'ada', proof: 'local-user', at: start } as const

/** What expires: how it is made at `start`, how long it is valid, how it is used, and what is said once it has expired. */
interface Expiring {
  what: string
  lastsMs: number
  make: (session: Session) => Promise<string>
  /** Throws, or answers whether it was valid. */
  use: (session: Session, secret: string, now: number) => Promise<unknown>
  says: RegExp
}

const expiring: Expiring[] = [
  {
    what: 'a token',
    lastsMs: 10 * day,
    make: (session) => {
      const token = { id: 't', kind: 'access', principal: 'ada', name: 'ci', role: 'operator' } as const
      return issueToken(session, { ...token, expires_at: start + 10 * day }, acting)
    },
    use: recogniseToken,
    says: /The token "ci" has expired/,
  },
  {
    what: 'a session of a browser',
    // Each use puts its end off.
    lastsMs: idleMs + day,
    make: (session) => beginSession(session, 'ada', start),
    use: recogniseSession,
    says: /The session is over/,
  },
  {
    what: 'a signed link',
    lastsMs: 10 * day,
    make: (session) =>
      issueLink(session, {
        approval: 'a',
        args_hash: 'h',
        principal: 'ada',
        created_at: start,
        created_by: 'ada',
        expires_at: start + 10 * day,
      }),
    use: readLink,
    says: /This link has expired/,
  },
  {
    what: 'a remembered permission',
    lastsMs: 10 * day,
    async make(session) {
      await addPermission(session, {
        id: 'p',
        agent: 'clerk',
        workflow: 'flow',
        tool: 'pay',
        arguments: '{}',
        exact: 1,
        definition: null,
        approval: 'a',
        granted_by: 'ada',
        created_at: start,
        expires_at: start + 10 * day,
      })
      return ''
    },
    async use(session, _secret, now) {
      if ((await openPermissions(session, 'pay', now)).length === 0) throw new Error('nobody remembers it')
    },
    says: /nobody remembers it/,
  },
]

for (const { what, lastsMs, make, use, says } of expiring)
  test(`${what} that has expired stays so, whatever the clock is set to; before, a clock that is set changes nothing`, async () => {
    for (const changedMs of [hour, day]) {
      const database = await openTestDatabase(new FakeClock(start))
      await addPrincipal(database, { name: 'ada', kind: 'person', role: 'owner' }, acting)
      const secret = await make(database)
      const end = start + lastsMs
      // Set forward and back without reaching the end.
      await use(database, secret, start + changedMs)
      await use(database, secret, start)
      await expect(use(database, secret, end + changedMs / 2)).rejects.toThrow(says)
      for (const now of [end - changedMs / 2, start, end + changedMs])
        await expect(use(database, secret, now)).rejects.toThrow(says)
      await database.close()
    }
  })

for (const changedMs of [hour, day])
  test(`a request that expired is decided by nobody after the clock was set back by ${changedMs / hour} h, and what it was for is not done`, async () => {
    let done = 0
    const flow = defineWorkflow({
      name: 'asks',
      input: z.unknown(),
      async run(ctx: CoreContext) {
        const { status } = await ctx.approve('pay', { show: 1, timeout: '1m' })
        if (status === 'approved') await ctx.step('pay', () => ++done)
        return status
      },
    })
    const { engine, database, clock } = await testEngine([flow])
    await engine.start()
    const { id } = await engine.startRun(flow, {})
    await settle()
    const [asked] = await listPending(database)
    await clock.advance(120_000)
    clock.jump(clock.now() - changedMs)
    await expect(engine.control.decide(asked!.id, { verdict: 'approve', by: 'ada' })).rejects.toMatchObject({
      code: 'approval-expired',
    })
    expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'expired' })
    expect(done).toBe(0)
    await engine.stop()
  })
