import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project } from './reeve.ts'

interface Found {
  code: number
  passages: { id: string; text: string }[]
  ended: number
}

test('what is known is searched, amended, looked back on and rolled back from the command line', async () => {
  const folder = project()
  mkdirSync(join(folder, 'knowledge', 'fees'), { recursive: true })
  writeFileSync(join(folder, 'knowledge', 'fees', 'cards.md'), '# Cards\n\nA new card costs 5 euros.')
  const find = async (text: string, ...more: string[]) => {
    const found = await reeveJson<Found>(folder, ['memory', 'search', text, ...more])
    // The project has knowledge of its own.
    return { ...found, passages: found.passages.filter((one) => one.id.startsWith('fees/')) }
  }
  const id = 'fees/cards.md#0'
  expect(await find('what does a card cost')).toMatchObject({ code: 0, passages: [{ id }] })
  expect(await find('card', '--in', 'elsewhere')).toMatchObject({ passages: [], audit: { emptyScope: true } })
  expect((await reeve(folder, ['memory', 'search', 'card', '--in', 'elsewhere'])).stdout).toMatch(
    /The scope elsewhere holds nothing\. There are fees/,
  )
  expect((await find('card', '--kind', 'fact')).passages).toEqual([])
  const amended = await reeveJson(folder, [
    'memory',
    'amend',
    id,
    'A new card costs 7 euros.',
    '--why',
    'new prices',
  ])
  expect(amended).toMatchObject({ version: 2 })
  expect((await find('card')).passages[0]!.text).toBe('A new card costs 7 euros.')
  const history = await reeve(folder, ['memory', 'history', id])
  expect(history.stdout).toContain('A new card costs 5 euros.')
  expect(history.stdout).toMatch(/amended by .+: new prices/)
  const preview = await reeveJson(folder, [
    'memory',
    'rollback',
    '--item',
    id,
    '--why',
    'a mistake',
    '--dry-run',
  ])
  expect(preview).toMatchObject({ count: 1, ids: [id], ended: 0 })
  const back = await reeveJson(folder, ['memory', 'rollback', '--item', id, '--why', 'a mistake'])
  expect(back).toMatchObject({ ended: 1, restored: 1 })
  expect((await find('card')).passages[0]!.text).toContain('5 euros')
  await reeveJson(folder, ['memory', 'redact', id, '--why', 'asked to'])
  expect((await find('card')).passages).toEqual([])
  const lines = (await reeve(folder, ['memory', 'export'])).stdout.trim().split('\n')
  const items = lines.map((line) => JSON.parse(line) as { id: string; endedAs: string | null })
  expect(items.filter((one) => one.id === id).map(({ endedAs }) => endedAs)).toEqual([
    'redacted',
    'redacted',
    'redacted',
  ])
})

test('what cannot be done with memory is refused with what to do', async () => {
  const folder = project()
  const failure = async (...words: string[]) => (await reeve(folder, ['memory', ...words])).stderr
  expect(await failure('retract', 'nothing', '--why', 'x')).toContain('There is no item "nothing" in memory')
  expect(await failure('rollback', '--why', 'x')).toContain(
    '--item ID, --source SOURCE, --run RUN or --since TIME',
  )
  expect(await failure('rollback', '--since', 'yesterday', '--why', 'x')).toContain(
    'which is not a valid time',
  )
  expect(await failure('search', 'x', '--kind', 'rumour')).toContain('there are passage, fact')
  expect(await failure('search', 'x', '--as-of', '2999-01-01')).toContain('a time that has passed')
  expect(await failure('ingest', 'nowhere')).toContain('There is no knowledge at')
})
