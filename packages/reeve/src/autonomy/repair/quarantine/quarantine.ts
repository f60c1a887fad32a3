import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readVariables } from '../../../base/config.ts'
import { ReeveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import { BoundedChild, type ChildEnd } from '../../../base/process/bounded-child.ts'
import type { ScriptManifest } from '../../scripts/script.ts'
import { limitsFor, scriptPath } from '../../scripts/script-command.ts'
import { wallScript } from './wall-script.ts'
import { findWalls, rightless } from './walls.ts'

/** A program that is run in quarantine. */
export interface Quarantined {
  /** The folder of the project. */
  project: string
  /** Relative to the project: where the source stands while it runs. */
  file: string
  source: string | Uint8Array
  /** Another file of the project, with what stands in it while the program runs. */
  also?: { file: string; text: string }
  manifest: ScriptManifest
  /** The words of its command, with the path of the program in its place. */
  command: readonly string[]
  input: string
  env: Readonly<Record<string, string>>
  /** Whether it may use the network: only what declared that before, and only where it changes nothing. */
  network: boolean
  timeoutMs?: number
  maxOutputBytes?: number
  signal?: AbortSignal | undefined
}

/** What it did beside its output. */
export interface Traces {
  /** Processes that outlived it. */
  left: number
  /** How often it tried to reach another host. 0 where it may use the network. */
  reached: number
  /** Files of the project that it made, changed or removed, each with a hash of what it has now. */
  changed: { file: string; now: string }[]
}

const wallFell = 199
const workFolders = ['/mnt', '/media', '/srv', '/opt']
const secretFolders = ['.ssh', '.aws', '.gnupg', '.config', '.docker', '.kube', '.netrc', '.npmrc', '.pgpass']

/**
 * Runs a program with nothing around it that it could harm: the project is a layer in memory that goes with it, everything else is
 * read-only or hidden, there is no network, and no secret. `calls`: what a recorder left (`recorderOf`).
 * @throws `no-walls` where nothing here can do that
 */
export async function runQuarantined(
  given: Quarantined,
): Promise<{ end: ChildEnd; traces: Traces; calls: string }> {
  const { project, file, source, manifest, env } = given
  const walls = findWalls()
  if ('why' in walls) throw noWalls(walls.why)
  const place = await mkdtemp(join(tmpdir(), 'reeve-quarantine-'))
  try {
    const [held, report] = [join(place, 'source'), join(place, 'report')]
    await writeFile(held, source)
    await writeFile(report, '')
    if (given.also) {
      await writeFile(`${held}.also`, given.also.text)
      await writeFile(`${held}.at`, `${given.also.file}\n`)
    }
    const [folder, home] = [resolve(project), readVariables().HOME]
    const kept = [process.execPath, ...scriptPath().split(':')]
    const hidden = [
      ...(await hiddenIn(folder)),
      ...(home === undefined ? [] : secretFolders.map((each) => join(home, each))).filter(existsSync),
    ]
    const work = workFolders.find(
      (each) => existsSync(each) && ![folder, ...kept].some((path) => `${path}/`.startsWith(`${each}/`)),
    )
    if (work === undefined) throw noWalls('it has none of the folders /mnt, /media, /srv and /opt free')
    const words = [
      ...walls.command,
      ...(given.network ? [] : ['--net']),
      '/bin/sh',
      ...['-c', wallScript, 'reeve-quarantine'],
      ...[work, folder, file, held, place, walls.overlay, manifest.folder],
      ...[`:${kept.join('/:')}/`, String(hidden.length), ...hidden],
      ...rightless(),
      ...limitsFor(join(project, file), manifest),
      ...given.command,
    ]
    const child = await BoundedChild.start({
      file: words[0]!,
      args: words.slice(1),
      env,
      cwd: '/',
      timeoutMs: given.timeoutMs ?? manifest.timeoutMs,
      countsWaiting: false,
      maxOutputBytes: given.maxOutputBytes ?? manifest.maxOutputBytes,
      ...(given.signal && { signal: given.signal }),
    })
    child.write(given.input)
    const end = await child.ended
    const told = await readFile(report, 'utf8')
    const traces = tracesIn(told, file, sha256(source))
    traces.changed = traces.changed.filter((each) => each.file !== given.also?.file)
    const calls = Buffer.from(/^calls (\S+)$/m.exec(told)?.[1] ?? '', 'base64').toString('utf8')
    // With the machine's network they are the machine's counters, and say nothing of this program.
    if (given.network) traces.reached = 0
    if (end.exitCode === wallFell && end.stderr.includes('no wall: '))
      throw noWalls(end.stderr.toString('utf8').trim().slice(0, 300))
    return { end, traces, calls }
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** The environment of whatever is tried: what its manifest names of the worker's, and never a secret. */
export function quarantineEnvironment(project: string, manifest: ScriptManifest): Record<string, string> {
  const variables = readVariables()
  const own = manifest.env.flatMap((name) => {
    const value = variables[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    PATH: scriptPath(),
    HOME: join(project, manifest.folder),
    LANG: 'C.UTF-8',
    PYTHONIOENCODING: 'utf-8',
    PYTHONDONTWRITEBYTECODE: '1',
    REEVE_KEY: 'quarantine',
    REEVE_PROJECT: project,
    ...Object.fromEntries(own),
  }
}

/** Of the project: the database, keys and files of variables. */
async function hiddenIn(project: string): Promise<string[]> {
  const names = await readdir(project)
  return names
    .filter((name) => name === '.reeve' || /^\.env(?:\.|$)/.test(name) || name === '.git')
    .map((name) => join(project, name))
}

function tracesIn(report: string, own: string, hash: string): Traces {
  const traces: Traces = { left: 0, reached: 0, changed: [] }
  for (const line of report.split('\n')) {
    const [kind, given = '', ...rest] = line.split(' ')
    const value = /^[0-9a-f]{64}$/.test(given) ? Buffer.from(given, 'hex').toString('base64url') : given
    if (kind === 'left') traces.left = Number(value)
    else if (['ip', 'ip6', 'tcp'].includes(kind!)) traces.reached += Number(value) || 0
    else if (kind === 'changed') {
      const file = rest.join(' ')
      if (file !== own || value !== hash) traces.changed.push({ file, now: value })
    }
  }
  return traces
}

function noWalls(why: string): ReeveError {
  return new ReeveError(
    'no-walls',
    `Nothing was tried: ${why}. A person can still change the script by hand.`,
  )
}
