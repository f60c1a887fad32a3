import { expect } from 'vitest'
import type { Session } from '../../../src/store/database.ts'
import { addPrincipal } from '../../../src/store/identity/principals.ts'
import { beginSession, idleMs, recogniseSession } from '../../../src/store/identity/sessions.ts'
import { issueToken, useSignIn } from '../../../src/store/identity/tokens.ts'
import { type Open, storeCase } from './fixtures.ts'

const start = Date.UTC(2026, 0, 1)
const hour = 3_600_000
const acting = { by: 'ada', proof: 'local-user', at: start } as const

export function expiredCases(open: Open): void {
  storeCase(
    'a sign-in link that was seen expired stays so, whatever the clock is set to',
    open,
    async (database) => {
      await database.transaction((session) =>
        addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, acting),
      )
      const token = { kind: 'sign-in', principal: 'ada', name: 'link', role: 'owner' } as const
      const make = (id: string) =>
        database.transaction((session) =>
          issueToken(session, { ...token, id, expires_at: start + hour }, acting),
        )
      const use = (secret: string, now: number) =>
        database.transaction((session) => useSignIn(session, secret, now))
      const seen = await make('a')
      expect(await use(seen, start + hour)).toBeUndefined()
      for (const now of [start, start + hour - 1, start + 2 * hour])
        expect(await use(seen, now)).toBeUndefined()
      const other = await make('b')
      expect(await use(other, start + hour - 1)).toBe('ada')
      for (const now of [start, start + 2 * hour])
        await expect(use(other, now)).rejects.toMatchObject({ code: 'sign-in-link-used' })
    },
  )

  storeCase(
    'a session that another process puts off while its end is noted goes on',
    open,
    async (database) => {
      await database.transaction((session) =>
        addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, acting),
      )
      const secret = await beginSession(database, 'ada', start)
      const now = start + idleMs
      let isPutOff = false
      // What is read is of before, what is deleted of after.
      const late: Session = {
        ...database,
        all: (sql, values) => database.all(sql, values),
        run: (sql, values) => database.run(sql, values),
        bulk: (statement, rows) => database.bulk(statement, rows),
        async get<R>(sql: string, values?: never[]) {
          const row = await database.get<R>(sql, values)
          if (!isPutOff) await database.run('update sessions set expires_at = ?', [now + hour])
          isPutOff = true
          return row
        },
      }
      expect(await recogniseSession(late, secret, now)).toMatchObject({ principal: 'ada' })
      await expect(recogniseSession(database, secret, now + 2 * idleMs)).rejects.toMatchObject({
        code: 'session-expired',
      })
      await expect(recogniseSession(database, secret, start)).rejects.toMatchObject({
        code: 'session-expired',
      })
    },
  )
}
