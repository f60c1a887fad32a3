import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { cpus, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface Machine {
  cpus: number
  model: string
  node: string
  sqlite: string
  kernel: string
  /** Median of writing 4 KiB and fdatasync, where the benches keep their data. */
  fsyncMs: number
}

// File systems that live in memory (tmpfs, ramfs): a sync there costs nothing and proves nothing.
const memoryFileSystems = new Set([0x01021994, 0x858458f6])

/** A new empty folder on a real disk, under the system's temporary folder or, if that is memory, under `bench/out`. */
export function createDataFolder(): string {
  let parent = tmpdir()
  if (memoryFileSystems.has(statfsSync(parent).type)) {
    parent = join(import.meta.dirname, '../out')
    mkdirSync(parent, { recursive: true })
    if (memoryFileSystems.has(statfsSync(parent).type)) {
      throw new Error(`Both ${tmpdir()} and ${parent} are in memory. Set TMPDIR to a folder on a disk.`)
    }
  }
  return mkdtempSync(join(parent, 'reeve-bench-'))
}

export function describeMachine(): Machine {
  const processors = cpus()
  const database = new DatabaseSync(':memory:')
  const sqlite = String(database.prepare('select sqlite_version() as version').get()?.version)
  database.close()
  return {
    cpus: processors.length,
    model: processors[0]?.model.trim() ?? 'unknown',
    node: process.version,
    sqlite,
    kernel: `${type()} ${release()}`,
    fsyncMs: measureSync(),
  }
}

function measureSync(): number {
  const folder = createDataFolder()
  const file = openSync(join(folder, 'sync'), 'w')
  const block = Buffer.alloc(4096, 1)
  const times: number[] = []
  try {
    for (let index = 0; index < 200; index++) {
      const before = performance.now()
      writeSync(file, block)
      fdatasyncSync(file)
      times.push(performance.now() - before)
    }
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
  times.sort((a, b) => a - b)
  return Number(times[times.length >> 1]!.toFixed(3))
}

/** The commit measured; `-dirty` when the checkout holds changes to tracked files; `unknown` outside git. */
export function describeCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return git('rev-parse', '--short', 'HEAD') + (changed ? '-dirty' : '')
  } catch {
    return 'unknown'
  }
}
