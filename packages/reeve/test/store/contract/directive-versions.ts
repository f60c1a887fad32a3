import { expect } from 'vitest'
import {
  addDirectiveVersion,
  directiveWriteOf,
  dropDirectiveWrite,
  listDirectiveVersions,
  newestDirectiveVersions,
  openDirectiveWrites,
  readDirectiveVersion,
  settleDirectiveWrite,
} from '../../../src/store/autonomy/directive-versions.ts'
import { type Open, storeCase } from './fixtures.ts'

const found: Parameters<typeof addDirectiveVersion>[1] = {
  ...{ name: 'publish', hash: 'h1', text: 'one\0', author: 'file', state: 'stands', at: 1 },
  ...{ made_by: null, proof: null, reason: null, evidence: null, write_key: null, base: null },
}

export function directiveVersionCases(open: Open): void {
  storeCase(
    'a directive is recorded when it has another text, and a write counts once it stands',
    open,
    async (db) => {
      expect(await db.transaction((session) => addDirectiveVersion(session, found))).toBe(1)
      expect(await db.transaction((session) => addDirectiveVersion(session, found))).toBeUndefined()
      const write: typeof found = {
        ...{
          ...found,
          hash: 'h2',
          text: 'two',
          author: 'repair',
          state: 'writing',
          write_key: 'k',
          base: 'h1',
        },
        ...{ made_by: 'ada', proof: 'local-user', reason: 'why', evidence: { runs: ['r1'] } },
      }
      expect(await db.transaction((session) => addDirectiveVersion(session, write))).toBe(2)
      expect(await newestDirectiveVersions(db)).toEqual([{ name: 'publish', version: 1, hash: 'h1' }])
      expect(await readDirectiveVersion(db, 'publish', 2)).toBeUndefined()
      expect(await directiveWriteOf(db, 'k')).toMatchObject({ version: 2, text: 'two', base: 'h1' })
      expect(await db.transaction((session) => openDirectiveWrites(session, 'publish'))).toHaveLength(1)
      expect(await settleDirectiveWrite(db, { name: 'publish', version: 2 })).toBe(true)
      expect(await settleDirectiveWrite(db, { name: 'publish', version: 2 })).toBe(false)
      await dropDirectiveWrite(db, { name: 'publish', version: 2 })
      const listed = await listDirectiveVersions(db, 'publish', { limit: 5 })
      expect(listed).toMatchObject([
        { version: 2, author: 'repair', made_by: 'ada', evidence: '{"runs":["r1"]}' },
        { version: 1, author: 'file', made_by: null },
      ])
      expect((await readDirectiveVersion(db, 'publish', 1))!.text).toBe('one\\0')
    },
  )

  storeCase('of a directive the newest 200 versions are kept', open, async (db) => {
    await db.transaction(async (session) => {
      for (let index = 1; index <= 203; index++)
        await addDirectiveVersion(session, { ...found, hash: `h${index}` })
    })
    const listed = await listDirectiveVersions(db, 'publish', { limit: 300 })
    expect([listed.length, listed[0]!.version, listed.at(-1)!.version]).toEqual([200, 203, 4])
  })
}
