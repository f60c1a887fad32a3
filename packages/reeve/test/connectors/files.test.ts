import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { files } from '../../src/connectors/files/index.ts'
import { startFiles } from '../../src/connectors/files/stand-in.ts'
import { workflow } from '../../src/context.ts'
import { testRuntime } from '../../src/testing/index.ts'
import { atTheDoor } from './at-the-door.ts'

async function opened() {
  const root = await mkdtemp(join(tmpdir(), 'reeve-files-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return { root, desk: atTheDoor(files(), { url: pathToFileURL(root).href }) }
}

test('a file that was written is taken back to what stood there, once', async () => {
  const { root, desk } = await opened()
  const first = { path: 'a/b.txt', content: 'one' }
  const made = await desk.run('write', first)
  expect(made.before).toEqual({ was: 'nothing' })
  const second = { path: 'a/b.txt', content: 'two' }
  const over = await desk.run('write', second)
  await expect(desk.undo('write', first, made)).rejects.toThrow('changed since by somebody else')
  await desk.undo('write', second, over)
  await desk.undo('write', second, over)
  expect(await readFile(join(root, 'a/b.txt'), 'utf8')).toBe('one')
  await desk.undo('write', first, made)
  await desk.undo('write', first, made)
  expect((await desk.run('list', { path: 'a' })).entries).toEqual([])
})

test('what an attempt may have written, or what was too large, is not taken back blindly', async () => {
  const { root, desk } = await opened()
  await writeFile(join(root, 'same'), 'one')
  const same = await desk.run('write', { path: 'same', content: 'one' })
  await expect(desk.undo('write', { path: 'same', content: 'one' }, same)).rejects.toThrow('is not known')
  await writeFile(join(root, 'large'), 'x'.repeat(65_537))
  const large = await desk.run('write', { path: 'large', content: 'small' })
  expect(large.before.why).toContain('more than 65536 bytes')
  await writeFile(join(root, 'bytes'), Buffer.from([0xff, 0xfe]))
  await expect(desk.run('read', { path: 'bytes' })).rejects.toThrow('Read it as base64')
  expect((await desk.run('read', { path: 'bytes', encoding: 'base64' })).content).toBe('//4=')
})

test('nothing outside of the folder is reached, by whatever name', async () => {
  const { root, desk } = await opened()
  await symlink('/etc/hostname', join(root, 'link'))
  for (const path of ['../x', '/etc/hostname', 'link', 'a/../../x'])
    await expect(desk.run('read', { path })).rejects.toMatchObject({ code: 'not-applied' })
  await expect(desk.run('write', { path: '../x', content: '' })).rejects.toMatchObject({
    code: 'not-applied',
  })
})

test('a sandbox has a folder of its own, and the real one stays as it is', async () => {
  const { root } = await opened()
  const desk = files({ root, rules: { write: { approval: 'never' } } })
  const one = workflow({
    name: 'one',
    input: z.string(),
    run: async (ctx, path) => {
      await ctx.call(desk.actions.write, { path, content: 'hello' })
      return ctx.call(desk.actions.read, { path })
    },
  })
  await using it = await testRuntime({ workflows: [one], config: { connectors: { files: desk } } })
  expect(await (await it.start(one, 'a.txt')).output()).toEqual({ content: 'hello', bytes: 5 })
  await expect(readFile(join(root, 'a.txt'))).rejects.toThrow('ENOENT')
})

test('the folder of a sandbox with a file for its state outlives its process', async () => {
  const { root } = await opened()
  const first = await startFiles({ file: join(root, 'files.json') })
  await first.close()
  expect((await startFiles({ file: join(root, 'files.json') })).url).toBe(first.url)
})
