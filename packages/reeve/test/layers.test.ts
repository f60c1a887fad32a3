import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../src', import.meta.url))

/** From the bottom up: a file imports from its own layer and from those before it. `root` is any other file of `src`. */
const layers = [
  'base',
  'text',
  'store',
  'engine',
  'inspect',
  'governance',
  'models',
  'memory',
  'tools',
  'triggers',
  'telemetry',
  'connectors',
  'agents',
  'context',
  'root',
  'evals',
  'autonomy',
  'project',
  'runtime',
  'server',
  'testing',
  'client',
  'cli',
  'internal.ts',
  'index.ts',
]

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

function layerOf(file: string): string {
  const [first, ...rest] = file.split('/')
  return rest.length > 0 || layers.includes(first!) ? first! : 'root'
}

const statements = /^\s*(import|export)\s+(type\s+)?(?:([^'"`;]*?)\s*from\s*)?['"]([^'"]+)['"]/gm
const calls = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** The imports of one file of the source, of files of the source. */
function importsOf(from: string, text: string): Import[] {
  const found: { path: string; typeOnly: boolean }[] = []
  for (const [, keyword, type, names, path] of text.matchAll(statements)) {
    if (keyword === 'export' && names === undefined) continue
    const inner = names?.match(/^\{([^}]*)\}$/)?.[1]?.split(',')
    const allTypes = inner?.every((name) => !name.trim() || /^type\s/.test(name.trim())) ?? false
    found.push({ path: path!, typeOnly: type !== undefined || allTypes })
  }
  for (const [, path] of text.matchAll(calls)) found.push({ path: path!, typeOnly: false })
  return found
    .filter(({ path }) => path.startsWith('.'))
    .map(({ path, typeOnly }) => ({
      from,
      to: relative(source, resolve(source, dirname(from), path)),
      typeOnly,
    }))
}

function faultOf({ from, to }: Import): string | undefined {
  if (to.startsWith('..')) return `${from} imports ${to}, which is outside src`
  const [left, right] = [layers.indexOf(layerOf(to)), layers.indexOf(layerOf(from))]
  if (left < 0) return `${to} is in no known layer`
  if (right < 0) return `${from} is in no known layer`
  return left <= right ? undefined : `${from} (${layerOf(from)}) imports ${to} (${layerOf(to)})`
}

/** Circles of imports that exist when the program runs. */
function circlesIn(imports: Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) targets.set(from, [...(targets.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, above: string[]) => {
    const start = above.indexOf(file)
    if (start >= 0) circles.push([...above.slice(start), file].join(' → '))
    if (start >= 0 || done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...above, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return circles
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.tsx?$/.test(file),
)
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(source, file), 'utf8')))

test('the source is read', () => {
  expect(files.length).toBeGreaterThan(50)
  expect(imports).toContainEqual({ from: 'store/sqlite/sqlite.ts', to: 'base/errors.ts', typeOnly: false })
  expect(imports).toContainEqual({ from: 'store/sqlite/sqlite.ts', to: 'base/time/time.ts', typeOnly: true })
})

const architecture = readFileSync(new URL('../../../ARCHITECTURE.md', import.meta.url), 'utf8')

test('ARCHITECTURE.md states the order of the layers', () => {
  const stated = architecture.match(/^base < .*$/m)?.[0].split(' < ')
  const order = layers.slice(0, layers.indexOf('cli') + 1)
  expect(stated).toEqual(order.map((layer) => (layer === 'root' ? 'context.ts' : layer)))
})

/** A path begins at the repository or in `src`; a name alone is that of one file. */
test('each file that ARCHITECTURE.md names is there, and no other is meant by it', () => {
  const ofAnyFolder = ['reeve.config.ts', 'index.ts', 'stand-in.ts', 'tables.ts', 'context.ts', 'NAME.ts']
  const named = [...architecture.matchAll(/`([\w./-]+\.tsx?)`/g)].map(([, path]) => path!)
  const isThere = (path: string) =>
    existsSync(new URL(`../../../${path}`, import.meta.url)) || files.includes(path)
  const isOneFile = (name: string) => files.filter((file) => file.endsWith(`/${name}`)).length === 1
  const isClear = (path: string) =>
    ofAnyFolder.includes(path) || isThere(path) || (!path.includes('/') && isOneFile(path))
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter((path) => !isClear(path))).toEqual([])
})

test('every import points to its own layer or to a lower one', () => {
  expect(imports.map(faultOf).filter((fault) => fault !== undefined)).toEqual([])
})

test('no files import one another in a circle, types included', () => {
  const counted = imports.map((each) => ({ ...each, typeOnly: false }))
  expect(counted.length).toBeGreaterThan(1000)
  expect(circlesIn(counted)).toEqual([])
})

test('no file is longer than 300 lines', () => {
  const lengths = files.map(
    (file) => [readFileSync(join(source, file), 'utf8').split('\n').length - 1, file] as const,
  )
  expect(lengths.length).toBeGreaterThan(400)
  expect(lengths.filter(([lines]) => lines > 300)).toEqual([])
})

test('no folder holds more than a dozen files', () => {
  const sizes = Map.groupBy(files, (file) => dirname(file))
  expect(sizes.size).toBeGreaterThan(50)
  expect(
    [...sizes].flatMap(([folder, inside]) => (inside.length > 12 ? [`${folder}: ${inside.length}`] : [])),
  ).toEqual([])
})

test('an import upwards, sideways out of the source or into an unknown place is a fault', () => {
  const faults = (from: string, text: string) => importsOf(from, text).map(faultOf)
  expect(faults('base/a.ts', `import { x } from '../store/b.ts'`)).toEqual([
    'base/a.ts (base) imports store/b.ts (store)',
  ])
  expect(faults('store/a.ts', `import type { x } from '../engine/b.ts'`)).toHaveLength(1)
  expect(faults('cli/a.ts', `export { x } from '../index.ts'`)).toEqual([
    'cli/a.ts (cli) imports index.ts (index.ts)',
  ])
  expect(faults('engine/a.ts', `const y = await import('../runtime/runtime.ts')`)[0]).toBeDefined()
  expect(faults('engine/a.ts', `import '../helpers/x.ts'`)).toEqual(['helpers/x.ts is in no known layer'])
  expect(faults('engine/a.ts', `import {\n  x,\n  y,\n} from '../../test/x.ts'`)[0]).toContain('outside')
  expect(faults('engine/a.ts', `import { x } from '../base/b.ts'\nimport z from 'zod'`)).toEqual([undefined])
})

test('a circle counts only when it exists at run time', () => {
  const edge = (from: string, to: string, typeOnly = false): Import => ({ from, to, typeOnly })
  expect(circlesIn([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual(['a → b → c → a'])
  expect(circlesIn([edge('a', 'b'), edge('b', 'a', true)])).toEqual([])
  const [mixed] = importsOf('engine/a.ts', `import { type A, b } from './b.ts'`)
  const [types] = importsOf('engine/a.ts', `import { type A, type B } from './b.ts'`)
  expect([mixed!.typeOnly, types!.typeOnly]).toEqual([false, true])
})

test('other processes and other hosts are reached through one door each', () => {
  const users = (code: RegExp) =>
    files.filter((file) => code.test(readFileSync(join(source, file), 'utf8'))).sort()
  const taking = (what: string, module: string) =>
    new RegExp(`\\bimport\\s+(?!type\\b)${what}from\\s*'node:${module}'|import\\('node:${module}'`)
  expect(users(taking('[^\'"`;]*', 'child_process'))).toEqual([
    'base/process/process-tree.ts',
    'base/process/process-warden.ts',
    // A person's browser is their own, and goes on when Reeve ends.
    'server/open-browser.ts',
  ])
  // A server takes `createServer` by its name; whoever sends takes the whole module.
  expect(users(taking('(?!\\{)[^\'"`;]*', 'https?'))).toEqual(['tools/http/http-exchange.ts'])
  expect(users(taking('[^\'"`;]*', '(?:tls|http2|dgram)'))).toEqual([])
  expect(users(taking('\\{[^}]*\\bconnect\\b[^}]*\\}\\s*', 'net'))).toEqual([])
  // Whom a project's models ask, the project itself has named; and which server, whoever made the client.
  expect(users(/(?<![.\w])fetch\(/)).toEqual([
    'client/client.ts',
    'models/batches/hosted-batch.ts',
    'models/providers/wire.ts',
  ])
})

test('what is asked of the database stands in the store', () => {
  const statement =
    /['"`]\s*(?:with\s+\w+\s+as\s*\(|select\s[^'"`]*?\bfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)/i
  // These read what others write in SQL, or write it for another system.
  const others = /^(?:server\/sql|tools\/sql|connectors\/(?:sql|salesforce)|autonomy\/criteria)\//
  const elsewhere = files.filter(
    (file) =>
      !file.startsWith('store/') &&
      !others.test(file) &&
      statement.test(readFileSync(join(source, file), 'utf8')),
  )
  expect(elsewhere).toEqual([])
})
