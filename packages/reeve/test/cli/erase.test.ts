import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested } from './reeve.ts'

/** Whether any byte of the database's files has the text. */
function isInFiles(folder: string, text: string): boolean {
  const data = join(folder, '.reeve')
  const files = readdirSync(data).filter((path) => /^reeve\.db(-wal|-shm)?$/.test(path))
  expect(files.length).toBeGreaterThan(0)
  return files.some((path) => readFileSync(join(data, path)).includes(text))
}

test('erase asks first, then no byte of the file or its log has what it erased, and the audit holds', async () => {
  const folder = project()
  for (const to of ['bo.secretive@example.com', 'cy@example.com']) {
    const input = JSON.stringify({ to, text: `Dear ${to}, hello.` })
    const { approvals } = await reeveJson<Rested>(folder, ['run', 'reply', '--input', input])
    await reeveJson(folder, ['approve', approvals[0]!.id, '--work', '--note', `for ${to}`])
  }
  const words = ['erase', '--subject', 'Bo.Secretive@example.com']
  expect(await reeveJson(folder, words)).toMatchObject({ code: 2, error: { code: 'needs-yes' } })
  expect(isInFiles(folder, 'bo.secretive')).toBe(true)
  expect(await reeveJson(folder, [...words, '--yes', '--why', 'asked for it'])).toMatchObject({
    code: 0,
    runs: 1,
    bytes: 'cleared',
    going: [],
  })
  expect(isInFiles(folder, 'bo.secretive')).toBe(false)
  expect(isInFiles(folder, 'cy@example.com')).toBe(true)
  expect((await reeve(folder, ['audit', 'verify'])).code).toBe(0)
})
