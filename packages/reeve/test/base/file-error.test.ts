import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fileErrorOf } from '../../src/base/files/file-error.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

test.each([
  ['EACCES', 'does not have the right'],
  ['EROFS', 'read-only'],
  ['ENOSPC', 'the disk is full'],
])("a system's %s about a file says what stands in the way", (code, words) => {
  const error = Object.assign(new Error(code), { code, syscall: 'open', path: '/srv/desk/a.ts' })
  expect(fileErrorOf(error)).toMatchObject({
    code: 'file-unusable',
    message: expect.stringMatching(
      new RegExp(`^/srv/desk/a\\.ts cannot be used \\(open, ${code}\\): .*${words}`),
    ),
    cause: error,
  })
})

test('a real one is known; other errors are not taken for one', () => {
  expect(fileErrorOf(thrownBy(() => mkdirSync('/dev/null/desk')))?.message).toContain('/dev/null/desk')
  for (const other of [new Error('x'), 'EACCES', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])
    expect(fileErrorOf(other)).toBeUndefined()
})
