import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const parts = [
  'directives',
  'scripts',
  'workflows',
  'daemons',
  'goals',
  'world',
  'test/outside.mjs',
  'addresses.ts',
  'answers.ts',
  'letter-rules.ts',
  'reeve.config.ts',
  'package.json',
]
const require = createRequire(import.meta.url)
const example = join(import.meta.dirname, '..')

/**
 * Copies the project to where it is played, so that what is mended there changes nothing here. Directives get the addresses of the
 * world. Answers what of this machine is missing, in words.
 */
export function prepareProject(folder: string, addresses: Record<string, string>): string[] {
  const missing: string[] = []
  if (!existsSync(folder)) {
    // Whoever is killed at it leaves no half of a project behind.
    const made = `${folder}.new`
    rmSync(made, { recursive: true, force: true })
    copyProject(made, addresses)
    renameSync(made, folder)
  }
  const drop = (directive: string, scripts: string[], what: string) => {
    missing.push(`${what} is not here: directive ${directive} and ${scripts.join(', ')} are left out`)
    rmSync(join(folder, 'directives', `${directive}.md`), { force: true })
    for (const script of scripts) rmSync(join(folder, 'scripts', script), { force: true })
  }
  if (!works('python3')) drop('weekly-report', ['weekly_figures.py'], 'python3')
  if (!works('curl')) drop('check-site', ['check_site.sh'], 'curl')
  return missing
}

function copyProject(folder: string, addresses: Record<string, string>): void {
  // It may lie outside of this repository.
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  for (const name of ['reeve', 'zod'])
    symlinkSync(dirname(require.resolve(`${name}/package.json`)), join(folder, 'node_modules', name))
  for (const part of parts) cpSync(join(example, part), join(folder, part), { recursive: true })
  for (const file of readdirSync(join(folder, 'directives'))) {
    const path = join(folder, 'directives', file)
    const text = readFileSync(path, 'utf8')
      .replaceAll('http://127.0.0.1:4801', addresses.SITE_URL!)
      .replaceAll('http://127.0.0.1:4803', addresses.MAIL_URL!)
    writeFileSync(path, text)
  }
}

function works(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}
