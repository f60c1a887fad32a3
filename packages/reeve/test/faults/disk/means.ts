import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How a disk can be made to fail on this machine. */

/** Whether this user may mount a small file system in memory. */
export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-mount-'))
  try {
    if (!mount(folder, 64 * 1024)) return false
    unmount(folder)
    return true
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Answers whether it worked. */
export function mount(folder: string, bytes: number): boolean {
  const mounting = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  return mounting.status === 0
}

/** At once for everybody; what is still open lives on until it is closed. */
export function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder])
}

/** Whether this process may trace its children and change what their system calls answer. */
export function mayTrace(): boolean {
  const trial = spawnSync('strace', [
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'inject=fsync:error=EIO:when=1',
    process.execPath,
    '--version',
  ])
  return trial.status === 0
}

/** Whether the shim of io-faults.c can be built and loaded. */
export function mayShim(): boolean {
  return process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0
}

/** Builds the shim in `folder`, once. Answers where it is. */
export function buildShim(folder: string): string {
  const library = join(folder, 'io-faults.so')
  if (existsSync(library)) return library
  mkdirSync(folder, { recursive: true })
  const source = join(import.meta.dirname, 'io-faults.c')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
  return library
}
