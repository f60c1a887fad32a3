import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nextChange } from '../world/faults.ts'
import { dayMs, dayNumber, firstDay, hourMs, startOfDay } from '../world/time.ts'
import { World } from '../world/world.ts'
import { Journal } from './journal.ts'
import { Operator } from './operator.ts'
import { prepareProject } from './prepare.ts'
import { WorkerDied, WorkerProcess } from './worker-process.ts'

export interface PlayOptions {
  folder: string
  days: number
  seed: number
  /** Of the site; the other services follow. 0: free ones. */
  port: number
  /** Of the dashboard; `none`: it is not served. */
  page: string
  /** The least that a day takes (ms of this machine). */
  dayTakesMs: number
  hasFaults: boolean
  /** Whether Reeve learns by night of what happened. */
  isLearning: boolean
  /** Called each evening, and when it begins. */
  onDay: (business: Business) => void
  onPage: (link: string) => void
  onNote: (note: string) => void
  /** Called before and after each thing that is done: requests to the world, what its clock is moved to. */
  onMoment?: () => void
}

const visitHour = 8

/** A business that is played: the world, the worker process and the operator, moved from one thing that is due to the next. */
export class Business {
  readonly options: PlayOptions
  readonly world: World
  readonly journal: Journal
  readonly operator: Operator
  /** How often the worker was killed since this process began. */
  kills = 0
  #worker: WorkerProcess | undefined

  private constructor(options: PlayOptions, world: World) {
    this.options = options
    this.world = world
    const project = join(options.folder, 'project')
    this.journal = new Journal(join(project, '.reeve/reeve.db'))
    this.operator = new Operator(world, project, this.journal)
  }

  /** Goes on where it was, when the folder has a business of that seed. */
  static async open(options: PlayOptions): Promise<Business> {
    const { folder, seed, days, port, hasFaults, onMoment = () => {} } = options
    mkdirSync(folder, { recursive: true })
    let business: Business | undefined
    const onKill = () => business!.#kill()
    const world = await World.open({ folder, seed, days, port, hasFaults, onKill, onMoment })
    business = new Business(options, world)
    for (const note of prepareProject(join(folder, 'project'), world.addresses)) options.onNote(note)
    return business
  }

  static remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }

  get now(): number {
    return this.world.life.now
  }

  get day(): number {
    return dayNumber(this.now)
  }

  /** Plays until the last day is over. */
  async play(): Promise<void> {
    const { life, plan } = this.world
    const end = firstDay + this.options.days * dayMs
    let began = performance.now()
    await this.#alive()
    if (this.#worker?.page) this.options.onPage(this.#worker.page)
    // Killed at it, it is gone on with.
    if (isVisit(this.now)) await this.#visit()
    while (this.now < end) {
      const { due } = await this.#alive()
      const visit = nextVisit(this.now)
      const to = Math.max(
        this.now,
        Math.min(due ?? end, visit, nextChange(plan, this.now), startOfDay(this.day + 1), end),
      )
      const isNewDay = dayNumber(to) > this.day
      this.options.onMoment?.()
      life.advance(to)
      this.options.onMoment?.()
      await this.#steadily((worker) => worker.ask({ type: 'goto', to }))
      if (to === visit) await this.#visit()
      if (!isNewDay) continue
      this.options.onDay(this)
      const rest = this.options.dayTakesMs - (performance.now() - began)
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      began = performance.now()
    }
    await this.#steadily((worker) => worker.stop())
    this.world.books.setFact('over', 1)
  }

  async close(): Promise<void> {
    this.#worker?.kill()
    await this.world.close()
  }

  async #visit(): Promise<void> {
    const { books } = this.world
    if (Number(books.fact('visited') ?? 0) >= this.now) return
    await this.#steadily((worker) => this.operator.visit(worker))
    books.setFact('visited', this.now)
  }

  /** The worker, started anew at the world's time when it is dead. */
  async #alive(): Promise<WorkerProcess> {
    const { folder, seed, page, isLearning } = this.options
    while (!this.#worker) {
      await this.#untilTheLastIsGone()
      const env = {
        ...this.world.addresses,
        WORLD_BASE_URL: `${this.world.addresses.MODEL_URL}/v1`,
        BUSINESS_LEARNING: isLearning ? 'on' : 'off',
      }
      const starts = `starts ${this.now}`
      const start = Number(this.world.books.fact(starts) ?? 0) + 1
      this.world.books.setFact(starts, start)
      try {
        this.#worker = await WorkerProcess.start(
          { folder: join(folder, 'project'), seed, port: page, start, env },
          this.now,
          (pid) => this.world.books.setFact('worker', pid),
        )
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error
      }
    }
    return this.#worker
  }

  /** The worker of a player that was killed ends by itself as soon as it notices: two would be at it. */
  async #untilTheLastIsGone(): Promise<void> {
    const pid = Number(this.world.books.fact('worker') ?? 0)
    for (let look = 0; pid > 0 && isAlive(pid) && look < 200; look++)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** Does it, and once more with another worker when this one is killed at it. */
  async #steadily(work: (worker: WorkerProcess) => Promise<unknown>): Promise<void> {
    for (;;) {
      const worker = await this.#alive()
      try {
        await work(worker)
        return
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error
        this.#worker = undefined
      }
    }
  }

  #kill(): void {
    this.kills++
    this.world.books.setFact('kills', Number(this.world.books.fact('kills') ?? 0) + 1)
    this.#worker?.kill()
    WorkerProcess.killStarting()
  }
}

/** A number that the system gave to another process since is waited for too, for a while. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function isVisit(now: number): boolean {
  return now === startOfDay(dayNumber(now)) + visitHour * hourMs
}

function nextVisit(now: number): number {
  const today = startOfDay(dayNumber(now)) + visitHour * hourMs
  return today > now ? today : today + dayMs
}
