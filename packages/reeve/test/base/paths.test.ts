import { posix, win32 } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { isInnerPath } from '../../src/base/files/inner-path.ts'
import { siblingScript } from '../../src/base/package-files.ts'
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

test('a script beside a module is found on every system, whatever its folder is called', () => {
  for (const [windows, file] of [
    [false, '/Users/a b/node_modules/reeve/dist/engine/x.js'],
    [true, 'C:\\Program Files\\desk\\node_modules\\reeve\\dist\\engine\\x.js'],
  ] as const) {
    const found = siblingScript(pathToFileURL(file, { windows }).href, 'lease-thread')
    expect(found).toEqual(pathToFileURL(file.replace('x.js', 'lease-thread.js'), { windows }))
  }
})

test('a path with spaces is one word of a shell', () => {
  expect(shellWord('/Users/a b/desk')).toBe("'/Users/a b/desk'")
})
