import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/time/time.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { childEnvironment } from '../crash/oracle-process.ts'
import type { Fault, Tools } from './fault.ts'
import { deaths, places } from './poison/deaths.ts'
import type { PoisonLife, PoisonReport } from './poison/life.ts'

/** The engine's default. */
const maxCrashes = 5
/** The poison's own deaths, and one that another run was suspected for. */
const mostLives = maxCrashes + 2
/** A process that says nothing for so long is killed, as a supervisor would. */
const hungMs = 1500
const leastThroughput = 0.9

/**
 * Many good runs and one that ends its process each time it is driven: by its exit, a signal, an endless loop, the end
 * of its memory, an error that nobody catches; in its body, a step, an effect, or while it is loaded. A new process
 * follows each time. After `maxCrashes` deaths it must be stuck and say why, and every good run must have succeeded;
 * then good runs beside it are at least 90 % as fast as in a database without it: the fastest of up to 10 batches each,
 * taken in turn by one process. Batches of few runs are too short for that: `measures` leaves it out.
 */
export function poisonAmong(good: number, measures = true): Fault {
  return {
    name: 'poison',
    injects: `one run among ${good} that ends its process each time it is driven`,
    invariants: 'I4 I5 I6, it is set aside with the reason, the others keep 90 % of their throughput',
    trials: 100,
    trial: (seed, tools) => trial(seed, tools, good, measures),
  }
}

export const poison = poisonAmong(1000)

async function trial(seed: number, tools: Tools, good: number, measures: boolean): Promise<Violation[]> {
  const random = seeded(`poison ${seed}`)
  const draw = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const folder = join(tools.folder, `trial-${seed}`)
  mkdirSync(folder, { recursive: true })
  const plan: PoisonLife = {
    folder,
    life: 0,
    originMs: Date.now(),
    good,
    death: draw(deaths),
    place: draw(places),
    stepsBefore: Math.floor(random() * 4),
    position: Math.floor(random() * good),
    measures,
  }
  const what = `${plan.death} in ${plan.place} after ${plan.stepsBefore} steps`
  const violations: Violation[] = []
  let report: PoisonReport | undefined
  let lives = 0
  while (!report && lives < mostLives) report = await runLife({ ...plan, life: ++lives }, tools.folder)
  if (!report) {
    violations.push({ invariant: 'I4', what: `${what}: ${lives} processes died and it is not set aside` })
  } else {
    violations.push(
      ...judge(report, good, measures).map((problem) => ({ ...problem, what: `${what}: ${problem.what}` })),
    )
    violations.push(...(await audit(join(folder, 'poisoned.db'))))
  }
  if (violations.length === 0) rmSync(folder, { recursive: true })
  return violations
}

function judge(report: PoisonReport, good: number, measured: boolean): Violation[] {
  const violations: Violation[] = []
  const { status, reason } = report.poison
  if (status !== 'stuck' || !reason?.includes(`died ${maxCrashes} times`))
    violations.push({ invariant: 'I4', what: `the poison run is ${status} (${reason})` })
  if (report.good.succeeded !== good || report.wrong > 0)
    violations.push({
      invariant: 'I4',
      what: `the good runs: ${JSON.stringify(report.good)}, ${report.wrong} with a wrong output`,
    })
  const share = report.withoutMs / report.besideMs
  if (measured && share < leastThroughput) {
    const figures = `${report.besideMs.toFixed(1)} ms beside it, ${report.withoutMs.toFixed(1)} ms without`
    violations.push({ invariant: 'shape', what: `${Math.round(share * 100)} % throughput (${figures})` })
  }
  return violations
}

async function audit(file: string): Promise<Violation[]> {
  const database = openSqlite({ file, clock: systemClock })
  const { faults, integrity } = await verifyAudit(database)
  await database.close()
  return [
    ...faults.map(
      ({ runId: run, problem }): Violation => ({ invariant: 'I5', what: `run ${run}: ${problem}` }),
    ),
    ...integrity.map((line): Violation => ({ invariant: 'I6', what: line })),
  ]
}

/** Answers what the life reported; undefined when it died. */
function runLife(life: PoisonLife, cache: string): Promise<PoisonReport | undefined> {
  const driver = join(import.meta.dirname, 'poison', 'driver.ts')
  const parameters = ['--max-old-space-size=160', driver, JSON.stringify(life)]
  const child = spawn(process.execPath, parameters, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: childEnvironment(cache),
  })
  let said = ''
  const kill = () => child.kill('SIGKILL')
  let hung = setTimeout(kill, hungMs * 4)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    clearTimeout(hung)
    hung = setTimeout(kill, hungMs)
  })
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(hung)
      const last = said.trim().split('\n').at(-1) ?? ''
      resolve(last.startsWith('{') ? (JSON.parse(last) as PoisonReport) : undefined)
    })
  })
}
