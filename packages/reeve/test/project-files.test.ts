import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addEnvFile, renewEnvFile } from '../src/base/config.ts'
import { loadProject } from '../src/project/load.ts'

const workflowFile = `import { workflow } from 'reeve'
import { z } from 'zod'
export default workflow({ input: z.null(), run: async () => 1 })
`

function projectWith(files: { [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const all = { 'reeve.config.ts': 'export default {}\n', ...files }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    // Beside the packages that it imports.
    writeFileSync(
      join(folder, path),
      text.replaceAll(/from '(reeve|zod)'/g, (_, name) => `from '${urlOf(name)}'`),
    )
  }
  return folder
}

const urlOf = (name: string) => import.meta.resolve(name === 'reeve' ? '../src/index.ts' : 'zod')

test('workflows lie in subfolders and have any ending of a module; helpers, tests and declarations are left alone', async () => {
  const { workflows } = await loadProject(
    projectWith({
      'workflows/refund.ts': workflowFile,
      'workflows/billing/invoice.mts': workflowFile,
      'workflows/billing/remind.mjs': workflowFile,
      'workflows/_shared.ts': 'export const shared = 1\n',
      'workflows/_parts/sums.ts': 'export const sum = 1\n',
      'workflows/refund.test.ts': 'throw new Error("a test is not loaded")\n',
      'workflows/types.d.ts': 'export type Refund = string\n',
      'workflows/.hidden.ts': 'throw new Error("it is not loaded")\n',
      'workflows/notes.md': 'not code',
    }),
  )
  expect(workflows.map(({ name }) => name)).toEqual(['invoice', 'remind', 'refund'])
})

test('two workflows of one name are refused with both files; a helper among workflows is told where to go', async () => {
  const twice = projectWith({ 'workflows/refund.ts': workflowFile, 'workflows/shop/refund.ts': workflowFile })
  await expect(loadProject(twice)).rejects.toThrow(
    /workflows\/refund\.ts and .*workflows\/shop\/refund\.ts are both workflow "refund"/,
  )
  const helper = projectWith({ 'workflows/helper.ts': 'export const help = 1\n' })
  await expect(loadProject(helper)).rejects.toThrow(/helper\.ts must export a workflow.*begins with _/)
})

test.each([
  ['export default { routse: {} }', /The configuration has an option `routse`, .* Did you mean routes\?/],
  ['export default { queues: { mail: { concurency: 1 } } }', /`queues\.mail` .*`concurency`.*concurrency/],
  ['export default { budgets: { dya: 1 } }', /`budgets` .*`dya`.*day/],
  ['export default { retention: { success: "3d" } }', /`retention` .*`success`.* succeeded/],
])('a misspelt option of the configuration is refused: %s', async (config, why) => {
  await expect(loadProject(projectWith({ 'reeve.config.ts': `${config}\n` }))).rejects.toThrow(why)
})

test('.env adds to the environment, which keeps what it has', () => {
  const folder = projectWith({ '.env': '# keys\nSHOP_KEY="a b"\nPORT=4100\nexport OTHER=1\n' })
  const target: NodeJS.ProcessEnv = { PORT: '' }
  expect(addEnvFile(folder, target)).toEqual({ SHOP_KEY: 'a b', OTHER: '1' })
  expect(target).toEqual({ PORT: '', SHOP_KEY: 'a b', OTHER: '1' })
  expect(addEnvFile(projectWith({}), {})).toEqual({})
})

test('.env is read anew: what it added gives way, and a slip in it changes nothing', () => {
  const folder = projectWith({ '.env': 'A=1\nB=1\nC=1\n' })
  const target: NodeJS.ProcessEnv = {}
  const added = addEnvFile(folder, target)
  target.C = 'set since'
  writeFileSync(join(folder, '.env'), 'A=2\nD=2\nC=2\n')
  const again = renewEnvFile(folder, added, target)
  expect(again).toEqual({ A: '2', D: '2' })
  expect(target).toEqual({ A: '2', C: 'set since', D: '2' })
  writeFileSync(join(folder, '.env'), 'A\n')
  expect(() => renewEnvFile(folder, again, target)).toThrow(/line 1/)
  expect(target).toEqual({ A: '2', C: 'set since', D: '2' })
})

test('a .env that cannot be read is told of', () => {
  const folder = projectWith({ 'x.txt': '' })
  mkdirSync(join(folder, '.env'))
  chmodSync(join(folder, '.env'), 0o700)
  expect(() => addEnvFile(folder, {})).toThrow(/\.env cannot be read: .*Mend it, or remove it/)
})
