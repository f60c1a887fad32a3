import { readdirSync, readFileSync } from 'node:fs'

// What /proc knows of a server and the processes below it. Where there is no /proc, the figures are 0.

const ticksPerSecond = 100

interface Stat {
  pid: number
  parent: number
  ownTicks: number
  /** Of children that have ended and been waited for. */
  endedTicks: number
}

function readStat(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name stands in brackets and may hold spaces: count from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number)
    return {
      pid: Number(pid),
      parent: Number(fields[1]),
      ownTicks: utime! + stime!,
      endedTicks: cutime! + cstime!,
    }
  } catch {
    return
  }
}

function treeOf(root: number): Stat[] {
  let names: string[]
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
  const all = names.map(readStat).filter((stat) => stat !== undefined)
  const inside = new Set([root])
  for (let grown = -1; grown !== inside.size; ) {
    grown = inside.size
    for (const stat of all) if (inside.has(stat.parent)) inside.add(stat.pid)
  }
  return all.filter((stat) => inside.has(stat.pid))
}

/** CPU time of a process and all below it since it was started. */
export function treeCpuSeconds(root: number): number {
  return treeOf(root).reduce((sum, stat) => sum + stat.ownTicks + stat.endedTicks, 0) / ticksPerSecond
}

/** Memory of a process and all below it now; a page that several of them share counts once. */
export function residentMb(root: number): number {
  let kilobytes = 0
  for (const { pid } of treeOf(root)) {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
    }
  }
  return kilobytes / 1024
}

/** CPU time of the whole machine that was not idle, since it was started. */
export function machineCpuSeconds(): number {
  try {
    const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
      .split('\n', 1)[0]!
      .split(/\s+/)
      .slice(1)
      .map(Number)
    return (user! + nice! + system! + irq! + softirq!) / ticksPerSecond
  } catch {
    return 0
  }
}
