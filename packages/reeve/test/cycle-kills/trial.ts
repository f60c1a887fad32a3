import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { childEnvironment } from '../crash/oracle-process.ts'
import type { Death, Life } from './victim.ts'

const cycles = 2

type Passed = [label: string, boundary: number][]

interface LifeEnd {
  isKilled: boolean
  /** What it came to at which boundary, where it came to its end. */
  passed: Passed
  problem: string | undefined
}

/** What lives that died at these boundaries, one after the other, and one that came to its end left behind. */
export interface TrialResult {
  deaths: Death[]
  kills: number
  passed: Passed
  violations: string[]
}

let trials = 0

/** `cache`: a folder for compiled code. */
export async function runTrial(deaths: Death[], place: string, cache: string): Promise<TrialResult> {
  const folder = join(place, `trial-${++trials}`)
  mkdirSync(folder, { recursive: true })
  let kills = 0
  const violations: string[] = []
  for (const death of [...deaths, undefined]) {
    const { isKilled, passed, problem } = await liveOnce({ folder, cycles, death }, cache)
    if (isKilled) kills++
    if (problem !== undefined) violations.push(problem)
    if (isKilled) continue
    violations.push(...violationsIn(folder))
    if (violations.length === 0) rmSync(folder, { recursive: true, force: true })
    return { deaths, kills, passed, violations }
  }
  throw new Error('the last life was killed by somebody else')
}

/** Boundaries of the first cycle and of queueing the second one: what comes after them is the same once more. */
export function boundariesIn({ passed }: TrialResult): number {
  return passed.filter(([label]) => label === 'gather')[1]?.[1] ?? 0
}

function liveOnce(life: Life, cache: string): Promise<LifeEnd> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'victim.ts'), JSON.stringify(life)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(cache),
  })
  let said = ''
  let complained = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    complained += part
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const isKilled = signal === 'SIGKILL'
      const problem =
        isKilled || code === 0 ? undefined : `a life ended with ${signal ?? code}: ${complained.slice(-2000)}`
      const passed = code === 0 ? (JSON.parse(said) as Passed) : []
      resolve({ isKilled, passed, problem })
    })
  })
}

/** What must not be, by the database and by what was published. */
function violationsIn(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'reeve.db'), { readOnly: true })
  const all = <Row>(sql: string) => database.prepare(sql).all() as Row[]
  try {
    const found: string[] = []
    const expect = (isSo: boolean, what: string) => {
      if (!isSo) found.push(what)
    }
    const decisions = all<{ cycle: number; count: number; results: string }>(
      `select json_extract(payload, '$.cycle') as cycle, count(*) as count, group_concat(json_extract(payload, '$.result')) as results
       from events where type = 'decision-ended' group by 1 order by 1`,
    )
    expect(
      decisions.length >= cycles &&
        decisions.every(({ cycle, count }, index) => cycle === index + 1 && count === 1),
      `not one decision in each cycle: ${JSON.stringify(decisions)}`,
    )
    expect(
      decisions.every(({ results }) => results === 'success'),
      `a decision did not succeed: ${JSON.stringify(decisions)}`,
    )
    const answers = all<{ count: number }>(
      `select count(*) as count from events where type = 'question-completed' and name = 'decide' group by run`,
    )
    expect(
      answers.every(({ count }) => count === 1),
      'a cycle has two answers to its one question',
    )
    const children = all<{ count: number }>(
      `select count(*) as count from runs where workflow = 'directive:publish' and status = 'succeeded'`,
    )
    expect(
      children[0]?.count === decisions.length,
      `${children[0]?.count} executions of ${decisions.length} decisions`,
    )
    const keys = new Map<string, Set<string>>()
    for (const line of readFileSync(join(folder, 'published'), 'utf8').trim().split('\n')) {
      const [, issue, key] = line.split(' ') as [string, string, string]
      keys.set(issue, (keys.get(issue) ?? new Set()).add(key))
    }
    expect(
      keys.size === decisions.length && [...keys.values()].every(({ size }) => size === 1),
      `an issue was published under two keys, or none: ${JSON.stringify([...keys].map(([issue, some]) => [issue, some.size]))}`,
    )
    const open = all<{ workflow: string; status: string }>(
      `select workflow, status from runs where status in ('running', 'stuck', 'failed') and workflow not like 'reeve.%'`,
    )
    expect(open.length === 0, `runs that did not go on: ${JSON.stringify(open)}`)
    const queued = all<{ count: number }>(
      `select count(*) as count from runs where workflow = 'daemon:steward' and ended_at is null`,
    )
    expect(queued[0]?.count === 1, `${queued[0]?.count} next cycles`)
    return found
  } finally {
    database.close()
  }
}
