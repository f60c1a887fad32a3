import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/time.ts'
import { openDatabase } from '../../src/store/open.ts'
import { checkInvariants, type Violation } from './checker.ts'
import { readFacts } from './facts.ts'
import { childEnvironment } from './oracle-process.ts'
import { closeTrial } from './outside.ts'
import { shapeNamed } from './shapes/index.ts'
import { type StorePlace, type Stores, sqliteIn, sqliteStores } from './stores.ts'
import { exitCodes, type Life } from './victim.ts'

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
  ms: number
  /** Where the oracle's log is, and the database as a SQLite file, kept only for a failed trial. */
  folder: string
  store: StorePlace
}

const boundMs = 10_000

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
  return { plan, violations, kills, boundaries, ms: performance.now() - begun, folder, store }
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

interface LifeEnd {
  killed: boolean
  boundaries: number
  problem: string | undefined
}

function runLife(life: Life, cache: string, killAfterMs: number | undefined): Promise<LifeEnd> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'victim.ts'), JSON.stringify(life)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(cache),
  })
  let said = ''
  let complained = ''
  let killTimer: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const isReady = said === ''
    said += text
    if (isReady && killAfterMs !== undefined) killTimer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text
  })
  const hung = setTimeout(() => child.kill('SIGABRT'), life.boundMs * 2)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(hung)
      clearTimeout(killTimer)
      const killed = signal === 'SIGKILL'
      const boundaries = Number(said.trim().split('\n')[1] ?? 0)
      const ok = killed || code === exitCodes.done
      const how = signal ? `by ${signal}` : `with code ${code}`
      const problem = ok ? undefined : `life ${life.life} ended ${how}: ${complained.trim()}`
      resolve({ killed, boundaries, problem })
    })
  })
}
