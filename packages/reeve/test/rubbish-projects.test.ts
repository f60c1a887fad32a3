import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { addEnvFile } from '../src/base/config.ts'
import { importFile } from '../src/project/files/import-file.ts'
import { reeve } from './cli/hosted.ts'
import { emptyFolder, temporaryFolder } from './cli/reeve.ts'

interface Files {
  [path: string]: string
}

/** A workflow's file, with what stands above it. */
function workflowFile(above = '', input = 'z.null()'): string {
  return `import { workflow } from 'reeve'
import { z } from 'zod'
${above}
export default workflow({ input: ${input}, run: async () => 1 })
`
}

const x = (above: string, others: Files = {}): Files => ({ 'workflows/x.ts': workflowFile(above), ...others })
const config = (text: string): Files => ({ 'reeve.config.ts': `export default ${text}\n`, ...x('') })

function write(folder: string, files: Files): string {
  for (const [path, text] of Object.entries({ 'reeve.config.ts': 'export default {}\n', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

const rubbish: [what: string, files: Files, answer: RegExp][] = [
  ['a misspelt key', config('{ scheduels: {} }'), /`scheduels`.*Did you mean schedules\?/],
  [
    'one of a schedule',
    config('{ schedules: { a: { workflow: "x", corn: "@daily" } } }'),
    /Schedule "a".*`corn`.*cron\?/,
  ],
  ['one of a route', config('{ routes: { a: { solvrs: [] } } }'), /Route "a".*`solvrs`.*solvers\?/],
  ['one of memory', config('{ memory: { scope: {} } }'), /`memory`.*`scope`.*scopes/],
  ['one of approvals', config('{ approvals: { secondlook: true } }'), /`approvals`.*secondLook\?/],
  ['one of a rate', config('{ queues: { a: { rate: { count: 1, pr: "1m" } } } }'), /`queues\.a\.rate`.*per/],
  ['one of secrets', config('{ secrets: { fromEnviroment: true } }'), /`secrets`.*fromEnvironment\?/],
  [
    'one of an MCP server',
    config('{ mcp: { notes: { comand: "x" } } }'),
    /MCP server "notes".*`comand`.*command\?/,
  ],
  [
    'one of an MCP server by URL',
    config('{ mcp: { notes: { url: "https://x.test", header: {} } } }'),
    /MCP server "notes".*`header`.*headers\?/,
  ],
  [
    'one of its tools',
    config('{ mcp: { notes: { command: "x", tools: { add: { aproval: "never" } } } } }'),
    /Tool "add" of MCP server "notes".*`aproval`.*approval\?/,
  ],
  [
    'one of the limits of an agent',
    {
      'agents/a.ts': `import { agent } from 'reeve'
import { z } from 'zod'
export default agent({ name: 'a', instructions: 'x', input: z.string(), route: 'r', owner: 'o', limits: { iteratons: 2 } })\n`,
    },
    /`limits` of agent "a".*`iteratons`.*iterations\?/,
  ],
  [
    'one of a workflow',
    { 'workflows/x.ts': workflowFile().replace('{ input', '{ limit: {}, input') },
    /x\.ts:\d+: .*`limit`.*Did you mean limits\?/,
  ],
  [
    'one of its limits',
    { 'workflows/x.ts': workflowFile().replace('{ input', '{ limits: { stpes: 1 }, input') },
    /`limits`.*`stpes`.*steps\?/,
  ],
  [
    'two of one name',
    { 'workflows/a/x.ts': workflowFile(), 'workflows/b/x.ts': workflowFile() },
    /workflows\/a\/x\.ts and .*workflows\/b\/x\.ts are both workflow "x"/,
  ],
  ['an enum', x('enum Colour { Red }'), /x\.ts:3 .*only removes types.*as const/],
  [
    'an enum of a helper',
    x("import '../lib/a.ts'", { 'lib/a.ts': '\nenum A { B }\n' }),
    /lib\/a\.ts:2 .*as const/,
  ],
  ['a namespace', x('namespace A { export const b = 1 }'), /x\.ts:3 .*a file of its own/],
  [
    'a parameter property',
    x('class A { constructor(private b: number) {} }'),
    /x\.ts:3 .*assign it in the constructor/,
  ],
  [
    'a decorator',
    x('const d = (f: unknown) => f as never\n@d class A {}'),
    /x\.ts:4 .*does not run decorators/,
  ],
  ['an import with =', x("import fs = require('node:fs')"), /x\.ts:3 .*import name from/],
  [
    'no ending',
    x("import { a } from './_a'", { 'workflows/_a.ts': 'export const a = 1\n' }),
    /whole name: \.\/_a\.ts/,
  ],
  [
    'the ending of what is built',
    x("import { a } from '../lib/a.js'", { 'lib/a.ts': 'export const a = 1\n' }),
    /whole name: \.\.\/lib\/a\.ts/,
  ],
  [
    'a folder',
    x("import { a } from './_a'", { 'workflows/_a/index.ts': 'export const a = 1\n' }),
    /name: \.\/_a\/index\.ts/,
  ],
  ['a file that is not there', x("import '../lib/gone.ts'"), /lib\/gone\.ts.*There is no such file/],
  ['a path of tsconfig', x("import '@/a'"), /`paths` of tsconfig\.json/],
  ['a missing package', x("import 'left-padd'"), /x\.ts .*'left-padd'.*npm install left-padd/],
  ['a type as a value', x("import { Workflow } from 'reeve'"), /import type \{ Workflow \}/],
  ['JSON', x("import a from '../a.json'", { 'a.json': '{}' }), /with \{ type: 'json' \}/],
  ['what CommonJS has', x('const a = __dirname'), /import\.meta\.dirname/],
  ['a throw', x("throw new Error('the shop has no key')"), /x\.ts:3 cannot be loaded: the shop has no key/],
  ['a throw of nothing', x('throw undefined'), /x\.ts cannot be loaded: undefined/],
  [
    'two that import each other',
    {
      'workflows/a.ts': workflowFile("import b from './b.ts'\nconsole.log(b.name)"),
      'workflows/b.ts': workflowFile("import a from './a.ts'\nconsole.log(a.name)"),
    },
    /b\.ts:4 .*two files import each other/,
  ],
  ['a helper', { 'workflows/help.ts': 'export const help = 1\n' }, /begins with _/],
  ['code that is not loaded', { 'workflows/x.tsx': workflowFile() }, /x\.tsx is not loaded.*\.ts, \.mts/],
  ['a file in place of a folder', { workflows: '' }, /workflows is a file; it must be a folder/],
  [
    'no configuration in it',
    { 'reeve.config.ts': 'export const config = {}\n' },
    /default export: export default defineConfig/,
  ],
  [
    'an approval of a tool',
    {
      'tools/a.ts': `import { tool } from 'reeve'\nimport { z } from 'zod'
export const a = tool({ name: 'a.b', description: 'x', input: z.null(), output: z.null(), effect: 'once', aproval: 'always', run: () => null })\n`,
    },
    /a\.ts:3: tool "a\.b".*`aproval`.*Did you mean approval\?/,
  ],
  [
    'a tool by hand',
    { 'tools/a.ts': 'export default { name: "a", run() {} }\n' },
    /a\.ts has a default export that was not made by tool/,
  ],
  ['an agent by hand', { 'agents/a.ts': 'export default { name: "a" }\n' }, /that was not made by agent/],
]

/** Node itself loads each: what it says is what is advised on. */
const loadAll = `import { loadProject } from '${import.meta.resolve('../src/project/load.ts')}'
const tell = (folder) => loadProject(folder).then(() => '', ({ code, message }) => code + ' ' + message)
const told = []
for (const folder of process.argv.slice(1)) told.push(await tell(folder))
console.log(JSON.stringify(told))`

test('what is wrong with a project is told with its place and what to write', {
  timeout: 120_000,
}, async () => {
  const projects = temporaryFolder()
  const folders = rubbish.map(([, files], index) => write(join(projects, String(index)), files))
  const flags = ['--conditions=reeve-source', '--input-type=module', '--eval', loadAll]
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...folders])
  const told = JSON.parse(stdout) as string[]
  const wrong = rubbish.flatMap(([what, , answer], index) =>
    /^(bad|broken|duplicate)-/.test(told[index]!) && answer.test(told[index]!) ? [] : [[what, told[index]]],
  )
  expect(wrong).toEqual([])
})

test.each<[string, Files, RegExp]>([
  [
    'an input of a schedule that does not fit',
    config('{ schedules: { a: { workflow: "x", cron: "@daily", input: 7 } } }'),
    /Schedule "a" has an input that does not fit workflow "x"/,
  ],
  [
    'a schedule of no workflow',
    config('{ schedules: { a: { workflow: "y", cron: "@daily" } } }'),
    /Schedule "a" starts workflow "y", which the project does not have\. Did you mean x\?/,
  ],
])('a command ends with 2 and says what is wrong: %s', async (_what, files, answer) => {
  const { code, stderr } = await reeve(write(temporaryFolder(), files), ['run', 'x', '--input', 'null'])
  expect(stderr).toMatch(answer)
  expect(code).toBe(2)
})

test('a workflow in a subfolder, of any ending; tests, declarations and helpers are left alone', async () => {
  const folder = write(temporaryFolder(), {
    'workflows/billing/remind.mts': workflowFile("import { a } from './_a.ts'\nvoid a"),
    'workflows/billing/_a.ts': 'export const a = 1\n',
    'workflows/billing/remind.test.ts': 'throw new Error("it is not loaded")\n',
    'workflows/types.d.ts': 'export type A = string\n',
    'workflows/types.d.cts': 'export type A = string\n',
  })
  const { stdout, code } = await reeve(folder, ['run', 'remind', '--input', 'null'])
  expect(stdout).toContain('succeeded')
  expect(code).toBe(0)
})

test('code that waits for ever where it is loaded is told of, and keeps no command', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const folder = write(emptyFolder(), { 'a.ts': 'await new Promise(() => {})\nexport {}\n' })
  const loading = importFile(join(folder, 'a.ts'), folder)
  vi.advanceTimersByTime(30_000)
  await expect(loading).rejects.toMatchObject({
    code: 'broken-file',
    message: expect.stringMatching(
      /^\S+a\.ts has not been loaded after 30 s: .*`await`.*Do such work in a step/,
    ),
  })
})

test.each([
  ['SHOP_KEY: hunter2', /\.env cannot be read: line 1 is neither NAME=value nor a comment\. Mend it/],
  ['A=1\n# why\n\nhunter2', /line 4 is neither/],
  ['2A=hunter2', /line 1 is neither/],
  ['A="hunter2\nB=1', /the value of A \(line 1\) begins with ", and that is not closed/],
  ['A="hunter2\nB="x"', /the value of A \(line 1\) begins with "/],
])('a slip in .env is told without what stands there: %s', (text, why) => {
  const folder = write(emptyFolder(), { '.env': text })
  expect(() => addEnvFile(folder, {})).toThrow(why)
  expect(() => addEnvFile(folder, {})).not.toThrow(/hunter2/)
})

test('a .env may have what others write', () => {
  const key = '-----BEGIN\nabc=\n-----END'
  const text = `\uFEFF# keys\r\nexport A = 1 # one\r\nB='it is "so"'\nC="${key}" # key\nD=\nE=a=b\nF.g-h=1\n`
  expect(addEnvFile(write(emptyFolder(), { '.env': text }), {})).toMatchObject({ C: key, D: '', E: 'a=b' })
})
