import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FileChanges } from '../src/project/reload/file-changes.ts'

test('files of a project that were added, changed and removed are told once, when they no longer change', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-changes-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const at = (path: string) => join(folder, path)
  for (const each of ['workflows/deep', 'tools/node_modules', 'lib']) mkdirSync(at(each), { recursive: true })
  for (const each of [
    'reeve.config.ts',
    'workflows/one.ts',
    'workflows/two.ts',
    'lib/sums.ts',
    'lib/other.ts',
  ])
    writeFileSync(at(each), '1')
  const imported = [at('lib/sums.ts')]
  const changes = new FileChanges(folder, () => imported)
  expect(changes.read()).toEqual([])

  writeFileSync(at('workflows/one.ts'), '22')
  writeFileSync(at('lib/sums.ts'), '22')
  expect(changes.read()).toEqual([])
  writeFileSync(at('workflows/deep/three.ts'), '1')
  rmSync(at('workflows/two.ts'))
  expect(changes.read()).toEqual([])
  // Not part of it: what is not imported, what packages bring, what editors leave.
  for (const each of ['lib/other.ts', 'tools/node_modules/x.js', 'workflows/.one.swp', 'workflows/one.ts~'])
    writeFileSync(at(each), '333')
  expect(changes.read()).toEqual([
    { file: at('lib/sums.ts'), change: 'changed' },
    { file: at('workflows/deep/three.ts'), change: 'added' },
    { file: at('workflows/one.ts'), change: 'changed' },
    { file: at('workflows/two.ts'), change: 'removed' },
  ])
  expect(changes.read()).toEqual([])

  // A load imports it for the first time: that is no change, what comes after it is.
  imported.push(at('lib/other.ts'))
  changes.refresh()
  expect(changes.read()).toEqual([])
  writeFileSync(at('lib/other.ts'), '4444')
  expect([changes.read(), changes.read()]).toEqual([[], [{ file: at('lib/other.ts'), change: 'changed' }]])

  // Code imports it late, after the load: it is read as it is now.
  writeFileSync(at('lib/late.ts'), '1')
  imported.push(at('lib/late.ts'))
  expect([changes.read(), changes.read()]).toEqual([[], []])
  writeFileSync(at('lib/late.ts'), '22')
  expect([changes.read(), changes.read()]).toEqual([[], [{ file: at('lib/late.ts'), change: 'changed' }]])
})
