import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { localOnnx } from '../../src/models/providers/local-onnx.ts'

async function folder(...names: string[]): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'reeve-onnx-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  for (const name of names) await writeFile(join(made, name), '[PAD]\n[UNK]\nrefund\n')
  return made
}

test('a folder without a model, or without its vocabulary, is refused where it is named', async () => {
  const empty = await folder()
  expect(() => localOnnx({ path: empty })).toThrow(/holds no model\.onnx or/)
  const wordless = await folder('model.onnx')
  expect(() => localOnnx({ path: wordless })).toThrow(/vocab\.txt/)
  const path = await folder('model.onnx', 'vocab.txt')
  expect(() => localOnnx({ path, wordShare: 2 })).toThrow(/share, 0 to 1/)
})

test('it is called by its folder unless it has a name, and most of the say is with its vectors', async () => {
  const path = await folder('model.onnx', 'vocab.txt')
  expect(localOnnx({ path })).toMatchObject({ name: `onnx/${basename(path)}`, wordShare: 0.5 })
  expect(localOnnx({ path, name: 'onnx/mini', wordShare: 0.6 })).toMatchObject({
    name: 'onnx/mini',
    wordShare: 0.6,
  })
})
