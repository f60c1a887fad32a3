import { silentLog } from '../../../src/base/log.ts'
import type { Clock } from '../../../src/base/time/time.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { Database } from '../../../src/store/database.ts'
import { longLeaseMs } from '../../../src/store/dispatch/workers.ts'
import { migrate } from '../../../src/store/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { FakeClock, settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { factsOf } from '../../crash/facts.ts'
import { ShapeOperator } from '../../crash/operator.ts'
import type { Shape } from '../../crash/shapes/shape.ts'
import { Link } from './link.ts'
import { Receiver } from './receiver.ts'

export interface WorldOptions {
  seed: number
  shape: Shape
  /** The largest jump of the store's clock (ms); 0 for none. */
  largestJumpMs: number
  /** Deaths, stalls and jumps together; below the engine's `maxCrashes`, so that no run is set aside for them. */
  mishaps: number
}

/** A simulated process. */
interface Life {
  number: number
  link: Link
  engine: Engine
  operator: ShapeOperator
  busy: boolean
  done: boolean
  /** When it stalled, or the store's clock leapt, others may believe it dead from then on. */
  doubted: boolean
  stalledAt: number
}

const mostTurns = 3000
const steps = [0, 1, 5, 20, 100, 500, 2000, 5000]

/**
 * A whole world in one process: an in-memory database, processes on it that die and stall, clients and people, the
 * outside, and time. Everything that happens follows from the seed.
 */
export class World {
  readonly #options: WorldOptions
  readonly #random: () => number
  /** Time as it passes; the store's clock is this plus a shift. */
  readonly #time = new FakeClock()
  readonly #receiver = new Receiver(this.#time)
  readonly #lives: Life[] = []
  readonly #listeners = new Map<Link, Set<() => void>>()
  readonly #violations: Violation[] = []
  #database!: Database
  #shiftMs = 0
  /** A clock that was set back is set right in the end. */
  #rightShiftMs = 0
  #mishaps: number
  #ids = 0

  constructor(options: WorldOptions) {
    this.#options = options
    this.#random = seeded(`world ${options.seed}`)
    this.#mishaps = options.mishaps
  }

  async run(): Promise<Violation[]> {
    this.#database = openSqlite({ file: ':memory:', clock: this.#clockOf(undefined) })
    await migrate(this.#database, () => 'simulated')
    const rested = await this.#live()
    await this.#time.advance(100)
    for (const { link } of this.#lives) link.die()
    await settle()
    const facts = await factsOf(this.#database, this.#receiver.heard)
    if (!rested) {
      const states = facts.runs.map((run) => `${run.id} ${run.status} ${run.reason ?? ''}`).join(', ')
      this.#violations.push({ invariant: 'I4', what: `the world did not come to rest: ${states}` })
    }
    this.#violations.push(...(await checkInvariants(this.#options.shape, this.#database, facts)))
    await this.#database.close()
    return this.#violations
  }

  /** Answers whether everything came to rest. */
  async #live(): Promise<boolean> {
    const alone = this.#random() < 0.5
    this.#begin()
    for (let turn = 0; turn < mostTurns; turn++) {
      const alive = this.#lives.filter(({ link }) => !link.dead)
      if (alive.length === 0 || (!alone && alive.length < 2 && this.#random() < 0.1)) this.#begin()
      await this.#mishap()
      for (const life of alive) this.#round(life)
      await this.#time.advance(steps[Math.floor(this.#random() * steps.length)]!)
      const awake = this.#lives.filter(({ link }) => link.awake)
      if (
        this.#shiftMs === this.#rightShiftMs &&
        awake.length > 0 &&
        awake.every((life) => life.done && !life.busy)
      )
        return true
    }
    return false
  }

  #begin(): void {
    const number = this.#lives.length + 1
    const random = seeded(`life ${this.#options.seed} ${number}`)
    const dies = this.#mishaps > 0 && this.#random() < 0.7
    if (dies) this.#mishaps--
    const link: Link = new Link({
      database: this.#database,
      random,
      dieAt: dies ? 1 + Math.floor(Math.exp(this.#random() * 5)) : 0,
      onDeath: () => this.#buried(link),
      onCommit: () => this.#changed(link),
      onFencing: (what) => this.#violations.push({ invariant: 'I7', what }),
      listen: (callback) => this.#listen(link, callback),
    })
    const engine = new Engine({
      database: link.database,
      clock: this.#clockOf(link),
      log: silentLog,
      newId: () => `id${String(++this.#ids).padStart(6, '0')}`,
      random,
      identity: 'simulated',
      keptEvents: 0,
      lingerMs: random() < 0.5 ? 1000 : 0,
      onFatal: (error) => this.#fatal(link, error),
    })
    link.worker = engine.worker.id
    const { shape } = this.#options
    const life: Life = {
      number,
      link,
      engine,
      busy: false,
      done: false,
      doubted: false,
      stalledAt: 0,
    } as Life
    const outside = this.#receiver.seenFrom(link, number, () => life.doubted)
    life.operator = new ShapeOperator(engine, outside, shape)
    for (const workflow of shape.workflows(outside)) engine.workflows.add(workflow as Workflow)
    this.#lives.push(life)
    link.failpoints.arm()
    this.#act(life, async () => {
      await shape.prepare?.(engine)
      await engine.start()
      await life.operator.begin()
    })
  }

  /** What a process begins goes on beside everything else, and never ends once the process is dead. */
  #act(life: Life, act: () => Promise<void>): void {
    life.busy = true
    act().then(
      () => {
        life.busy = false
      },
      (error: unknown) => {
        if (!life.link.dead) this.#fatal(life.link, error)
      },
    )
  }

  #round(life: Life): void {
    if (life.busy || !life.link.awake) return
    this.#act(life, async () => {
      if (this.#random() < 0.05) await life.operator.begin()
      life.done = await life.operator.round()
    })
  }

  #fatal(link: Link, error: unknown): void {
    this.#violations.push({ invariant: 'I4', what: `a process failed: ${String(error)}` })
    link.die()
  }

  /** Half of the dead are noticed by their host at once, the others when their lease runs out. */
  #buried(link: Link): void {
    if (this.#random() < 0.5) return
    const bury = () =>
      void this.#database.run('delete from workers where id = ?', [link.worker ?? '']).catch(() => {})
    this.#time.after(Math.floor(this.#random() * 2000), bury)
  }

  async #mishap(): Promise<void> {
    const now = this.#time.now()
    for (const life of this.#lives) {
      if (life.link.awake || life.link.dead || now < life.stalledAt) continue
      life.link.wake()
    }
    if (this.#random() < 0.05) this.#shiftMs = this.#rightShiftMs
    if (this.#mishaps === 0 || this.#random() > 0.05) return
    const { largestJumpMs } = this.#options
    if (this.#random() < 0.5 && largestJumpMs > 0) {
      this.#mishaps--
      await settle()
      this.#jump(Math.round((this.#random() < 0.5 ? -1 : 1) * largestJumpMs ** this.#random()))
      return
    }
    const life = this.#lives.findLast(({ link }) => link.awake)
    if (!life) return
    this.#mishaps--
    life.doubted = true
    life.stalledAt = now + Math.floor(this.#random() * 2 * longLeaseMs)
    life.link.stall()
  }

  #jump(ms: number): void {
    this.#shiftMs += ms
    this.#rightShiftMs = Math.max(this.#rightShiftMs, this.#shiftMs)
    for (const life of this.#lives) life.doubted ||= ms > 0
  }

  #clockOf(link: Link | undefined): Clock {
    return {
      now: () => this.#time.now() + this.#shiftMs,
      after: (delayMs, callback) =>
        this.#time.after(delayMs, () => (link ? link.whenAwake(callback) : callback())),
    }
  }

  #listen(link: Link, callback: () => void): () => void {
    const callbacks = this.#listeners.get(link) ?? new Set()
    this.#listeners.set(link, callbacks)
    callbacks.add(callback)
    return () => callbacks.delete(callback)
  }

  #changed(by: Link): void {
    for (const [link, callbacks] of this.#listeners) {
      if (link === by || link.dead) continue
      for (const callback of callbacks) this.#time.after(20, () => link.whenAwake(callback))
    }
  }
}
