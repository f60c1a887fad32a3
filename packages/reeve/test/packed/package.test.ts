import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import {
  makeFolder,
  packageFolder,
  packReeve,
  repository,
  run,
  succeed,
  type TemporaryFolder,
} from './commands.ts'
import { type Registry, startRegistry } from './registry.ts'

// Package managers take their time on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

/** Everything (`npm run test:packed`); else what differs from the rest in its path alone is left out. */
const isWhole = process.env.REEVE_PACKED === 'all'

/** The compiler of a new project is installed in the whole alone. */
const leanly = isWhole ? [] : ['--omit=dev']

let folder: string
let temporary: TemporaryFolder
let tarball: string
let registry: Registry

beforeAll(async () => {
  temporary = makeFolder()
  folder = temporary.path
  tarball = await packReeve(folder)
  registry = await startRegistry(
    folder,
    [...Object.keys(manifest.dependencies), 'zod', 'reeve', ...(isWhole ? ['typescript'] : [])],
    new Map([['reeve', tarball]]),
    // Its 30 MB are unpacked in the whole alone.
    ['typescript'],
  )
})

afterAll(async () => {
  await registry?.close()
  temporary?.remove()
})

const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')

/** To look at an entry takes attw some seconds; those that are left out differ from these in their path alone. */
const lookedAt = ['.', './connectors/stripe']

test('publint and attw find nothing to say about the package, and every entry is written alike', async () => {
  for (const [entry, conditions] of Object.entries(manifest.exports)) {
    if (entry === './package.json') continue
    const { default: file } = conditions as { default: string }
    const path = file.replace(/^\.\/dist\/(.*)\.js$/, '$1')
    expect(conditions, entry).toEqual({
      'reeve-source': `./src/${path}.ts`,
      types: `./dist/${path}.d.ts`,
      default: `./dist/${path}.js`,
    })
  }
  const bytes = readFileSync(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true })
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  const attw = join(
    dirname(fileURLToPath(import.meta.resolve('@arethetypeswrong/cli/package.json'))),
    'dist/index.js',
  )
  await succeed(folder, [
    process.execPath,
    attw,
    tarball,
    '--profile',
    'esm-only',
    '--entrypoints',
    ...(isWhole ? lookedAt : lookedAt.slice(0, 1)),
  ])
})

test('the tarball has what it names, and nothing that is only of this repository', () => {
  const paths = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const ours = /(^|\/)(test|node_modules|\.tmp|\.reeve)\/|\.env$|\.tgz$|tsbuildinfo|\.built-from/
  expect(paths.filter((path) => ours.test(path))).toEqual([])
  for (const file of [
    'bin/reeve.js',
    'docs/llms.txt',
    'docs/start.md',
    'dist/index.js',
    'CHANGELOG.md',
    'README.md',
    'LICENSE',
  ])
    expect(paths, file).toContain(file)
  for (const named of manifest.files.filter((each) => !each.startsWith('!')))
    expect(
      paths.some((path) => path === named || path.startsWith(`${named}/`)),
      named,
    ).toBe(true)
})

const npm: PackageManager = {
  name: 'npm',
  environment: {
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_strict_allow_scripts: 'true',
  },
  install: (...names) => ['npm', 'install', ...names],
  exec: (...command) => ['npx', '--no-install', ...command],
}

const pnpmScript = join(dirname(fileURLToPath(import.meta.resolve('pnpm'))), 'bin/pnpm.cjs')

const pnpm: PackageManager = {
  name: 'pnpm',
  environment: { npm_config_strict_dep_builds: 'true' },
  install: (...names) => [process.execPath, pnpmScript, names.length > 0 ? 'add' : 'install', ...names],
  exec: (...command) => [process.execPath, pnpmScript, 'exec', ...command],
}

interface PackageManager {
  name: string
  /** Settings under which an install script that nobody approved fails the installation. */
  environment: NodeJS.ProcessEnv
  install(...names: string[]): [string, ...string[]]
  exec(...command: string[]): [string, ...string[]]
}

/** Gives a project what was installed in another, where there is something: npm then has less to unpack. */
async function linkModules(from: string, to: string): Promise<void> {
  const modules = join(from, 'node_modules')
  if (existsSync(modules)) await succeed(to, ['cp', '-RlP', modules, 'node_modules'])
}

describe.each(isWhole ? [npm, pnpm] : [npm])('installed with $name in an empty folder', (manager) => {
  let home: string
  let desk: string
  let environment: NodeJS.ProcessEnv

  const reeve = (...args: string[]) => run(desk, manager.exec('reeve', ...args), environment)

  beforeAll(async () => {
    home = join(folder, manager.name)
    desk = join(home, 'desk')
    mkdirSync(home)
    // A folder of its own for all that it keeps, so that nothing of this machine comes in.
    environment = {
      ...manager.environment,
      HOME: home,
      XDG_DATA_HOME: join(home, '.store'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_STATE_HOME: join(home, '.state'),
      npm_config_registry: registry.url,
      npm_config_cache: join(home, '.cache'),
    }
    writeFileSync(join(home, 'package.json'), '{ "name": "home", "private": true, "type": "module" }')
    await succeed(home, manager.install(tarball), environment)
    await succeed(home, manager.exec('reeve', 'init', 'desk', '--yes'), environment)
    if (!isWhole) await linkModules(home, desk)
    await succeed(desk, [...manager.install(), ...leanly], environment)
  })

  test('a new project runs, waits for a person, goes on, and its doctor finds nothing', async () => {
    const input = '{"message":"Where is my order A-12345?"}'
    const waiting = await reeve('run', 'order-question', '--input', input, '--json')
    expect(waiting).toMatchObject({ code: 3, stderr: '' })
    const { approvals } = JSON.parse(waiting.stdout) as { approvals: { id: string }[] }
    const done = await reeve('approve', approvals[0]!.id, '--work', '--json')
    expect(JSON.parse(done.stdout)).toMatchObject({ output: { answered: true } })
    const { code, stdout } = await reeve('doctor', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ errors: 0, warnings: 0 })
    expect(code).toBe(0)
  })

  test('its own test passes, and one that uses reeve/testing', async () => {
    writeFileSync(
      join(desk, 'test/scripted.test.ts'),
      `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReeveError, workflow } from 'reeve'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

test('a scripted model answers', async () => {
  const ask = workflow({
    name: 'ask',
    input: z.object({ text: z.string() }),
    run: (ctx, { text }) => ctx.extract('read', { schema: z.object({ order: z.string() }), from: text, route: 'x' }),
  })
  const { result } = await runInMemory(ask, { text: 'hello' }, { routes: { x: { solvers: [scriptedSolver(['{"order":"A-1"}'])] } } })
  assert.deepEqual(result, { status: 'succeeded', output: { order: 'A-1' } })
  await assert.rejects(runInMemory(workflow({ input: z.string(), run: async () => 1 }), ''), ReeveError)
})
`,
    )
    const { code, stdout } = await run(desk, [process.execPath, '--test'], environment)
    expect(stdout).toMatch(/pass 2/)
    expect(code).toBe(0)
  })

  test.each(manager === npm ? ['nodenext', 'bundler'] : ['nodenext'])(
    'it compiles under --strict and %s, with the declarations checked',
    async (resolution) => {
      writeFileSync(
        join(desk, 'every-entry.ts'),
        entries
          .map((entry, index) => `import * as entry${index} from 'reeve${entry.slice(1)}'\n`)
          .concat(`export default [${entries.map((_, index) => `entry${index}`)}]\n`)
          .join(''),
      )
      const tsc = join(repository, 'node_modules/typescript/bin/tsc')
      const module = resolution === 'nodenext' ? 'nodenext' : 'esnext'
      const options = ['--strict', '--noEmit', '--module', module, '--moduleResolution', resolution]
      await succeed(
        desk,
        [process.execPath, tsc, '-p', '.', ...options, '--skipLibCheck', 'false'],
        environment,
      )
    },
  )

  // What follows depends on no package manager.
  const once = test.runIf(manager === npm)

  once(
    'a pinned Node whose install script was not allowed is told of, and the running one goes on',
    async () => {
      const pinned = join(desk, 'node_modules/node')
      mkdirSync(pinned)
      writeFileSync(join(pinned, 'package.json'), '{ "name": "node", "version": "24.21.0" }')
      const { code, stdout, stderr } = await reeve('--version')
      rmSync(pinned, { recursive: true })
      expect(stderr).toMatch(/pins Node 24\.21\.0 .* install script did not run\. Going on with Node v\d+/)
      expect(stdout.trim()).toBe(manifest.version)
      expect(code).toBe(0)
    },
  )

  once('without the optional packages, each door says which one to add', async () => {
    writeFileSync(
      join(desk, 'doors.ts'),
      `import { createServer } from 'node:http'
import { hostedEmbedder, hostedSolver, workflow } from 'reeve'
import { mcpServer } from 'reeve/mcp'
import { runInMemory } from 'reeve/testing'
import { runJavaScript, runPython, webPageTool } from 'reeve/tools'
import { z } from 'zod'

const { signal } = new AbortController()
const keys = { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_API_KEY: 'k' }
const question = { task: 'generate', name: 'x', input: ['x'] } as never
const doors: Record<string, () => unknown> = {
  anthropic: () => hostedSolver('anthropic/claude-haiku-4-5', { keys }).solve(question, { signal } as never),
  openai: () => hostedSolver('openai/gpt-5', { keys }).solve(question, { signal } as never),
  google: () => hostedSolver('google/gemini-2.5-flash', { keys }).solve(question, { signal } as never),
  embedder: () => hostedEmbedder('openai/text-embedding-3-small', { keys }).solve(question, { signal } as never),
  mcp: () => mcpServer({ name: 'notes', command: 'node', args: [] }).offers(),
  javascript: () => runJavaScript('1', {} as never),
  python: () => runPython('1', {} as never),
  page: lookAtPage,
}

async function lookAtPage() {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<p>hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = '127.0.0.1:' + (server.address() as { port: number }).port
  const tool = webPageTool({ allow: [], allowPrivate: [host] })
  const look = workflow({ name: 'look', input: z.object({}), run: (ctx) => ctx.call(tool, { url: 'http://' + host }) })
  const { result } = await runInMemory(look, {})
  server.close()
  throw result.status === 'failed' ? result.error : new Error(result.status)
}

for (const [door, open] of Object.entries(doors)) {
  try {
    await open()
    console.log(door, 'opened')
  } catch (error) {
    console.log(door, (error as { code?: string }).code, (error as Error).message)
  }
}
`,
    )
    const said = (await succeed(desk, [process.execPath, 'doors.ts'], environment)).trim().split('\n')
    expect(said).toEqual([
      expect.stringMatching(/^anthropic missing-package .*npm install @ai-sdk\/anthropic@4 ai@7$/),
      expect.stringMatching(/^openai missing-package .*npm install @ai-sdk\/openai@4 ai@7$/),
      expect.stringMatching(/^google missing-package .*npm install @ai-sdk\/google@4 ai@7$/),
      expect.stringMatching(/^embedder missing-package .*npm install @ai-sdk\/openai@4 ai@7$/),
      expect.stringMatching(/^mcp .*npm install @modelcontextprotocol\/sdk@1/),
      expect.stringMatching(/^javascript missing-package .*npm install quickjs-emscripten@0\.32/),
      expect.stringMatching(/^python missing-package .*npm install pyodide@/),
      expect.stringMatching(/^page missing-package .*npm install html-to-text@10 htmlparser2@10$/),
    ])
    const served = await reeve('mcp')
    expect(served.stderr).toMatch(/npm install @modelcontextprotocol\/server@2/)
    expect(served.code).toBe(2)
  })
})

describe('`npm create reeve` in an empty folder', () => {
  const templates = [
    {
      template: 'blank',
      command: ['run', 'order-question', '--input', '{"message":"Where is my order A-12345?"}'],
      output: { answered: true },
    },
    {
      template: 'support-triage',
      command: ['run', 'support-triage', '--input', 'examples/ticket.json'],
      output: { outcome: 'answered' },
    },
    {
      template: 'refund-desk',
      command: ['run', 'refund', '--input', '{"userId":"user_123","request":"Back, please."}'],
      output: { outcome: expect.stringContaining('has been paid') },
    },
  ]

  test.each(isWhole ? templates : templates.slice(-1))(
    '$template passes its own test, runs, and goes on when a person says yes',
    async ({ template, command, output }) => {
      const home = join(folder, `create-${template}`)
      const desk = join(home, 'desk')
      mkdirSync(home)
      const environment = {
        ...npm.environment,
        HOME: home,
        npm_config_registry: registry.url,
        npm_config_cache: join(home, '.cache'),
      }
      await succeed(
        home,
        ['npm', 'create', '--yes', 'reeve', 'desk', '--', '--yes', '--template', template],
        environment,
      )
      await linkModules(join(folder, npm.name, 'desk'), desk)
      await succeed(desk, ['npm', 'install', ...leanly], environment)
      expect(await succeed(desk, ['npm', 'test'], environment)).toMatch(/fail 0/)
      if (isWhole) await succeed(desk, ['npm', 'run', 'check'], environment)
      const reeve = (...args: string[]) => run(desk, npm.exec('reeve', ...args, '--json'), environment)
      const waiting = await reeve(...command)
      expect(waiting).toMatchObject({ code: 3, stderr: '' })
      const { approvals } = JSON.parse(waiting.stdout) as { approvals: { id: string }[] }
      const done = await reeve('approve', approvals[0]!.id, '--work')
      expect(JSON.parse(done.stdout)).toMatchObject({ status: 'succeeded', output })
      expect(JSON.parse((await reeve('doctor')).stdout)).toMatchObject({ errors: 0, warnings: 0 })
    },
  )
})

// The examples as they are in a project that has the package, not the repository: their `reeve` is the tarball's. All
// other packages come from the repository, in which this folder lies.
describe('the examples with the installed package', () => {
  let inside: TemporaryFolder
  let examples: string

  beforeAll(async () => {
    inside = makeFolder(join(packageFolder, 'test/.tmp'))
    examples = join(inside.path, 'examples')
    const installed = join(inside.path, 'node_modules/reeve')
    mkdirSync(installed, { recursive: true })
    await succeed(inside.path, ['tar', '-xzf', tarball, '-C', installed, '--strip-components', '1'])
    const filter = (path: string) => !['node_modules', '.reeve'].includes(basename(path))
    cpSync(join(repository, 'examples'), examples, { recursive: true, filter })
  })

  afterAll(() => inside?.remove())

  test('`npm start` triages the inbox and keeps its page open until it is stopped', async () => {
    const environment = { RECEIVERS_PORT: String(20_000 + (process.pid % 20_000)) }
    let signIn: string | undefined
    const { code, stdout, stderr } = await run(
      join(examples, 'support-triage'),
      ['npm', 'start'],
      environment,
      async (told, stop) => {
        if (signIn !== undefined || !told.includes('Ctrl-C stops')) return
        signIn = /Sign in once, within 15 minutes: (\S+)/.exec(told)![1]!
        const page = await fetch(signIn)
        expect(page.status).toBe(200)
        stop()
      },
    )
    expect(stderr).not.toMatch(/Error/)
    expect(stdout).toMatch(/reeve approve \S+/)
    expect(signIn).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in\?code=/)
    // npm itself ends by the signal.
    expect(code).toBeNull()
  })

  test('the tests of the examples pass', async () => {
    const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
    // What the command of the triage does was seen above; scripts are tested by `reeve scripts test`; a business takes long.
    const options = [
      '--exclude',
      '**/{triage,business}.test.ts',
      '--exclude',
      '**/scripts/**',
      ...(isWhole ? [] : ['--exclude', '**/{small-business,support-triage}/**']),
      '--root',
      examples,
      '--testTimeout',
      '400000',
      '--hookTimeout',
      '400000',
      '--maxWorkers',
      '1',
    ]
    const { code, stdout, stderr } = await run(examples, [process.execPath, vitest, 'run', ...options])
    expect(`${stdout}${stderr}`).toMatch(/Test Files .*passed/)
    expect(`${stdout}${stderr}`).not.toMatch(/failed/)
    expect(code).toBe(0)
  })
})
