import { execFileSync } from 'node:child_process'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { fileTools } from '../../src/tools/files/files.ts'
import { Jail } from '../../src/tools/files/jail.ts'
import { JailedFiles } from '../../src/tools/files/jailed-files.ts'
import { jailedParts } from '../../src/tools/files/jailed-path.ts'
import { callTool } from './tool-call.ts'

let base: string
let root: string

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-files-')))
  root = join(base, 'root')
  mkdirSync(join(root, 'sub'), { recursive: true })
  mkdirSync(join(base, 'root-beside'))
  writeFileSync(join(root, 'sub', 'a.txt'), 'inside')
  writeFileSync(join(base, 'secret.txt'), 'canary')
  writeFileSync(join(base, 'root-beside', 'secret.txt'), 'canary')
})

afterEach(() => rmSync(base, { recursive: true }))

test.each([
  '../secret.txt',
  'sub/../../secret.txt',
  '..',
  './sub/a.txt',
  '/etc/passwd',
  '//etc/passwd',
  'sub//a.txt',
  'sub\\..\\..\\secret.txt',
  'a\0.txt',
  'a\n.txt',
  '\u2024\u2024/secret.txt',
  '\uff0e\uff0e/secret.txt',
  'sub\uff0fa.txt',
  'a\u202etxt.exe',
  'a\u200b.txt',
  'e\u0301.txt',
  '\ud800.txt',
  'C:/windows',
  'a.txt:stream',
  'name. ',
  '...',
  '../root-beside/secret.txt',
  `${'a'.repeat(256)}`,
  'a/'.repeat(40),
])('refuses the path %j', (path) => {
  expect(() => jailedParts(path)).toThrow(NotApplied)
})

test('no text at all names a place outside', () => {
  const character = fc.constantFrom('.', '/', '\\', '\0', 'a', ' ', ':', '~', '%2e', '\uff0e', '\u2025', '-')
  fc.assert(
    fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
      let parts: string[]
      try {
        parts = jailedParts(characters.join(''))
      } catch {
        return true
      }
      return join('/jail', ...parts) === ['/jail', ...parts].join('/')
    }),
    { numRuns: 2000 },
  )
})

test('a system that cannot keep a path inside a folder is refused, not trusted', async () => {
  const files = new JailedFiles(new Jail(root, false), 1000, 100)
  for (const attempt of [
    () => files.read('sub/a.txt'),
    () => files.list(''),
    () => files.write('b.txt', Buffer.from('x')),
    () => files.remove('sub/a.txt'),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ cause: { code: 'jail-unavailable' } })
  }
  expect(readFileSync(join(root, 'sub/a.txt'), 'utf8')).toBe('inside')
})

describe('in the jail', () => {
  const files = (maxBytes = 1000) => new JailedFiles(new Jail(root), maxBytes, 100)

  test('reads, writes, lists and removes', async () => {
    expect((await files().read('sub/a.txt')).toString()).toBe('inside')
    await files().write('new/deep/b.txt', Buffer.from('written'))
    expect(readFileSync(join(root, 'new/deep/b.txt'), 'utf8')).toBe('written')
    await files().write('new/deep/b.txt', Buffer.from('again'))
    expect(await files().list('new/deep')).toEqual({
      entries: [{ name: 'b.txt', kind: 'file', bytes: 5 }],
      more: false,
    })
    expect(await files().remove('new/deep/b.txt')).toBe(true)
    expect(await files().remove('new/deep/b.txt')).toBe(false)
    expect(readdirSync(join(root, 'new/deep'))).toEqual([])
  })

  test('follows no symbolic link, in any part', async () => {
    symlinkSync(base, join(root, 'up'))
    symlinkSync(join(base, 'secret.txt'), join(root, 'link.txt'))
    symlinkSync(join(root, 'sub', 'a.txt'), join(root, 'inner.txt'))
    for (const path of ['up/secret.txt', 'link.txt', 'inner.txt']) {
      await expect(files().read(path)).rejects.toBeInstanceOf(NotApplied)
    }
    await expect(files().list('up')).rejects.toBeInstanceOf(NotApplied)
    await expect(files().write('up/new.txt', Buffer.from('x'))).rejects.toBeInstanceOf(NotApplied)
    await expect(files().remove('up/secret.txt')).rejects.toBeInstanceOf(NotApplied)
    expect(readdirSync(base).sort()).toEqual(['root', 'root-beside', 'secret.txt'])
  })

  test('a link at the place of a file is replaced, not followed', async () => {
    symlinkSync(join(base, 'secret.txt'), join(root, 'link.txt'))
    await files().write('link.txt', Buffer.from('mine'))
    expect(readFileSync(join(base, 'secret.txt'), 'utf8')).toBe('canary')
    expect(lstatSync(join(root, 'link.txt')).isFile()).toBe(true)
  })

  test('a folder that is swapped for a link while it is in use leads nowhere', async () => {
    const outside = join(base, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'a.txt'), 'canary')
    const seen = new Set<string>()
    let swapped = false
    // A writer that finds no folder makes one: the way is cleared until the swap succeeds.
    const put = (place: () => void) => {
      for (;;) {
        try {
          return place()
        } catch {
          rmSync(join(root, 'sub'), { recursive: true, force: true })
        }
      }
    }
    const swap = () => {
      if (swapped) {
        rmSync(join(root, 'sub'), { recursive: true, force: true })
        put(() => renameSync(join(root, 'kept'), join(root, 'sub')))
      } else {
        renameSync(join(root, 'sub'), join(root, 'kept'))
        put(() => symlinkSync(outside, join(root, 'sub')))
      }
      swapped = !swapped
    }
    for (let round = 0; round < 150; round++) {
      const reading = files()
        .read('sub/a.txt')
        .then(
          (content) => seen.add(content.toString()),
          () => {},
        )
      const writing = files()
        .write('sub/w.txt', Buffer.from('mine'))
        .catch(() => {})
      for (let turn = 0; turn <= round % 7; turn++) await new Promise((resolve) => setImmediate(resolve))
      swap()
      await Promise.all([reading, writing])
    }
    expect(seen.has('canary')).toBe(false)
    expect(seen.has('inside')).toBe(true)
    expect(readdirSync(outside)).toEqual(['a.txt'])
  })

  test('pipes, hard links, folders and large files are refused at once', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')])
    linkSync(join(base, 'secret.txt'), join(root, 'hard.txt'))
    writeFileSync(join(root, 'large'), '')
    truncateSync(join(root, 'large'), 2 ** 33)
    await expect(files().read('pipe')).rejects.toThrow(/not a file/)
    await expect(files().read('hard.txt')).rejects.toThrow(/hard link/)
    await expect(files().read('sub')).rejects.toThrow(/not a file/)
    await expect(files().read('large')).rejects.toThrow(/more than 1000 bytes/)
    await expect(files().write('big', Buffer.alloc(1001))).rejects.toThrow(/more than 1000 bytes/)
    await expect(files().write('sub', Buffer.from('x'))).rejects.toThrow(/folder of that name/)
    await expect(files().remove('sub')).rejects.toThrow(/not a file/)
    await expect(files().read('nowhere')).rejects.toThrow(/not there/)
  })

  test('a write that fails leaves nothing behind', async () => {
    mkdirSync(join(root, 'full'))
    const content = new Proxy(Buffer.from('x'), {
      get(target, key) {
        if (key === Symbol.iterator || key === 'byteLength') return Reflect.get(target, key)
        throw new Error('broken')
      },
    })
    await expect(files().write('full/a.txt', content)).rejects.toThrow()
    expect(readdirSync(join(root, 'full'))).toEqual([])
  })
})

test('as tools, each has its class and its risk', async () => {
  const { read, list, write, remove } = fileTools({ root })
  expect([read, list, write, remove].map((tool) => [tool.name, tool.effect, tool.risk])).toEqual([
    ['files.read', 'read', 'low'],
    ['files.list', 'read', 'low'],
    ['files.write', 'idempotent', 'medium'],
    ['files.remove', 'idempotent', 'high'],
  ])
  await callTool(write, { path: 'b.bin', content: '/wA=', encoding: 'base64' })
  expect(readFileSync(join(root, 'b.bin'))).toEqual(Buffer.from([0xff, 0]))
  await expect(callTool(read, { path: 'b.bin' })).rejects.toMatchObject({ code: 'not-utf8' })
  expect(await callTool(read, { path: 'b.bin', encoding: 'base64' })).toEqual({ content: '/wA=', bytes: 2 })
  expect((await callTool(list, {})).entries.map(({ name }) => name)).toEqual(['b.bin', 'sub'])
  expect(await callTool(remove, { path: 'b.bin' })).toEqual({ removed: true })
  expect(() => fileTools({ root: 'relative' })).toThrow(/absolute/)
})
