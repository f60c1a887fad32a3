import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export const packageFolder = join(import.meta.dirname, '../..')
export const repository = join(packageFolder, '../..')

export interface TemporaryFolder {
  path: string
  remove(): void
}

export function makeFolder(place = tmpdir()): TemporaryFolder {
  mkdirSync(place, { recursive: true })
  const path = mkdtempSync(join(place, 'packed-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/**
 * Runs a command as a user's shell would: nothing of the npm or the vitest that this test runs in comes along, which
 * would let it see the repository's sources. The Node of this process goes first on the path.
 */
export async function run(
  folder: string,
  [program, ...args]: [string, ...string[]],
  variables: NodeJS.ProcessEnv = {},
  onOutput: (stdout: string, stop: () => void) => unknown = () => {},
): Promise<Ended> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|vitest|NODE_|VITE|INIT_CWD|DATABASE_URL|CI$|.*_API_KEY$)/i.test(name),
  )
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      ...Object.fromEntries(kept),
      PATH: `${dirname(process.execPath)}${delimiter}${outerPath()}`,
      // Another test may serve at the same moment.
      REEVE_PORT: '0',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    // A guard against what never ends; no command comes near it.
    timeout: 500_000,
    killSignal: 'SIGKILL',
  })
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text
    // As Ctrl-C at a terminal, which all of the command's processes get.
    onOutput(ended.stdout, () => process.kill(-child.pid!, 'SIGINT'))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...ended, code }))
  })
}

/** As `run`; the command must succeed. */
export async function succeed(
  folder: string,
  command: [string, ...string[]],
  variables?: NodeJS.ProcessEnv,
): Promise<string> {
  const { code, stdout, stderr } = await run(folder, command, variables)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** The path without what npm puts before it for its scripts. */
function outerPath(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(delimiter)
}

/** Packs the package as `npm publish` would, build included. Answers the tarball. */
export async function packReeve(folder: string): Promise<string> {
  await succeed(packageFolder, ['npm', 'pack', '--pack-destination', folder, '--loglevel', 'error'])
  const { version } = await import('../../package.json', { with: { type: 'json' } }).then((m) => m.default)
  return join(folder, `reeve-${version}.tgz`)
}
