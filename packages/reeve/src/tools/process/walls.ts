import { readFileSync } from 'node:fs'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import { systemProgram } from '../../base/process/system-program.ts'

/** What this machine has to take rights away from a process. */
export interface Walls {
  /** Sets limits of a running process; without it no process can be locked. */
  prlimit: string | undefined
  /** Takes privileges away, and ends a process with its parent. */
  setpriv: string | undefined
  /** This process is root and so has privileges to take away. */
  dropsCapabilities: boolean
}

/** CAP_SETPCAP: without it a process cannot bound the capabilities of its children. */
const setPcap = 1n << 8n

export function findWalls(): Walls {
  return {
    prlimit: systemProgram('prlimit'),
    setpriv: systemProgram('setpriv'),
    dropsCapabilities: mayDropCapabilities(),
  }
}

/** The command that runs `command` without privileges, without core dumps, and no longer than this process lives. */
export function behindWalls(walls: Walls, command: readonly string[]): string[] {
  const outer: string[] = []
  if (walls.prlimit) outer.push(walls.prlimit, '--core=0:0')
  if (walls.setpriv) {
    outer.push(walls.setpriv, '--no-new-privs', '--pdeathsig', 'KILL')
    if (walls.dropsCapabilities) outer.push('--bounding-set', '-all', '--inh-caps', '-all')
  }
  return [...outer, ...command]
}

/**
 * From here on the process can open nothing more: no file, no socket, no pipe, so no child and no connection either; it
 * can grow by `memoryBytes`, and use `cpuSeconds` in all. It cannot take any of this back.
 * @returns whether the lock holds
 */
export async function lock(
  walls: Walls,
  pid: number,
  { memoryBytes, cpuSeconds }: { memoryBytes: number; cpuSeconds: number },
): Promise<boolean> {
  if (!walls.prlimit) return false
  const used = dataBytesOf(pid)
  if (used === undefined) return false
  const data = used + memoryBytes
  const locking = await BoundedChild.start({
    file: walls.prlimit,
    args: [
      '--pid',
      String(pid),
      '--nofile=0:0',
      '--nproc=0:0',
      '--fsize=0:0',
      '--memlock=0:0',
      `--cpu=${cpuSeconds}:${cpuSeconds}`,
      `--data=${data}:${data}`,
    ],
    env: {},
    cwd: '/',
    timeoutMs: 5000,
    countsWaiting: false,
    maxOutputBytes: 4096,
  })
  return (await locking.ended).exitCode === 0
}

/** What a process has mapped for writing, most of it reserved and never touched. */
function dataBytesOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

function mayDropCapabilities(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return effective !== undefined && (BigInt(`0x${effective}`) & setPcap) !== 0n
  } catch {
    return false
  }
}
