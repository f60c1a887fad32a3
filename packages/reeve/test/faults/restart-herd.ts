import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/base/time/time.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { childEnvironment } from '../crash/oracle-process.ts'
import type { Fault, Tools } from './fault.ts'
import type { HerdLife } from './herd/life.ts'

const hourMs = 3_600_000
const boundMs = 120_000

/**
 * Timers that all came due while no process lived, woken by two new workers at once, with delayed starts among them whose
 * calls have a rate. All must end. 99 of 100 timers fire within `p99Ms` after the first worker began. No stretch of time
 * as long as the rate's sees more calls begin than the rate counts, wherever it starts, over both workers.
 */
export function restartHerdOf(sleepers: number, callers: number, p99Ms: number): Fault {
  return {
    name: 'restart-herd',
    injects: `${sleepers} timers due at once when two workers come back, ${callers} starts whose calls have a rate`,
    invariants: `I4 I5 I6, 99 % woken within ${p99Ms / 1000} s, the rate held in every stretch of time`,
    trials: 10,
    trial: (seed, tools) => trial(seed, tools, { sleepers, callers, p99Ms }),
  }
}

export const restartHerd = restartHerdOf(10_000, 200, 15_000)

async function trial(
  seed: number,
  tools: Tools,
  { sleepers, callers, p99Ms }: { sleepers: number; callers: number; p99Ms: number },
): Promise<Violation[]> {
  const random = seeded(`herd ${seed}`)
  const folder = join(tools.folder, `trial-${seed}`)
  mkdirSync(folder, { recursive: true })
  const calls: number[] = []
  const receiver = createServer((request, response) => {
    calls.push(Number(new URL(request.url!, 'http://provider').searchParams.get('at')))
    response.end('ok')
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const provider = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const rate = { count: 5 + Math.floor(random() * 30), perMs: 100 + Math.floor(random() * 400) }
  const life: HerdLife = { folder, agoMs: 3 * hourMs, sleepers, callers, provider, rate }
  try {
    await runLife(life, tools.folder)
    const woken = { ...life, agoMs: 0, sleepers: 0, callers: 0 }
    const began = await Promise.all([runLife(woken, tools.folder), runLife(woken, tools.folder)])
    const from = Math.min(...began)
    tools.note(`restart-herd: at most ${densest(calls, rate.perMs)} calls in a window of ${rate.count}`)
    const violations = [
      ...rateHeld(calls, rate, callers),
      ...(await woke(join(folder, 'reeve.db'), from, { all: sleepers + callers, p99Ms }, tools)),
    ]
    if (violations.length === 0) rmSync(folder, { recursive: true })
    return violations
  } finally {
    receiver.closeAllConnections()
    receiver.close()
  }
}

function rateHeld(calls: number[], { count, perMs }: HerdLife['rate'], callers: number): Violation[] {
  const violations: Violation[] = []
  const say = (what: string) => {
    violations.push({ invariant: 'shape', what: `${what} (${count} per ${perMs} ms)` })
  }
  if (calls.length !== callers) say(`${callers} runs made ${calls.length} calls`)
  const most = densest(calls, perMs)
  if (most > count) say(`${most} calls began in one stretch of ${perMs} ms`)
  return violations
}

/** The most calls in any stretch of `ms`. */
function densest(calls: number[], ms: number): number {
  const times = calls.toSorted((left, right) => left - right)
  let first = 0
  let most = 0
  for (const [index, at] of times.entries()) {
    while (at - times[first]! >= ms) first++
    most = Math.max(most, index - first + 1)
  }
  return most
}

async function woke(
  file: string,
  from: number,
  { all, p99Ms }: { all: number; p99Ms: number },
  tools: Tools,
): Promise<Violation[]> {
  const database = openSqlite({ file, clock: systemClock })
  try {
    const { done } = (await database.get<{ done: number }>(
      `select count(*) as done from runs where status = 'succeeded'`,
    ))!
    const fired = await database.all<{ at: number }>(
      `select at from events where type = 'timer-fired' order by at`,
    )
    const p99 = (fired[Math.floor(fired.length * 0.99)]?.at ?? 0) - from
    tools.note(`restart-herd: ${fired.length} timers, 99 % fired within ${p99} ms`)
    const audit = await verifyAudit(database)
    const violations: Violation[] = audit.faults.map(({ runId: run, problem }) => ({
      invariant: 'I5',
      what: `run ${run}: ${problem}`,
    }))
    for (const what of audit.integrity) violations.push({ invariant: 'I6', what })
    if (done !== all) violations.push({ invariant: 'I4', what: `of ${all} runs, ${done} succeeded` })
    if (p99 > p99Ms) violations.push({ invariant: 'I4', what: `99 % of the timers fired within ${p99} ms` })
    return violations
  } finally {
    await database.close()
  }
}

/** Answers when it began (ms). @throws when it did not end well */
function runLife(life: HerdLife, cache: string): Promise<number> {
  const driver = join(import.meta.dirname, 'herd', 'driver.ts')
  const child = spawn(process.execPath, [driver, JSON.stringify(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnvironment(cache),
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const hung = setTimeout(() => child.kill('SIGKILL'), boundMs)
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      clearTimeout(hung)
      if (code === 0) resolve(Number(said.trim()))
      else reject(new Error(`A life of the herd ended by ${signal ?? code}.`))
    })
  })
}
