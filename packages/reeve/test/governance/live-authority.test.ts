import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { type Grant, prepareGrants } from '../../src/governance/grants/grant.ts'
import { effectiveGrants } from '../../src/governance/grants/narrowing.ts'
import { noteCeilings } from '../../src/governance/history/ceilings.ts'
import { LiveAuthority } from '../../src/governance/live-authority.ts'
import { addGrantChange } from '../../src/store/authority/grant-changes.ts'
import { setSwitch } from '../../src/store/authority/switches.ts'
import type { Database } from '../../src/store/database.ts'
import { addPrincipal, changeRole, revokeActing } from '../../src/store/identity/principals.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'

let server: TestServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const ada = { by: 'ada', proof: 'local-user', at: 1 } as const

/** Two processes' databases on one place. */
interface Pair {
  clock: FakeClock
  here: Database
  there: Database
}

const places: Record<string, () => Promise<Pair>> = {
  async SQLite() {
    const clock = new FakeClock()
    const file = join(mkdtempSync(join(tmpdir(), 'reeve-authority-')), 'reeve.db')
    const [here, there] = [openSqlite({ file, clock }), openSqlite({ file, clock })]
    return { clock, here, there }
  },
  async Postgres() {
    const clock = new FakeClock()
    const url = await server.createDatabase()
    const open = () => new PostgresDatabase({ url, clock, timeFrom: 'clock' })
    const [here, there] = [open(), open()]
    there.onOutsideChange(() => {})
    await migrate(here, () => 'identity')
    await there.changes.ready()
    return { clock, here, there }
  },
}

async function opened(open: () => Promise<Pair>) {
  const pair = await open()
  await migrate(pair.here, () => 'identity')
  const make = (database: Database) => new LiveAuthority({ database, clock: pair.clock, log: silentLog })
  const [mine, theirs] = [make(pair.here), make(pair.there)]
  theirs.begin()
  onTestFinished(async () => {
    await Promise.all([mine.end(), theirs.end()])
    await Promise.all([pair.here.close(), pair.there.close()])
  })
  return { ...pair, mine, theirs }
}

/** The clock goes on until the other process has heard; a notice of Postgres comes by the network. */
async function until(clock: FakeClock, isSo: () => boolean): Promise<number> {
  const from = clock.now()
  for (let looks = 0; !isSo(); looks++) {
    if (looks > 2000) throw new Error('the other process heard nothing')
    await clock.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return clock.now() - from
}

for (const [name, open] of Object.entries(places)) {
  describe(name, () => {
    test('another process hears of a change at once, and whoever renews has it before that', async () => {
      const { clock, here, mine, theirs } = await opened(open)
      await here.transaction((session) => setSwitch(session, { tool: 'pay' }, 'off', ada))
      expect(mine.current().mode({ tool: 'pay' })).toBeUndefined()
      await mine.renew()
      expect(mine.current().mode({ tool: 'pay' })).toBe('off')
      expect(await until(clock, () => theirs.current().mode({ tool: 'pay' }) === 'off')).toBeLessThan(1500)
      await here.transaction((session) => revokeActing(session, 'agent:writer', ada))
      await until(clock, () => theirs.current().principal('agent:writer')?.isRevoked === true)
    })

    test('a look reads again what has moved without a notice, and nothing else', async () => {
      const { here, mine } = await opened(open)
      await mine.lookAgain()
      const before = mine.current()
      await mine.lookAgain()
      expect(mine.current()).toBe(before)
      await here.transaction((session) => revokeActing(session, 'workflow:pay', ada))
      await mine.lookAgain()
      expect(mine.current().principal('workflow:pay')?.isRevoked).toBe(true)
    })

    test('what a worker saw end stays so when the clock is set back: exceptions, ends given to grants, ends in code', async () => {
      const { clock, here, mine } = await opened(open)
      const start = clock.now()
      const end = start + 3_600_000
      const writer = 'agent:writer'
      const grants = [{ tool: 'pay', expires: end }, { tool: 'send' }, { tool: 'late', expires: end * 2 }]
      const holding = (at: number, code: readonly Grant[] = grants) =>
        effectiveGrants(prepareGrants(code), mine.current().changesOf(writer), at)
          .filter(({ expiresAt }) => at < expiresAt)
          .map(({ source }) => source.tool)
          .sort()
      await here.transaction(async (session) => {
        await addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, ada)
        const exception = { kind: 'exception', from: start, until: end, grant: { tool: 'extra' } }
        await addGrantChange(session, { id: 'e1', principal: writer, change: exception, endsAt: end }, ada)
        const expire = { kind: 'expire', grant: 'send', at: end }
        await addGrantChange(session, { id: 'e2', principal: writer, change: expire }, ada)
      })
      await noteCeilings(here, [{ id: writer, ceiling: { grants } }], { now: start, policies: '' })
      await mine.lookAgain()
      expect(holding(start)).toEqual(['extra', 'late', 'pay', 'send'])
      // Set forward and back without reaching the end.
      clock.jump(end - 1)
      await mine.lookAgain()
      expect(holding(start)).toEqual(['extra', 'late', 'pay', 'send'])
      clock.jump(end + 120_000)
      await mine.lookAgain()
      clock.jump(start)
      await mine.lookAgain()
      await mine.renew()
      expect(holding(start)).toEqual(['late'])
      // What ends after that, and long before the time that it was set back from, is seen, too.
      await here.transaction((session) => {
        const exception = { kind: 'exception', from: start, until: start + 600_000, grant: { tool: 'soon' } }
        return addGrantChange(
          session,
          { id: 'e3', principal: writer, change: exception, endsAt: start + 600_000 },
          ada,
        )
      })
      await mine.renew()
      expect(holding(start)).toEqual(['late', 'soon'])
      clock.jump(start + 660_000)
      await mine.lookAgain()
      clock.jump(start)
      await mine.renew()
      expect(holding(start)).toEqual(['late'])
      // Another end in code is another end.
      expect(holding(start, [{ tool: 'pay', expires: end + 1 }])).toEqual(['pay'])
    })

    test('an exception counts as long as its maker is an owner', async () => {
      const { here, mine } = await opened(open)
      await here.transaction(async (session) => {
        for (const owner of ['ada', 'ben']) {
          await addPrincipal(session, { name: owner, kind: 'person', role: 'owner' }, ada)
        }
        const change = { kind: 'exception', from: 0, until: 1e13, grant: { tool: 'pay' } }
        await addGrantChange(session, { id: 'e1', principal: 'agent:writer', change, endsAt: 1e13 }, ada)
      })
      await mine.renew()
      expect(mine.current().changesOf('agent:writer')).toMatchObject([
        { kind: 'exception', by: { id: 'ada', role: 'owner' }, grant: { tool: 'pay' } },
      ])
      await here.transaction((session) => changeRole(session, 'ada', 'operator', ada))
      await mine.renew()
      expect(mine.current().changesOf('agent:writer')).toEqual([])
    })
  })
}

test('whoever renews while a reading is under way gets what was durable before', async () => {
  const { here, mine } = await opened(places.SQLite!)
  for (let round = 0; round < 50; round++) {
    const first = mine.renew()
    for (let tick = 0; tick < round; tick++) await Promise.resolve()
    await here.transaction((session) => revokeActing(session, `agent:${round}`, ada))
    await Promise.all([mine.renew(), first])
    expect(mine.current().principal(`agent:${round}`)?.isRevoked).toBe(true)
  }
})
