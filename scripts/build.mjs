// Builds the package in the current folder: plain JavaScript, declarations and source maps from src/ into dist/.
// Modules go together into few files, since each file costs a start about a millisecond; packages stay outside.
// npm calls it at `npm ci` (`prepare` of the workspace) and at `npm pack` (`prepack` of the package). It replaces dist/ when
// everything is there, and only then; where nothing changed since dist/ was built, it leaves it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * In dist/: the hash of what it was built from, and a line for each file and folder of src/. It is as old as the
 * beginning of the build or of its last check, so that a checkout sees whether its build is up to date (`bin/checkout.js`). No package carries it.
 */
const stamp = '.built-from'
const fresh = `dist.${process.pid}.tmp`
const old = `dist.${process.pid}.old`

// Before anything is read: what changes while this runs is newer than the build.
const begun = new Date()
let core
const typescript = compiler()
const inputs = hashOfInputs()
const status = isBuilt() ? touch() : await compile()
// The pages go with the package: for people offline, and for models that write code.
if (existsSync('src/cli/main.ts')) {
  rmSync('docs', { recursive: true, force: true })
  cpSync('../../docs', 'docs', { recursive: true })
  cpSync('../../README.md', 'README.md')
}
cpSync('../../LICENSE', 'LICENSE')
process.exitCode = status ?? 1

function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/package.json')
  } catch {
    console.log('Not built: TypeScript is not installed (--omit=dev). A checkout runs its sources.')
    process.exit(0)
  }
}

function isBuilt() {
  const file = join('dist', stamp)
  return existsSync(file) && readFileSync(file, 'utf8').startsWith(`${inputs}\n`)
}

/** Of the sources, the settings, this script and the versions of all that is installed. */
function hashOfInputs() {
  const hash = createHash('sha256')
  const settings = ['package.json', 'tsconfig.build.json', '../../tsconfig.json', '../../package-lock.json']
  for (const file of [...files('src').sort(), ...settings, fileURLToPath(import.meta.url)]) {
    const bytes = readFileSync(file)
    hash.update(`${file} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function touch(folder = 'dist') {
  utimesSync(join(folder, stamp), begun, begun)
  return 0
}

function sources() {
  return readdirSync('src', { recursive: true }).map((path) => path.replaceAll('\\', '/'))
}

async function compile() {
  try {
    await bundle()
    const status = declare()
    if (status === 0) {
      writeFileSync(join(fresh, stamp), [inputs, 'src', ...sources().map((path) => `src/${path}`)].join('\n'))
      touch(fresh)
      replace()
    }
    return status
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}

async function bundle() {
  const { rolldown } = await import('rolldown')
  const [, oldestNode] = /([\d.]+)$/.exec(JSON.parse(readFileSync('package.json', 'utf8')).engines.node)
  const build = await rolldown({
    input: Object.fromEntries([...entries()].map((path) => [path, join('src', `${path}.ts`)])),
    external: (id) => !isAbsolute(id) && !/^(?:\.|src\b)/.test(id),
    platform: 'node',
    transform: { target: `node${oldestNode}` },
    treeshake: false,
    preserveEntrySignatures: 'allow-extension',
    checks: { pluginTimings: false },
  })
  await build.write({
    dir: fresh,
    format: 'esm',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
    sourcemapExcludeSources: true,
    keepNames: true,
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: (id, context) => (coreOf(context).has(id) ? 'core' : null) }],
    },
  })
  await build.close()
}

/**
 * The modules that every command and every project loads: one file. Outside stays what a thread, a process or a browser
 * loads alone, so that it loads no more than it needs; nothing of it imports the rest of the core.
 */
function coreOf(context) {
  core ??= findCore((id) => context.getModuleInfo(id)?.importedIds ?? [])
  return core
}

function findCore(importedBy) {
  const all = reachedFrom(['index'], importedBy)
  return all.difference(reachedFrom(['client/index', ...started()], importedBy))
}

function reachedFrom(paths, importedBy) {
  const reached = new Set(paths.map((path) => resolve('src', `${path}.ts`)))
  for (const id of reached) for (const imported of importedBy(id)) reached.add(imported)
  return reached
}

/** Below src/, without extension: what the package offers and what it starts. */
function entries() {
  return new Set([
    ...inAll(['package.json', ...files('bin')], /["'][./]+\/dist\/([^"']+)\.js["']/g),
    ...started(),
  ])
}

/** What is started as a process or a thread, or loaded into one. */
function started() {
  return inAll(files('src'), /\bmoduleUrl\('([^']+)'\)/g)
}

function inAll(paths, pattern) {
  return paths.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, found]) => found))
}

function declare() {
  const tsc = join(dirname(typescript), 'bin', 'tsc')
  const options = ['-p', 'tsconfig.build.json', '--outDir', fresh, '--emitDeclarationOnly']
  return spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' }).status
}

/** Another build may do the same at this moment: of two that were made of the same either is right. */
function replace() {
  try {
    if (existsSync('dist')) renameSync('dist', old)
    renameSync(fresh, 'dist')
  } catch (error) {
    if (!isBuilt()) throw error
  }
}
