// Builds the package in the current folder: plain JavaScript, declarations and source maps from src/ into dist/.
// npm calls it at `npm ci` (`prepare` of the workspace) and at `npm pack` (`prepack` of the package). It replaces dist/ when everything is there, and only then.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const fresh = `dist.${process.pid}.tmp`
const old = `dist.${process.pid}.old`
const { status } = compile()
if (status === 0) {
  if (existsSync('dist')) renameSync('dist', old)
  renameSync(fresh, 'dist')
}
for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
// The pages go with the package: for people offline, and for models that write code.
if (existsSync('src/cli/main.ts')) {
  rmSync('docs', { recursive: true, force: true })
  cpSync('../../docs', 'docs', { recursive: true })
  cpSync('../../README.md', 'README.md')
}
cpSync('../../LICENSE', 'LICENSE')
process.exitCode = status ?? 1

function compile() {
  let typescript
  try {
    typescript = createRequire(import.meta.url).resolve('typescript/package.json')
  } catch {
    console.log('Not built: TypeScript is not installed (--omit=dev). A checkout runs its sources.')
    process.exit(0)
  }
  const tsc = join(dirname(typescript), 'bin', 'tsc')
  const options = ['-p', 'tsconfig.build.json', '--outDir', fresh]
  return spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
}
