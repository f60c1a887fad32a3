import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const manifests = join(import.meta.dirname, '../peers')
const installations = join(import.meta.dirname, '../.peers')

/**
 * Installs `bench/peers/NAME` into `bench/.peers/NAME` unless exactly that is there already.
 * @returns the folder with its `node_modules`
 */
export async function install(name: string, progress: (text: string) => void): Promise<string> {
  const folder = join(installations, name)
  const manifest = readFileSync(join(manifests, name, 'package.json'), 'utf8')
  const done = join(folder, 'installed.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === manifest) return folder

  progress(`installing ${name}`)
  rmSync(folder, { recursive: true, force: true })
  cpSync(join(manifests, name), folder, { recursive: true })
  const npm = spawn('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: dirname(process.execPath) + delimiter + process.env.PATH,
      SCARF_ANALYTICS: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const add = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000)
  }
  npm.stdout.on('data', add)
  npm.stderr.on('data', add)
  const [code] = (await once(npm, 'close')) as [number | null]
  if (code !== 0) throw new Error(`npm install of ${name} ended with ${code}: ${output.trim()}`)
  writeFileSync(done, manifest)
  return folder
}

/** Puts a contestant's files where its packages are found, and returns the path of the first. */
export function place(folder: string, files: string[]): string {
  mkdirSync(folder, { recursive: true })
  for (const file of files) copyFileSync(join(import.meta.dirname, file), join(folder, file))
  return join(folder, files[0]!)
}
