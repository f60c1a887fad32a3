import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  beginPromotion,
  beginRollback,
  finishChange,
  requireRepair,
} from '../../src/autonomy/repair/promoting/promote.ts'
import { sha256 } from '../../src/base/hash.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { readActs } from '../../src/store/authority/authority-log.ts'
import { addRepair, moveRepair } from '../../src/store/autonomy/repairs.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

/** `npm run test:repair` kills at every point; here are those around the file and the commits. */
const isAll = process.env.REEVE_REPAIR_KILLS === 'all'
const [before, after] = ['echo before\n', 'echo after, and longer\n']
const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
let place: string

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'reeve-repair-kills-'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** A database with one repair that was proposed, and a project with its script. */
async function open(name: string): Promise<{ database: Database; file: string; folder: string }> {
  const folder = join(place, name)
  mkdirSync(join(folder, 'scripts'), { recursive: true })
  writeFileSync(join(folder, 'scripts/a.sh'), before, { mode: 0o755 })
  const file = join(folder, 'reeve.db')
  const database = openSqlite({ file, clock: systemClock })
  await migrate(database, () => 'kills')
  const row = { id: 'repair-1', script: 'a', file: 'scripts/a.sh', key: 'a:1', level: 'propose' } as const
  const none = { run: null, call: null, failure: null, inputs: null, execution: null }
  await database.transaction(async (session) => {
    await addRepair(session, { ...row, ...none, made_by: 'reeve', made_at: 1 })
    await moveRepair(session, 'repair-1', ['diagnosing'], 'proposed', 1, {
      ...{ before_hash: sha256(before), before_text: before, after_hash: sha256(after), after_text: after },
    })
  })
  return { database, file, folder }
}

const source = (folder: string) => readFileSync(join(folder, 'scripts/a.sh'), 'utf8')
const actsOf = async (database: Database) =>
  (await readActs(database)).map(({ type }) => type).filter((type) => type.startsWith('repair-'))

const ways = [
  { how: 'promote', begin: beginPromotion, from: before, to: after, end: 'watching', act: 'repair-promoted' },
  {
    ...{ how: 'roll-back', begin: beginRollback, from: after, to: before },
    ...{ end: 'rolled-back', act: 'repair-rolled-back' },
  },
] as const

test.each(ways)(
  'killed anywhere while it is to $how, the script is one whole version and the next process ends it',
  async (way) => {
    const step = isAll ? 1 : 7
    for (let nth = isAll ? 1 : 4; ; nth += step) {
      const { database, file, folder } = await open(`${way.how}-${nth}`)
      if (way.how === 'roll-back') {
        await database.transaction((session) => beginPromotion(session, 'repair-1', acting, 'first'))
        await finishChange({ database, folder }, 'repair-1', acting)
      }
      const child = join(import.meta.dirname, 'kills/change-process.ts')
      const { stdout, signal } = spawnSync(
        process.execPath,
        [
          '--conditions=reeve-source',
          '--disable-warning=ExperimentalWarning',
          child,
          file,
          folder,
          way.how,
          String(nth),
        ],
        { encoding: 'utf8' },
      )
      const isDone = stdout === 'done'
      if (!isDone) expect(signal).toBe('SIGKILL')
      const { status } = await requireRepair(database, 'repair-1')
      const standing = source(folder)
      expect([way.from, way.to]).toContain(standing)
      // Once it is said that it was done, it was; before it was begun, nothing was done.
      if (status === way.end) expect(standing).toBe(way.to)
      if (status === 'proposed' || (status === 'watching' && way.how === 'roll-back'))
        expect(standing).toBe(way.from)
      await database.transaction((session) => way.begin(session, 'repair-1', acting, 'again'))
      const ended = await finishChange({ database, folder }, 'repair-1', acting)
      expect([ended.status, source(folder)]).toEqual([way.end, way.to])
      expect((await actsOf(database)).filter((type) => type === way.act)).toEqual([way.act])
      await database.close()
      if (isDone) return
    }
  },
  600_000,
)

test('of a promotion and a rollback at once, the file is what the database says', async () => {
  const { database, file, folder } = await open('both')
  const other = openSqlite({ file, clock: systemClock })
  await database.transaction((session) => beginPromotion(session, 'repair-1', acting, 'first'))
  const promoting = finishChange({ database, folder }, 'repair-1', acting)
  const rolling = other
    .transaction((session) => beginRollback(session, 'repair-1', acting, 'no'))
    .then(() => finishChange({ database: other, folder }, 'repair-1', acting))
  await Promise.all([promoting, rolling])
  expect((await requireRepair(database, 'repair-1')).status).toBe('rolled-back')
  expect(source(folder)).toBe(before)
  await other.close()
  await database.close()
}, 60_000)
