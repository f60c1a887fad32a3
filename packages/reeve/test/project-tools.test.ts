import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../src/agents/agent.ts'
import { silentLog } from '../src/base/log.ts'
import { systemClock } from '../src/base/time/time.ts'
import { workflow } from '../src/context.ts'
import type { Workflow } from '../src/engine/workflow.ts'
import type { ProjectConfig } from '../src/project/config.ts'
import { loadProject, type Project, projectOf } from '../src/project/load.ts'
import { mcpServersOf } from '../src/project/tools.ts'
import { Runtime } from '../src/runtime/runtime.ts'
import { scriptedSolver, toolCalls } from '../src/testing/scripted.ts'
import { tool } from '../src/tools/tool.ts'
import { ended, start } from './cli/reeve.ts'

const hostile = fileURLToPath(new URL('./tools/mcp/hostile-server.ts', import.meta.url))
const environment = {
  database: { kind: 'sqlite', file: ':memory:' },
  keys: {},
  user: 'ada',
  ci: false,
  variables: { PATH: process.env.PATH },
} as const

/** A project's folder with these files; `reeve` and `zod` can be imported there. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  const all = { 'reeve.config.ts': 'export default {}', ...files }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

function toolFile(exported: string, name?: string): string {
  const named = name === undefined ? '' : `name: '${name}', `
  return `import { tool } from 'reeve'
import { z } from 'zod'
${exported} tool({ ${named}description: '', input: z.object({}), output: z.null(), effect: 'read', run: () => null })
`
}

async function opened(project: Project): Promise<Runtime> {
  const runtime = await Runtime.open({ project, environment, log: silentLog })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  return runtime
}

async function outcome(config: ProjectConfig, flow: Workflow, folder?: string): Promise<unknown> {
  const runtime = await opened(projectOf({ knowledge: [], ...config }, [flow], folder))
  return (await runtime.startRun(flow, {})).result()
}

function server(behaviour: object = {}) {
  return { command: process.execPath, args: [hostile, JSON.stringify(behaviour)] }
}

/** Pins what the servers of a configuration offer, as a person would. */
async function pin(config: ProjectConfig, folder: string): Promise<void> {
  const edges = { clock: systemClock, environment }
  for (const each of await mcpServersOf(projectOf(config, [], folder), edges)) {
    await each.pin()
    await each.close()
  }
}

/** How many processes have this text in their command line. */
function running(text: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false // It has ended meanwhile.
    }
  }).length
}

const echo = tool({
  name: 'talk.echo',
  description: 'Says it again.',
  input: z.object({ text: z.string() }),
  output: z.string(),
  effect: 'read',
  run: ({ text }) => text,
})

test('a file of tools/ gives its tool its own name; named exports and lists count too', async () => {
  const folder = folderWith({
    'tools/helpdesk.reply.ts': toolFile('export default'),
    'tools/more.ts': `${toolFile('export const one =', 'shop.find')}export const all = [one]\n`,
    'reeve.config.ts': `${toolFile('const kept =', 'shop.keep')}export default { tools: [kept] }`,
  })
  const { tools } = await loadProject(folder)
  expect(tools.map(({ name }) => name).sort()).toEqual(['helpdesk.reply', 'shop.find', 'shop.keep'])
})

test.each([
  [
    {
      'tools/a.ts': toolFile('export const a =', 'shop.find'),
      'tools/b.ts': toolFile('export const b =', 'Shop-find'),
    },
    'duplicate-tool',
    '"shop.find" and "Shop-find"',
  ],
  [
    {
      'tools/shop.find.ts': toolFile('export default'),
      'reeve.config.ts': `${toolFile('const kept =', 'shop.find')}export default { tools: [kept] }`,
    },
    'duplicate-tool',
    '"shop.find" and "shop.find"',
  ],
  [{ 'tools/a.ts': toolFile('export const a =') }, 'bad-tool', 'exports a tool without a name'],
  [{ 'tools/2nd.ts': toolFile('export default') }, 'bad-tool', '"2nd" is not a name'],
  [{ 'tools/a.ts': 'nonsense(' }, 'broken-file', 'a.ts'],
])(
  'a project whose tools cannot be told apart is refused when it is loaded: %#',
  async (files, code, why) => {
    await expect(loadProject(folderWith(files))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(why),
    })
  },
)

test('agents and workflows name the tools of their project', async () => {
  const clerk = agent({
    name: 'clerk',
    instructions: 'Talk.',
    input: z.object({}),
    tools: ['talk.echo'],
    route: 'chat',
    owner: 'tests',
  })
  const flow = workflow({
    name: 'flow',
    input: z.object({}),
    run: async (ctx) => [await ctx.call('talk.echo', { text: 'mine' }), await ctx.agent(clerk, {})],
  })
  const chat = scriptedSolver([toolCalls(['talk.echo', { text: 'its' }]), 'done'])
  const config = { tools: [echo], routes: { chat: { solvers: [chat] } } }
  expect(await outcome(config, flow as Workflow)).toEqual({ status: 'succeeded', output: ['mine', 'done'] })
  expect(chat.questions[0]!.tools).toMatchObject([{ name: 'talk.echo', description: 'Says it again.' }])
  expect(chat.questions[1]!.messages!.at(-1)).toMatchObject({ tool: 'talk.echo', text: 'its' })
  expect(await outcome({ ...config, tools: [] }, flow as Workflow)).toMatchObject({
    status: 'failed',
    error: {
      code: 'unknown-tool',
      message: expect.stringContaining('no tool "talk.echo". There is none yet.'),
    },
  })
})

const clerk = (more: { route?: string; tools?: string[] }) =>
  agent({
    name: 'clerk',
    instructions: 'Talk.',
    input: z.object({}),
    route: 'chat',
    owner: 'tests',
    ...more,
  })

test.each([
  [
    clerk({ route: 'chatt' }),
    'unknown-route',
    'Agent "clerk" asks on the route "chatt"',
    'Did you mean chat?',
  ],
  [clerk({ route: 'writing' }), 'unknown-route', 'no such route', 'There is: chat.'],
  [clerk({ tools: ['talk.ehco'] }), 'unknown-tool', 'Agent "clerk" names the tool "talk.ehco"', 'talk.echo?'],
])(
  'a name that an agent misspells is told when the project is opened: %#',
  async (misspelt, code, what, near) => {
    const chat = scriptedSolver(['done'])
    const config = { tools: [echo], routes: { chat: { solvers: [chat] } }, agents: [misspelt] }
    const opening = opened(projectOf(config, []))
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringContaining(what) })
    await expect(opening).rejects.toThrow(near)
  },
)

test('of a grant for a tool that is not there the nearest name is told', async () => {
  const flow = workflow({
    name: 'flow',
    input: z.object({}),
    grants: [{ tool: 'talk.ecko' }],
    run: async () => null,
  })
  await expect(opened(projectOf({ tools: [echo] }, [flow as Workflow]))).rejects.toMatchObject({
    code: 'grant-without-tool',
    message: expect.stringMatching(/Workflow "flow": .*"talk\.ecko".*Did you mean talk\.echo\?/),
  })
})

test('MCP servers of the configuration start when they are needed, and end with the runtime', async () => {
  const folder = folderWith({})
  const ledger = join(folder, 'ledger')
  const config: ProjectConfig = {
    mcp: { far: { ...server({ ledger }), allow: ['target'], tools: { target: { approval: 'never' } } } },
    knowledge: [],
  }
  await pin(config, folder)
  const flow = workflow({ name: 'flow', input: z.object({}), run: (ctx) => ctx.call('far.target', { a: 1 }) })
  const refused = workflow({ name: 'refused', input: z.object({}), run: (ctx) => ctx.call('far.act', {}) })
  const runtime = await Runtime.open({
    project: projectOf(config, [flow as Workflow, refused as Workflow], folder),
    environment,
    log: silentLog,
  })
  await runtime.start()
  expect(running(ledger)).toBe(0)
  const first = await (await runtime.startRun(flow, {})).result()
  expect(first).toMatchObject({ status: 'succeeded' })
  expect(running(ledger)).toBe(1)
  const second = await (await runtime.startRun(refused, {})).result()
  expect(second).toMatchObject({ status: 'failed', error: { code: 'unknown-tool' } })
  await runtime.stop()
  await expect.poll(() => running(ledger)).toBe(0)
})

test('a server whose tools are not pinned has none, and whoever names one hears why', async () => {
  const flow = workflow({ name: 'flow', input: z.object({}), run: (ctx) => ctx.call('far.target', { a: 1 }) })
  expect(await outcome({ mcp: { far: server() } }, flow as Workflow, folderWith({}))).toMatchObject({
    status: 'failed',
    error: { code: 'unknown-tool', message: expect.stringContaining('Look at what it offers, then pin it') },
  })
})

test('a tool of a server that could be taken for one of the project is refused', async () => {
  const folder = folderWith({})
  const config: ProjectConfig = {
    mcp: { talk: server({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }) },
  }
  await pin(config, folder)
  const project = projectOf({ ...config, tools: [echo] }, [], folder)
  await expect(Runtime.open({ project, environment, log: silentLog })).rejects.toMatchObject({
    code: 'duplicate-tool',
  })
})

test('`reeve mcp pin` without a file pins the servers of the project, as far as they are allowed', async () => {
  const config = `export default { mcp: { far: ${JSON.stringify({ ...server(), allow: ['target'] })} } }`
  const folder = folderWith({ 'reeve.config.ts': config })
  const shown = await ended(start(folder, ['mcp', 'pin']))
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/^new +far\.target/m)
  expect(shown.stdout).not.toContain('far.act')
  expect(existsSync(join(folder, 'mcp-pins.json'))).toBe(false)
  expect(await ended(start(folder, ['mcp', 'pin', '--yes']))).toMatchObject({ code: 0 })
  expect(existsSync(join(folder, 'mcp-pins.json'))).toBe(true)
  const none = await ended(start(folderWith({}), ['mcp', 'pin']))
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('has no MCP server') })
})
