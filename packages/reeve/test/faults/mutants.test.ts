import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutants } from './mutants/seeded-bugs.ts'

const source = join(import.meta.dirname, '../..')

test('every seeded bug fits the code as it is, exactly once', () => {
  const stale = mutants.filter(({ file, find }) => {
    return readFileSync(join(source, file), 'utf8').split(find).length !== 2
  })
  expect(stale.map(({ name }) => name)).toEqual([])
})
