import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { systemProgram } from './system-program.ts'

/**
 * How the members of a process tree are told from all others. Every descendant inherits a resource limit, and keeps it
 * in a session of its own, with an empty environment, all files closed and another user's rights. The limit is the one
 * on real-time CPU use (RLIMIT_RTTIME), years away, so that it stops nobody; its number belongs to one tree.
 */
export interface ProcessMark {
  /** Microseconds of real-time CPU use. */
  number: number
  /** What stands before the command that is to bear the mark. */
  command: readonly string[]
}

const label = 'Max realtime timeout'

/** A mark that no other tree has, or undefined where the system has none to give (not Linux, or without `prlimit`). */
export function newProcessMark(): ProcessMark | undefined {
  const prlimit = systemProgram('prlimit')
  const own = prlimit === undefined ? undefined : ownLimit()
  if (prlimit === undefined || own === undefined) return undefined
  // A process of a marked tree may only lower its limit: a tree inside it keeps the outer mark as its hard limit.
  const number = own === 'unlimited' ? randomInt(2 ** 46, 2 ** 47) + 2 ** 50 : randomInt(2 ** 46, 2 ** 47)
  if (own !== 'unlimited' && own <= number) return undefined
  const limit = own === 'unlimited' ? `${number}:${number}` : `${number}:`
  return { number, command: [prlimit, `--rttime=${limit}`, '--'] }
}

/** The processes that bear the mark now. One that has ended and was not collected yet is none. */
export async function markedProcesses({ number }: ProcessMark): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const limits = await readFile(`/proc/${pid}/limits`, 'latin1').catch(() => '')
      return bears(limits, number) && !(await hasEnded(pid)) ? [pid] : []
    }),
  )
  return found.flat()
}

/** For `grep -E` over `/proc/PID/limits`. */
export function patternOf({ number }: ProcessMark): string {
  return `^${label} .*\\b${number}\\b`
}

function bears(limits: string, number: number): boolean {
  return limitsIn(limits)?.includes(String(number)) ?? false
}

/** Soft and hard, as they are written. */
function limitsIn(limits: string): string[] | undefined {
  const start = limits.indexOf(label)
  if (start < 0) return undefined
  return limits
    .slice(start + label.length, limits.indexOf('\n', start))
    .trim()
    .split(/\s+/, 2)
}

function ownLimit(): number | 'unlimited' | undefined {
  try {
    const hard = limitsIn(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return hard === 'unlimited' ? hard : hard === undefined ? undefined : Number(hard)
  } catch {
    return undefined
  }
}

async function hasEnded(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return /^\s*[ZX]?\s*$/.test(stat.charAt(stat.lastIndexOf(')') + 2))
}
