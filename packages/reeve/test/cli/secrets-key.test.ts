import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openDatabase } from '../../src/store/open.ts'
import { setSecret } from '../../src/store/secrets/change-secrets.ts'
import { addSealingKey, readSealingKeys } from '../../src/store/secrets/key/key-file.ts'
import { openSecret } from '../../src/store/secrets/open-secret.ts'
import { listSealed, marksSecret } from '../../src/store/secrets/sealed-rows.ts'
import { reeve, reeveJson } from './hosted.ts'
import { project } from './reeve.ts'

const acting = { by: 'ada', proof: 'local-user', at: 7 } as const

async function projectWithSecrets() {
  const folder = project()
  // Makes the folder and the database.
  await reeve(folder, ['secrets', 'list'])
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('reeve.db'),
  )
  const place = { database: { kind: 'sqlite', file: join(folder, found!) } } as const
  const database: Database = openDatabase(place.database, systemClock)
  onTestFinished(() => database.close())
  await migrate(database, () => 'id')
  const file = join(dirname(place.database.file), 'secrets.key')
  addSealingKey(file, [])
  for (const name of ['ONE', 'TWO'])
    await database.transaction((session) =>
      setSecret(session, { name, value: `the-value-of-${name}`, keys: readSealingKeys(place) }, acting),
    )
  const opened = async () =>
    (await listSealed(database))
      .filter(({ name }) => name !== marksSecret)
      .map((row) => openSecret(row, readSealingKeys(place)))
      .sort()
  return { folder, file, place, database, opened }
}

const values = ['the-value-of-ONE', 'the-value-of-TWO']

test('another sealing key: a rotation that died after its key was written goes on with that key', async () => {
  const { folder, file, place, database, opened } = await projectWithSecrets()
  const [first] = readSealingKeys(place).keys
  // What the command does before its one transaction, and then its process dies.
  const [second] = addSealingKey(file, readSealingKeys(place).keys)
  expect(await opened()).toEqual(values)
  const sealed = (await listSealed(database)).length
  expect(await reeveJson(folder, ['secrets', 'rotate', '--key'])).toMatchObject({
    code: 0,
    key: second!.id,
    resealed: sealed,
  })
  expect(readSealingKeys(place).keys.map(({ id }) => id)).toEqual([second!.id, first!.id])
  expect(await opened()).toEqual(values)
  const { key } = await reeveJson<{ key: string }>(folder, ['secrets', 'rotate', '--key'])
  expect([first!.id, second!.id]).not.toContain(key)
  expect((await listSealed(database)).every(({ key_id }) => key_id === key)).toBe(true)
  expect(await opened()).toEqual(values)
})

test('a sealing key that is lost: it is named, nothing changes, and there is a way on', async () => {
  const { folder, file, database } = await projectWithSecrets()
  const rows = await listSealed(database)
  rmSync(file)
  const refused = await reeve(folder, ['secrets', 'rotate', '--key'])
  const named = new RegExp(`${rows[0]!.key_id}.*Nothing is lost`, 's')
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(named) })
  expect(await listSealed(database)).toEqual(rows)
  // The names of what there was are known still.
  const listed = { code: 0, stdout: expect.stringContaining('ONE') }
  expect(await reeve(folder, ['secrets', 'list'])).toMatchObject(listed)
  for (const name of new Set(rows.map((row) => row.name)))
    expect(await reeve(folder, ['secrets', 'delete', name])).toMatchObject({ code: 0 })
  const done = await reeve(folder, ['secrets', 'set', 'ONE'], { input: 'a-new-value-of-one' })
  expect(done).toMatchObject({ code: 0 })
})
