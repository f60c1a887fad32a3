import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { childEnvironment } from '../crash/oracle-process.ts'
import type { Fault, Tools } from './fault.ts'
import { type OversizeLife, type OversizeReport, places, sizes } from './oversize/life.ts'

/** The heap of the process (MiB): far less than all runs together put into their journals. */
const heapMib = 256
const good = 40
const boundMs = 120_000

/**
 * One run that takes or makes a value far too large, deep or endless, or that makes calls without end, beside forty
 * whose results are large and allowed, in a process with a small heap. The process must live, the run must fail (or its
 * client be refused) with a message that says what is too large, and the others must succeed.
 */
export const oversize: Fault = {
  name: 'oversize',
  injects: `values too large, deep or endless, calls without end, in a heap of ${heapMib} MiB`,
  invariants: 'I4, a clear error, the process lives, the others succeed',
  trials: 150,
  trial,
}

async function trial(seed: number, tools: Tools): Promise<Violation[]> {
  const random = seeded(`oversize ${seed}`)
  const draw = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const folder = join(tools.folder, `trial-${seed}`)
  mkdirSync(folder, { recursive: true })
  const life: OversizeLife = { file: join(folder, 'reeve.db'), place: draw(places), size: draw(sizes), good }
  const { report, ended } = await runLife(life, tools.folder)
  const violations = report ? judge(report, life) : [{ invariant: 'I4' as const, what: ended }]
  if (violations.length === 0) rmSync(folder, { recursive: true })
  return violations.map(({ invariant, what }) => ({ invariant, what: `${life.size} ${life.place}: ${what}` }))
}

/** What a message must say, whatever was too large. */
const clear = /MiB|levels deep|limits\.steps|characters left out/

function judge(report: OversizeReport, { place }: OversizeLife): Violation[] {
  const violations: Violation[] = []
  if (report.good !== good)
    violations.push({ invariant: 'I4', what: `of ${good} other runs, ${report.good} succeeded` })
  // An effect that has happened is recorded with a note in place of its result, and a signal that is refused is not sent.
  const ends =
    place === 'effect-result' ? ['succeeded'] : place === 'error' ? ['failed'] : ['failed', 'refused']
  if (!ends.includes(report.outcome) || !clear.test(report.why.slice(-400)))
    violations.push({ invariant: 'shape', what: `${report.outcome}: ${report.why.slice(0, 300)}` })
  return violations
}

function runLife(
  life: OversizeLife,
  cache: string,
): Promise<{ report: OversizeReport | undefined; ended: string }> {
  const driver = join(import.meta.dirname, 'oversize', 'driver.ts')
  const parameters = [`--max-old-space-size=${heapMib}`, driver, JSON.stringify(life)]
  const child = spawn(process.execPath, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(cache),
  })
  let said = ''
  let complained = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text
  })
  const hung = setTimeout(() => child.kill('SIGKILL'), boundMs)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(hung)
      const report = code === 0 ? (JSON.parse(said) as OversizeReport) : undefined
      resolve({ report, ended: `the process ended by ${signal ?? code}: ${complained.trim().slice(-200)}` })
    })
  })
}
