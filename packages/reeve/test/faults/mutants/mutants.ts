import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'
import { mutants } from './seeded-bugs.ts'

const packageFolder = join(import.meta.dirname, '../../..')
const boundMs = 240_000

/** Runs a suite in a copy of the package; answers why it failed, or undefined. */
type Suite = { name: string; command: string[] }

// Its limits are those of the project: a slow machine catches no bug.
const limits = ['--testTimeout', '120000', '--hookTimeout', '120000', '--maxWorkers', '2']
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', '.', '--bail', '1', ...limits]
/** Those of the store on SQLite; the contract suite runs on a file and in memory. */
const storeTests = [
  'contract',
  'sync',
  'shared-commits',
  'sqlite-writer-thread',
  'lease-keeper',
  'blocked-worker',
].map((name) => `test/store/${name}.test.ts`)
const suites: Suite[] = [
  {
    name: 'engine tests',
    command: [...vitest, 'test/engine', ...storeTests],
  },
  { name: 'simulation', command: ['test/faults/main.ts', 'simulation', '--trials', '400', '--no-save'] },
  { name: 'crash sample', command: [...vitest, 'test/crash/crash.test.ts'] },
]

/**
 * Tests the tests: seeds one bug after another into a copy of the package and runs the suites on it until one fails. A
 * bug that no suite notices is printed. Every patch must fit its file exactly once, so that none goes stale unseen.
 */
export async function runMutants(
  note: (text: string) => void,
  only = '',
): Promise<{ caught: number; total: number }> {
  const chosen = mutants.filter(({ name }) => name.includes(only))
  for (const mutant of mutants) patched(mutant, packageFolder)
  const folder = join(packageFolder, 'test', '.tmp', `mutants-${process.pid}`)
  copyPackage(folder)
  let caught = 0
  try {
    await mustPass(folder)
    for (const mutant of chosen) {
      const file = join(folder, mutant.file)
      const sound = readFileSync(file, 'utf8')
      writeFileSync(file, patched(mutant, folder))
      const by = await catcher(folder)
      writeFileSync(file, sound)
      if (by) caught++
      note(`${by ? 'caught ' : 'MISSED '} ${mutant.name}${by ? ` (${by})` : ''}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return { caught, total: chosen.length }
}

/** @throws when the patch does not fit exactly once */
function patched(mutant: Mutant, folder: string): string {
  const text = readFileSync(join(folder, mutant.file), 'utf8')
  const parts = text.split(mutant.find)
  if (parts.length === 2) return parts.join(mutant.replace)
  throw new Error(
    `Mutant "${mutant.name}" fits ${parts.length - 1} times in ${mutant.file}, not once. Write it anew for the code as it is.`,
  )
}

function copyPackage(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const part of ['src', 'bin', 'package.json']) {
    cpSync(join(packageFolder, part), join(folder, part), { recursive: true })
  }
  const isOurs = (path: string) => !path.includes(join('test', '.tmp'))
  for (const name of readdirSync(join(packageFolder, 'test')).filter((each) => each !== '.tmp')) {
    cpSync(join(packageFolder, 'test', name), join(folder, 'test', name), { recursive: true, filter: isOurs })
  }
  symlinkSync(join(packageFolder, '../../node_modules'), join(folder, 'node_modules'))
}

async function mustPass(folder: string): Promise<void> {
  const by = await catcher(folder)
  if (by) throw new Error(`The suites fail on the sound engine already: ${by}. Mend that first.`)
}

async function catcher(folder: string): Promise<string | undefined> {
  for (const suite of suites) if (!(await passes(suite, folder))) return suite.name
  return undefined
}

function passes(suite: Suite, folder: string): Promise<boolean> {
  const child = spawn(process.execPath, suite.command, {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  })
  // A suite that hangs has failed. It is ended with everything that it started.
  const hung = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), boundMs)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(hung)
      resolve(code === 0)
    })
  })
}
