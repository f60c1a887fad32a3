import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/time/time.ts'
import { openDatabase } from '../../src/store/open.ts'
import { checkInvariants, type Violation } from './checker.ts'
import { readFacts } from './facts.ts'
import { type LifeEnd, startLife } from './life-process.ts'
import { closeTrial } from './outside.ts'
import { shapeNamed } from './shapes/index.ts'
import { type StorePlace, type Stores, sqliteIn, sqliteStores } from './stores.ts'
import type { Life } from './victim.ts'

/** How one life is to end: by itself, at a boundary, or by a kill from outside some time (ms) after it is ready. */
export type Death = { at: 'boundary'; boundary: number } | { at: 'time'; afterMs: number }

export interface TrialPlan {
  shape: string
  /** One for each life but the last, which is let live. */
  deaths: Death[]
}

export interface TrialResult {
  plan: TrialPlan
  violations: Violation[]
  /** How many lives were killed: a life that ends before its death comes is not. */
  kills: number
  /** Boundaries that the last life saw. */
  boundaries: number
  /** How long the last life drove runs (ms). */
  aliveMs: number
  ms: number
  /** Where the oracle's log is, and the database as a SQLite file, kept only for a failed trial. */
  folder: string
  store: StorePlace
}

const boundMs = 40_000

/** Runs one trial to its end and checks what it left. What a sound trial left is deleted unless `keep` is set. */
export async function runTrial(
  plan: TrialPlan,
  place: { folder: string; port: number; trial: string; keep?: boolean; stores?: Stores },
): Promise<TrialResult> {
  const begun = performance.now()
  const folder = join(place.folder, place.trial)
  mkdirSync(folder, { recursive: true })
  const stores = place.stores ?? sqliteStores
  const store = await stores.create(folder)
  const originMs = Date.now()
  const violations: Violation[] = []
  let kills = 0
  let boundaries = 0
  let aliveMs = 0
  for (let index = 0; index <= plan.deaths.length; index++) {
    const death = plan.deaths[index]
    const killAt = death?.at === 'boundary' ? death.boundary : 0
    const life: Life = {
      store,
      trial: place.trial,
      shape: plan.shape,
      port: place.port,
      life: index + 1,
      killAt,
      originMs,
      boundMs,
    }
    const ended = await runLife(life, place.folder, death?.at === 'time' ? death.afterMs : undefined)
    boundaries = ended.boundaries
    aliveMs = ended.aliveMs
    if (ended.killed) {
      kills++
      continue
    }
    if (ended.problem) violations.push({ invariant: 'I4', what: ended.problem })
    break
  }
  await closeTrial(place.port, place.trial)
  violations.push(...(await checkTrial(plan.shape, folder, store)))
  if (violations.length > 0) await stores.keep(store, folder)
  if (violations.length === 0 && !place.keep) {
    await stores.discard(store)
    rmSync(folder, { recursive: true })
  }
  return { plan, violations, kills, boundaries, aliveMs, ms: performance.now() - begun, folder, store }
}

/** Checks what a trial left in its folder and its store. */
export async function checkTrial(
  shape: string,
  folder: string,
  store: StorePlace = sqliteIn(folder),
): Promise<Violation[]> {
  const database = openDatabase(store, systemClock)
  try {
    return await checkInvariants(shapeNamed(shape), database, await readFacts(database, folder))
  } finally {
    await database.close()
  }
}

async function runLife(
  life: Life,
  cache: string,
  killAfterMs: number | undefined,
): Promise<LifeEnd & { aliveMs: number }> {
  const running = startLife(life, cache)
  await running.ready
  const begun = performance.now()
  const timer = killAfterMs === undefined ? undefined : setTimeout(running.kill, killAfterMs)
  const end = await running.ended
  clearTimeout(timer)
  return { ...end, aliveMs: performance.now() - begun }
}
