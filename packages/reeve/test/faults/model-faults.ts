import { setTimeout as pause } from 'node:timers/promises'
import { canonical, type Json } from '../../src/base/json/json.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { type RunRow, readRun } from '../../src/store/runs/runs.ts'
import { type BudgetRow, readBudget } from '../../src/store/spending/budgets.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import type { Fault, Tools } from './fault.ts'
import { ceilingsUsd, kinds, type ModelWorld, openModelWorld } from './model/world.ts'

const boundMs = 60_000
/** A call that was cut off settles once its solver has noticed. Well below the hour after which the ledger is tidied. */
const settledWithinMs = 5000
/** Trials that are begun ahead: they spend most of their time waiting for a provider. */
const ahead = 48
/** Sums of money are compared to a billionth of a dollar, give or take their rounding. */
const rounding = 10

let opened: Promise<ModelWorld> | undefined
const begun = new Map<number, Promise<Violation[]>>()

/**
 * A typed question, or an agent with tools, put to two hosted models over real HTTP, whose provider limits, fails, hangs,
 * breaks off at any byte, talks nonsense, calls tools that are not there, with arguments that do not fit or are cut, or
 * answers with 10 MB. Each run has a ceiling. The double keeps its own bill, and counts what it gave whole.
 */
export const modelFaults: Fault = {
  name: 'model-faults',
  injects:
    'a provider that limits, fails, hangs, breaks off at any byte, talks nonsense or calls wrong tools',
  invariants: 'I4, no budget exceeded, every bill in the ledger, no partial answer or call taken',
  trials: 3000,
  trial(seed, tools) {
    for (let next = seed; next < seed + ahead; next++)
      if (!begun.has(next)) begun.set(next, trial(next, tools))
    const result = begun.get(seed)!
    begun.delete(seed)
    return result
  },
  async close() {
    await Promise.all(begun.values())
    begun.clear()
    const world = await opened
    opened = undefined
    await world?.close()
  },
}

async function trial(seed: number, _tools: Tools): Promise<Violation[]> {
  opened ??= openModelWorld()
  const world = await opened
  const random = seeded(`model run ${seed}`)
  const draw = (below: number) => Math.floor(random() * below)
  const kind = kinds[draw(kinds.length)]!
  const ceiling = draw(ceilingsUsd.length)
  const { database } = internalsOf(world.runtime)
  const handle = await world.runtime.startRun(`${kind}-${ceiling}`, { seed })
  const ended = handle.result()
  const endsAt = performance.now() + boundMs
  let run: RunRow
  let rests = false
  do {
    await Promise.race([ended, pause(10)])
    run = (await readRun(database, handle.id))!
    rests = run.ended_at !== null || run.status === 'stuck' || (await isAsked(world, run))
  } while (!rests && performance.now() < endsAt)
  const violations: Violation[] = rests
    ? []
    : [{ invariant: 'I4', what: `the run is ${run.status} (${run.reason ?? 'no reason'})` }]
  if (run.status === 'stuck') violations.push({ invariant: 'I4', what: `the run is stuck: ${run.reason}` })
  violations.push(...(await judgeMoney(world, seed, run, ceilingsUsd[ceiling]!)))
  const output = run.status === 'succeeded' ? await ended : undefined
  violations.push(...judgeTaken(world, seed, output?.status === 'succeeded' ? output.output : undefined))
  world.forget(seed)
  return violations.map(({ invariant, what }) => ({ invariant, what: `${kind}: ${what}` }))
}

/** Whether the run waits for a person and says so. */
async function isAsked({ runtime }: ModelWorld, run: RunRow): Promise<boolean> {
  if (run.status !== 'waiting' || !run.reason) return false
  const asked = await internalsOf(runtime).database.get(
    `select id from approvals where run = ? and status = 'pending' and kind = 'question'`,
    [run.no],
  )
  return asked !== undefined
}

/** What a run that rests has spent, once none of its calls is under way. */
async function settledBudget({ runtime }: ModelWorld, run: RunRow): Promise<BudgetRow | undefined> {
  const endsAt = performance.now() + settledWithinMs
  for (;;) {
    const budget = await readBudget(internalsOf(runtime).database, `run:${run.no}`)
    if (!budget?.reserved_nanousd || performance.now() >= endsAt) return budget
    await pause(10)
  }
}

async function judgeMoney(
  world: ModelWorld,
  seed: number,
  run: RunRow,
  ceilingUsd: number,
): Promise<Violation[]> {
  const ledger = await settledBudget(world, run)
  const { billedNanousd, requests } = world.scriptOf(seed)
  const spent = ledger?.spent_nanousd ?? 0
  const violations: Violation[] = []
  const say = (what: string) => {
    const sums = `${requests} requests, billed ${billedNanousd}, in the ledger ${spent}`
    violations.push({ invariant: 'shape', what: `${what} (${sums}, ceiling $${ceilingUsd})` })
  }
  if (billedNanousd > ceilingUsd * 1e9 + rounding) say('more was billed than the ceiling allows')
  if (spent > ceilingUsd * 1e9 + rounding) say('the ledger is over its ceiling')
  if (billedNanousd > spent + rounding) say('not all that was billed is in the ledger')
  if ((ledger?.reserved_nanousd ?? 0) !== 0) say('a reservation is left')
  return violations
}

function judgeTaken({ scriptOf }: ModelWorld, seed: number, output: unknown): Violation[] {
  const { made, calls, answers } = scriptOf(seed)
  const partial = made.filter((call) => !calls.has(call))
  const violations: Violation[] = partial.map((call) => ({
    invariant: 'I3',
    what: `a tool was called that no whole reply asked for: ${call}`,
  }))
  const twice = made.filter((call, index) => call.startsWith('pay ') && made.indexOf(call) !== index)
  for (const call of twice) violations.push({ invariant: 'I3', what: `it was paid twice: ${call}` })
  if (output !== undefined) {
    const { total, unit } = output as { [key: string]: Json }
    const answer = canonical({ total, unit } as Json)
    if (!answers.has(answer))
      violations.push({ invariant: 'shape', what: `it gave ${answer}, which no whole reply said` })
  }
  return violations
}
