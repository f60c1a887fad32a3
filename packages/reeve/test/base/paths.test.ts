import { posix, win32 } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { isInnerPath } from '../../src/base/files/inner-path.ts'
import { codeFolderOf } from '../../src/base/package-files.ts'
import { shellWord } from '../../src/base/text/shell-word.ts'
import { jailedParts } from '../../src/tools/files/jailed-path.ts'

/** What each system makes of it below its own project, the way that code does. */
function staysInside(path: string): boolean[] {
  return [
    { system: posix, project: '/srv/desk' },
    { system: win32, project: 'C:\\srv\\desk' },
  ].map(({ system, project }) => system.resolve(project, path).startsWith(project))
}

test.each(['out/a.md', 'out\\a.md', 'a..b/c', '.hidden', 'a/./b'])(
  '%s lies inside, on every system',
  (path) => {
    expect([isInnerPath(path), ...staysInside(path)]).toEqual([true, true, true])
  },
)

test.each([
  '/etc/passwd',
  '../a',
  'a/../../b',
  'C:\\Windows',
  'c:evil',
  '\\\\server\\share',
  '\\a',
  '..\\a',
  'a\\..\\..\\b',
])('%s may lead outside on some system, and is refused on every one', (path) => {
  expect(isInnerPath(path)).toBe(false)
  expect(() => jailedParts(path)).toThrow('was refused')
})

test('the folder of the code is found on every system, whatever the folders above it are called', () => {
  for (const [windows, folder] of [
    [false, '/Users/a b/dist/node_modules/reeve/dist/'],
    [false, '/home/src/reeve/packages/reeve/src/'],
    [true, 'C:\\src files\\desk\\node_modules\\reeve\\dist\\'],
  ] as const) {
    const file = `${folder}${windows ? 'chunks\\x.js' : 'chunks/x.js'}`
    expect(codeFolderOf(pathToFileURL(file, { windows }).href)).toEqual(pathToFileURL(folder, { windows }))
  }
})

test('a path with spaces is one word of a shell', () => {
  expect(shellWord('/Users/a b/desk')).toBe("'/Users/a b/desk'")
})
