import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EffectClass } from '../../src/store/journal/vocabulary/effect-class.ts'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { type OracleProcess, startOracle } from '../crash/oracle-process.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import type { Fault, Tools } from './fault.ts'
import { Fleet, type StopPlan } from './zombies/fleet.ts'
import { points } from './zombies/protocol.ts'

const classes: EffectClass[] = ['read', 'idempotent', 'verifiable', 'once']
/** A journal is checked as a whole after each trial: a fleet gets a new database before it grows long. */
const trialsOfFleet = 60

/**
 * `width` fleets work side by side, half of them on Postgres: a trial waits for leases most of its time, so the next
 * trials are begun while one is under way.
 */
export function zombiesAhead(width: number): Fault {
  const yard = new Yard(width)
  return {
    name: 'zombies',
    injects: 'SIGSTOP of a worker process in mid-effect past its lease, take-over, SIGCONT',
    invariants: 'I1–I7',
    trials: 1000,
    trial: (seed, tools) => yard.trial(seed, tools),
    close: () => yard.close(),
  }
}

class Yard {
  readonly #width: number
  readonly #begun = new Map<number, Promise<Violation[]>>()
  readonly #lanes: Promise<unknown>[]
  readonly #fleets: { fleet: Fleet; trials: number }[] = []
  #oracle: Promise<OracleProcess> | undefined
  #server: Promise<TestServer> | undefined
  /** They are made one after another. */
  #lastDatabase: Promise<unknown> = Promise.resolve()
  #made = 0

  constructor(width: number) {
    this.#width = width
    this.#lanes = Array.from({ length: width }, () => Promise.resolve())
  }

  async trial(seed: number, tools: Tools): Promise<Violation[]> {
    for (let ahead = seed; ahead < seed + this.#width; ahead++) this.#begin(ahead, tools)
    const violations = await this.#begun.get(seed)!
    this.#begun.delete(seed)
    return violations
  }

  #begin(seed: number, tools: Tools): void {
    if (this.#begun.has(seed)) return
    const lane = seed % this.#width
    const trial = this.#lanes[lane]!.then(async () => {
      const fleet = await this.#fleetOf(lane, tools)
      const violations = await fleet.trial(seed, planOf(seed))
      // What a failed trial left running would disturb the next one.
      if (violations.length > 0) await this.#dismiss(lane)
      return violations
    })
    this.#begun.set(seed, trial)
    this.#lanes[lane] = trial.catch(() => {})
  }

  async #fleetOf(lane: number, tools: Tools): Promise<Fleet> {
    const known = this.#fleets[lane]
    if (known && known.trials++ < trialsOfFleet) return known.fleet
    await this.#dismiss(lane)
    this.#oracle ??= startOracle(tools.folder)
    const { port } = await this.#oracle
    const name = `fleet${++this.#made}`
    mkdirSync(join(tools.folder, name), { recursive: true })
    const fleet = await Fleet.open(await this.#database(lane, join(tools.folder, name)), {
      folder: tools.folder,
      name,
      port,
    })
    this.#fleets[lane] = { fleet, trials: 1 }
    return fleet
  }

  async #database(lane: number, folder: string) {
    if (lane % 2 === 0) return { kind: 'sqlite' as const, file: join(folder, 'reeve.db') }
    this.#server ??= startPostgres()
    const server = await this.#server
    const url = this.#lastDatabase.then(() => server.createDatabase())
    this.#lastDatabase = url
    return { kind: 'postgres' as const, url: await url }
  }

  async #dismiss(lane: number): Promise<void> {
    const known = this.#fleets[lane]
    delete this.#fleets[lane]
    await known?.fleet.close()
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes)
    this.#begun.clear()
    for (let lane = 0; lane < this.#width; lane++) await this.#dismiss(lane)
    await (await this.#oracle)?.stop()
    await (await this.#server)?.stop()
    this.#oracle = undefined
    this.#server = undefined
  }
}

/** Worker processes that are stopped in mid-effect for longer than their lease, and go on when another has taken over. */
export const zombies = zombiesAhead(8)

function planOf(seed: number): StopPlan {
  const random = seeded(`zombies ${seed}`)
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  const effect = pick(classes)
  // A read has no intent.
  const reached = points.filter((point) => effect !== 'read' || point !== 'intended')
  const stops = [pick(reached)]
  if (random() < 0.3) stops.push(pick(reached))
  return {
    effect,
    stops,
    bystanders: Array.from({ length: Math.floor(random() * 3) }, () => pick(classes)),
    wakesLastFirst: random() < 0.5,
  }
}
