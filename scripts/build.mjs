// Builds the package in the current folder: plain JavaScript, declarations and source maps from src/ into dist/.
// npm calls it at `npm ci` (`prepare` of the workspace) and at `npm pack` (`prepack` of the package). It replaces dist/ when
// everything is there, and only then; where nothing changed since dist/ was built, it leaves it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In dist/: the hash of what it was built from. No package carries it. */
const stamp = '.built-from'
const fresh = `dist.${process.pid}.tmp`
const old = `dist.${process.pid}.old`

const typescript = compiler()
const inputs = hashOfInputs()
const status = isBuilt() ? 0 : compile()
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
  return existsSync(file) && readFileSync(file, 'utf8') === inputs
}

/** Of the sources, the settings, this script and the versions of all that is installed. */
function hashOfInputs() {
  const hash = createHash('sha256')
  const sources = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const settings = ['package.json', 'tsconfig.build.json', '../../tsconfig.json', '../../package-lock.json']
  for (const file of [...sources, ...settings, fileURLToPath(import.meta.url)]) {
    const bytes = readFileSync(file)
    hash.update(`${file} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function compile() {
  const tsc = join(dirname(typescript), 'bin', 'tsc')
  const options = ['-p', 'tsconfig.build.json', '--outDir', fresh]
  const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
  if (status === 0) {
    writeFileSync(join(fresh, stamp), inputs)
    replace()
  }
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  return status
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
