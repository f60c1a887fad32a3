import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { systemProgram } from './system-program.ts'

/**
 * How the members of a process tree are told from all others. Every descendant inherits its resource limits, and keeps
 * them in a session of its own, with an empty environment, all files closed and another user's rights. Two limits that
 * stop nobody bear the number of one tree: that on real-time CPU use, years away, and that on file locks, which Linux
 * counts no more. A program that gives itself another number shows by that that it has one.
 */
export interface ProcessMark {
  /** The remainder after division by 65,536 is the same for all trees, so that each knows the marks of the others. */
  number: number
  /** What stands before the command that is to bear the mark. */
  command: readonly string[]
  /** Whether this process has no such limits itself: then what has another one below the mark was given it inside a tree. */
  isOutermost: boolean
}

/** As `/proc/PID/limits` names them, and `prlimit` does. */
const limits = { 'Max realtime timeout': 'rttime', 'Max file locks': 'locks' } as const
type Limit = keyof typeof limits
const labels = Object.keys(limits) as Limit[]
const oneOf = 65_536
const ending = 21_077
/** Processes that are looked at before other work of this process has its turn: some 2 ms. */
const atOnce = 100

/** A mark that no other tree has, or undefined where the system has none to give (not Linux, or without `prlimit`). */
export function newProcessMark(): ProcessMark | undefined {
  const prlimit = systemProgram('prlimit')
  const own = prlimit === undefined ? undefined : ownLimits()
  if (prlimit === undefined || own === undefined) return undefined
  const isOutermost = own.every((limit) => limit === 'unlimited')
  // A process of a marked tree may only lower its limit: a tree inside it keeps the outer mark as its hard limit.
  const number = randomInt(2 ** 30, 2 ** 31) * oneOf + ending + (isOutermost ? 2 ** 50 : 0)
  if (own.some((limit) => limit !== 'unlimited' && limit <= number)) return undefined
  const options = labels.map((label, index) => {
    const hard = own[index] === 'unlimited' ? number : ''
    return `--${limits[label]}=${number}:${hard}`
  })
  return { number, command: [prlimit, ...options, '--'], isOutermost }
}

/** The members of a tree that run now. One that has ended and was not collected yet is none. */
export class TreeMembers {
  readonly #mark: ProcessMark
  readonly #leader: number
  /** In ticks since the system started. */
  readonly #since: number

  /** Made while the leader, just started, has not been collected. */
  constructor(mark: ProcessMark, leader: number) {
    this.#mark = mark
    this.#leader = leader
    this.#since = readStat(leader)?.started ?? Number.POSITIVE_INFINITY
  }

  /**
   * Those that bear the mark, or have changed it; those of the leader's session; and all that these have started. Read without waiting,
   * some at a time: each read that is waited for costs ten times what it reads. What began before the leader inherited nothing of it.
   */
  async find(): Promise<number[]> {
    const all = new Map<number, Stat>()
    const members = new Set<number>()
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    for (const [index, name] of pids.entries()) {
      if (index % atOnce === atOnce - 1) await setImmediate()
      const pid = Number(name)
      const read = readStat(pid)
      if (!read || read.hasEnded) continue
      all.set(pid, read)
      if (this.#couldBelong(read) && this.#isMember(read, readText(`/proc/${pid}/limits`))) members.add(pid)
    }
    for (let before = -1; before < members.size; ) {
      before = members.size
      for (const [pid, { parent }] of all) if (members.has(parent)) members.add(pid)
    }
    members.delete(process.pid)
    return [...members]
  }

  /** Where it is not known when the leader began, each could. */
  #couldBelong({ started }: Stat): boolean {
    return started >= this.#since || this.#since === Number.POSITIVE_INFINITY
  }

  #isMember({ session, started }: Stat, text: string): boolean {
    const { number, isOutermost } = this.#mark
    const found = labels.map((label) => limitsIn(text, label))
    if (found.some((pair) => pair?.includes(String(number)))) return true
    if (started < this.#since) return false
    if (session === this.#leader) return true
    // It has both limits, and none is another tree's mark: nobody else sets either of them beside the other.
    return isOutermost && found.every((pair) => pair?.some(isForeign))
  }
}

/** For `grep -E` over `/proc/PID/limits`. */
export function patternOf({ number }: ProcessMark): string {
  return `^(${labels.join('|')}) .*\\b${number}\\b`
}

function isForeign(limit: string): boolean {
  return limit !== 'unlimited' && !(Number(limit) > oneOf && Number(limit) % oneOf === ending)
}

/** Soft and hard, as they are written. */
function limitsIn(text: string, label: Limit): string[] | undefined {
  const start = text.indexOf(label)
  if (start < 0) return undefined
  return text
    .slice(start + label.length, text.indexOf('\n', start))
    .trim()
    .split(/\s+/, 2)
}

function ownLimits(): (number | 'unlimited')[] | undefined {
  const text = readText('/proc/self/limits')
  const own = labels.map((label) => limitsIn(text, label)?.[1])
  if (own.some((hard) => hard === undefined)) return undefined
  return own.map((hard) => (hard === 'unlimited' ? hard : Number(hard)))
}

interface Stat {
  hasEnded: boolean
  parent: number
  session: number
  started: number
  /** Of all its threads, in hundredths of a second. */
  worked: number
}

/** What a process has worked until now (ms), all its threads together; undefined where the system does not tell. */
export function workedMsOf(pid: number): number | undefined {
  const stat = readStat(pid)
  return stat && stat.worked * 10
}

function readStat(pid: number): Stat | undefined {
  return parseStat(readText(`/proc/${pid}/stat`))
}

/** The name of a program may be of any bytes: where it ends is found all the same. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The name of its program, in brackets, may hold anything. */
function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 20) return undefined
  const at = (index: number) => Number(fields[index])
  return {
    hasEnded: /[ZX]/.test(fields[0]!),
    parent: at(1),
    session: at(3),
    started: at(19),
    worked: at(11) + at(12),
  }
}
