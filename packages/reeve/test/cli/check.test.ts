import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project } from './reeve.ts'

test('check says what a workflow lacks, and no level is given that was not earned', async () => {
  const folder = project()
  expect(await reeveJson(folder, ['check', 'greet'])).toMatchObject({
    code: 0,
    held: 'observe',
    effective: 'observe',
    proposed: null,
  })
  const { stdout } = await reeve(folder, ['check', 'greet'])
  expect(stdout).toContain('greet: no level, because it has no checklist')
  expect(stdout).toContain('not draft:\n  the checklist lacks an owner')
  expect(await reeveJson(folder, ['check', 'greet', '--level', 'autonomous'])).toMatchObject({
    code: 2,
    error: { code: 'level-not-earned' },
  })
  expect(await reeveJson(folder, ['check', 'greet', '--level', 'boss'])).toMatchObject({
    error: { code: 'bad-option' },
  })
  expect(await reeveJson(folder, ['check', 'greet', '--evals', 'greeting'])).toMatchObject({
    error: { code: 'unknown-eval' },
  })
})
