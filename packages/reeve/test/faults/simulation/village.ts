import { silentLog } from '../../../src/base/log.ts'
import type { Clock } from '../../../src/base/time/time.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { Database } from '../../../src/store/database.ts'
import { migrate } from '../../../src/store/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { FakeClock, settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import type { Violation } from '../../crash/checker.ts'
import type { Outside } from '../../crash/outside.ts'
import { Link } from './link.ts'
import { Receiver } from './receiver.ts'

/** A simulated worker. */
export interface Life {
  link: Link
  engine: Engine
  /** How many acts are under way in it. */
  busy: number
}

const steps = [0, 1, 5, 20, 100, 500, 2000, 5000]

/** Workers on one database in simulated time. They come and go, and die at boundaries of their writes. */
export class Village {
  readonly lives: Life[] = []
  readonly violations: Violation[] = []
  readonly receiver: Receiver
  readonly database: Database
  readonly time: FakeClock
  readonly #random: () => number
  readonly #listeners = new Map<Link, Set<() => void>>()
  readonly #seed: number
  #ids = 0

  private constructor(seed: number, time: FakeClock, database: Database) {
    this.#seed = seed
    this.time = time
    this.#random = seeded(`village ${seed}`)
    this.receiver = new Receiver(time)
    this.database = database
  }

  /** `storeClock`: what the store's clock is, given the time as it passes. Default: that. */
  static async found(
    seed: number,
    storeClock: (time: FakeClock) => Clock = (time) => time,
  ): Promise<Village> {
    const time = new FakeClock()
    const database = openSqlite({ file: ':memory:', clock: storeClock(time) })
    await migrate(database, () => 'village')
    return new Village(seed, time, database)
  }

  get alive(): Life[] {
    return this.lives.filter(({ link }) => link.awake)
  }

  /** `dieAt`: the boundary of its writes at which it dies; 0 for never. `own`: its own view of database and time. */
  begin(
    workflowsOf: (outside: Outside) => Workflow[],
    dieAt = 0,
    own: { database?: Database; clock?: Clock } = {},
  ): Life {
    const random = seeded(`life ${this.#seed} ${this.lives.length}`)
    const link: Link = new Link({
      database: own.database ?? this.database,
      random,
      dieAt,
      onDeath: () => this.#bury(link),
      onCommit: () => this.#changed(link),
      onFencing: (what) => this.violations.push({ invariant: 'I7', what }),
      listen: (callback) => this.#listen(link, callback),
    })
    const engine = new Engine({
      database: link.database,
      clock: {
        now: () => (own.clock ?? this.time).now(),
        after: (ms, call) => this.time.after(ms, () => link.whenAwake(call)),
      },
      log: silentLog,
      newId: () => `id${String(++this.#ids).padStart(6, '0')}`,
      random,
      identity: 'village',
      keptEvents: 0,
      lingerMs: random() < 0.5 ? 1000 : 0,
      onFatal: (error) => this.#failed(link, error),
    })
    link.worker = engine.worker.id
    const number = this.lives.length + 1
    const outside = this.receiver.seenFrom(link, number, () => false)
    for (const workflow of workflowsOf(outside)) engine.workflows.add(workflow)
    const life: Life = { link, engine, busy: 0 }
    this.lives.push(life)
    link.failpoints.arm()
    this.act(life, () => engine.start())
    return life
  }

  /** Lets a worker go: it signs off, or it is gone at once. */
  async end(life: Life, gracefully: boolean): Promise<void> {
    if (life.link.dead) return
    if (gracefully) {
      while (life.busy > 0 && life.link.awake) await this.time.advance(5)
      this.act(life, () => life.engine.stop(1000))
      for (let turn = 0; life.busy > 0 && turn < 400; turn++) await this.time.advance(10)
      if (life.busy > 0 && !life.link.dead)
        this.violations.push({ invariant: 'I4', what: 'a worker did not stop' })
    }
    life.link.die()
    this.#bury(life.link)
    await settle()
  }

  /** Lets a moment pass: nothing, or some seconds. */
  async pass(): Promise<void> {
    await this.time.advance(steps[Math.floor(this.#random() * steps.length)]!)
  }

  /** What a worker's process begins goes on beside everything else, and never ends once the process is dead. */
  act(life: Life, act: () => Promise<void>): void {
    life.busy++
    act().then(
      () => {
        life.busy--
      },
      (error: unknown) => {
        if (!life.link.dead) this.#failed(life.link, error)
      },
    )
  }

  #failed(link: Link, error: unknown): void {
    this.violations.push({ invariant: 'I4', what: `a process failed: ${String(error)}` })
    link.die()
  }

  #bury(link: Link): void {
    const sql = 'delete from workers where id = ?'
    this.time.after(1, () => void this.database.run(sql, [link.worker ?? '']).catch(() => {}))
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
      for (const callback of callbacks) this.time.after(20, () => link.whenAwake(callback))
    }
  }
}
