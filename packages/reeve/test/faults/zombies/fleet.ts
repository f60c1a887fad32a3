import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '../../../src/base/json/json.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { listPending } from '../../../src/store/approvals/approvals.ts'
import type { Database } from '../../../src/store/database.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { RunRow } from '../../../src/store/runs/runs.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { openEngine } from '../../crash/engine.ts'
import { Facts, readFacts } from '../../crash/facts.ts'
import { Failpoints } from '../../crash/failpoints.ts'
import { childEnvironment } from '../../crash/oracle-process.ts'
import { connectOutside, type Outside } from '../../crash/outside.ts'
import type { Order, Point, Report, WorkerLife } from './protocol.ts'
import { openStore, zombieShape, zombieTool } from './store.ts'
import { installWitness, strangers } from './witness.ts'

const workersInFleet = 3
const boundMs = 120_000

/** One worker's process, as it is seen from here. */
class WorkerProcess {
  readonly #child: ChildProcess
  readonly #reports: Report[] = []
  #heard = () => {}
  id = ''

  constructor(life: WorkerLife, cache: string) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, 'worker.ts'), JSON.stringify(life)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: childEnvironment(cache),
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#reports.push(JSON.parse(line) as Report)
      this.#heard()
    })
    this.#child.on('exit', () => this.#heard())
  }

  /** Takes the next report that fits. @throws when the process has ended */
  async next<Found>(pick: (report: Report) => Found | undefined): Promise<Found> {
    for (;;) {
      const found = this.take(pick)
      if (found !== undefined) return found
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`a worker ended: ${JSON.stringify(this.#reports)}`)
      }
      await new Promise<void>((resolve) => (this.#heard = resolve))
    }
  }

  take<Found>(pick: (report: Report) => Found | undefined): Found | undefined {
    for (const [index, report] of this.#reports.entries()) {
      const found = pick(report)
      if (found === undefined) continue
      this.#reports.splice(index, 1)
      return found
    }
    return undefined
  }

  tell(order: Order): void {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`)
  }

  /** Whether the whole process stands still. */
  get stopped(): boolean {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  }

  wake(): void {
    this.#child.kill('SIGCONT')
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

export interface StopPlan {
  effect: EffectClass
  /** Where workers stop, one after another, each before the next takes over. */
  stops: Point[]
  /** Runs of the same workers that nobody stops on purpose. */
  bystanders: EffectClass[]
  /** The zombies go on in the order in which they were stopped, or the other way round. */
  wakesLastFirst: boolean
}

/** Three workers on one database, for many trials one after another. */
export class Fleet {
  readonly #database: Database
  readonly #engine: Engine
  readonly #outside: Outside
  readonly #workers: WorkerProcess[]
  readonly #folder: string
  #rests = 0

  private constructor(parts: {
    database: Database
    engine: Engine
    outside: Outside
    workers: WorkerProcess[]
    folder: string
  }) {
    this.#database = parts.database
    this.#engine = parts.engine
    this.#outside = parts.outside
    this.#workers = parts.workers
    this.#folder = parts.folder
  }

  static async open(
    place: WorkerLife['database'],
    at: { folder: string; name: string; port: number },
  ): Promise<Fleet> {
    const originMs = Date.now()
    const { database, clock } = openStore(place, originMs, 'client')
    const outside = await connectOutside(at.port, at.name, 0, new Failpoints(0, () => {}))
    const engine = await openEngine(database, clock, zombieShape.workflows(outside))
    await installWitness(database)
    const workers = Array.from({ length: workersInFleet }, (_, index) => {
      const life = { database: place, number: index + 1, port: at.port, trial: at.name, originMs }
      return new WorkerProcess(life, at.folder)
    })
    const folder = join(at.folder, at.name)
    const fleet = new Fleet({ database, engine, outside, workers, folder })
    for (const worker of workers)
      worker.id = await worker.next((report) => ('working' in report ? report.working : undefined))
    return fleet
  }

  /** Stops workers in mid-effect, lets others take over, lets the stopped go on, and checks what became of it. */
  async trial(seed: number, plan: StopPlan): Promise<Violation[]> {
    const own: number[] = []
    try {
      return await bounded(this.#stopAndGo(seed, plan, own))
    } catch (error) {
      const rows = await this.#rows(own)
      const where = rows.map(({ id, status, worker, epoch }) => `${id} ${status} ${worker} ${epoch}`)
      return [{ invariant: 'I4', what: `${String(error)}; ${JSON.stringify(plan)}; ${where.join(', ')}` }]
    }
  }

  async #stopAndGo(seed: number, plan: StopPlan, own: number[]): Promise<Violation[]> {
    const zombies: WorkerProcess[] = []
    const [first, ...others] = plan.stops
    for (const worker of this.#workers) worker.tell({ arm: first! })
    for (const [index, effect] of plan.bystanders.entries())
      own.push(await this.#start('bystander', `bystander-${seed}-${index}`, effect))
    const run = await this.#start(zombieTool, `zombie-${seed}`, plan.effect)
    own.push(run)
    zombies.push(await this.#stopped(zombies))
    for (const point of others) {
      for (const worker of this.#awake(zombies)) worker.tell({ arm: point })
      const zombie = await this.#stoppedOrRested(zombies, own)
      if (!zombie) break
      zombies.push(zombie)
    }
    for (const worker of this.#awake(zombies)) worker.tell({ disarm: true })
    await this.#allRest(own)
    if (plan.wakesLastFirst) zombies.reverse()
    for (const zombie of zombies) zombie.wake()
    await this.#quiet()
    await this.#answerQuestions(own)
    await this.#allRest(own)
    await this.#quiet()
    return this.#check(own, zombies)
  }

  async #start(workflow: string, key: string, input: Json): Promise<number> {
    const { id } = await this.#engine.startRun(workflow, input, { idempotencyKey: key })
    this.#outside.tell({ kind: 'started', workflow, key, run: id, isNew: true })
    const row = await this.#database.get<{ no: number }>('select no from runs where id = ?', [id])
    return row!.no
  }

  #awake(zombies: WorkerProcess[]): WorkerProcess[] {
    return this.#workers.filter((worker) => !zombies.includes(worker))
  }

  /** The next worker that stopped itself. The others are told that it is enough. */
  async #stopped(zombies: WorkerProcess[]): Promise<WorkerProcess> {
    for (;;) {
      const zombie = await this.#justStopped(zombies)
      if (zombie) return zombie
      await pause(2)
    }
  }

  async #justStopped(zombies: WorkerProcess[]): Promise<WorkerProcess | undefined> {
    const awake = this.#awake(zombies)
    const zombie = awake.find((one) => one.take((report) => ('stopping' in report ? true : undefined)))
    if (!zombie) return undefined
    for (const worker of awake) if (worker !== zombie) worker.tell({ disarm: true })
    while (!zombie.stopped) await pause(1)
    return zombie
  }

  /** Undefined when all rests and nobody came to that point. */
  async #stoppedOrRested(zombies: WorkerProcess[], own: number[]): Promise<WorkerProcess | undefined> {
    for (;;) {
      const zombie = await this.#justStopped(zombies)
      if (zombie) return zombie
      if ((await this.#rows(own)).every(rests)) return undefined
      await pause(4)
    }
  }

  async #allRest(own: number[]): Promise<void> {
    while (!(await this.#rows(own)).every(rests)) await pause(4)
  }

  #rows(own: number[]): Promise<RunRow[]> {
    if (own.length === 0) return Promise.resolve([])
    return this.#database.all<RunRow>(
      `select * from runs where no in (${own.map(() => '?').join(', ')})`,
      own,
    )
  }

  /** Waits until no worker holds anything that it believes to be its own. */
  async #quiet(): Promise<void> {
    const rest = ++this.#rests
    for (const worker of this.#workers) worker.tell({ rest })
    for (const worker of this.#workers)
      await worker.next((report) => ('resting' in report && report.resting === rest ? true : undefined))
  }

  /** A person looks at the outside system once everybody who could act has acted. */
  async #answerQuestions(own: number[]): Promise<void> {
    for (const approval of await listPending(this.#database)) {
      if (!own.includes(approval.run)) continue
      const { tool, key } = JSON.parse(approval.shown) as { tool: string; key: string }
      const result = await this.#outside.ask(tool, key)
      const answer: Json =
        result === undefined ? { happened: false, retry: true } : { happened: true, result }
      await this.#engine.control.decide(approval.id, { verdict: 'answer', answer, by: 'ada' })
    }
  }

  async #check(own: number[], zombies: WorkerProcess[]): Promise<Violation[]> {
    // What was said before this question is heard before its answer.
    await this.#outside.ask('last words', '')
    const lives = zombies.map((zombie) => this.#workers.indexOf(zombie) + 1)
    const facts = ofRuns(await readFacts(this.#database, this.#folder), own, lives)
    const numberOf = new Map(this.#workers.map(({ id }, index) => [id, `writer${index + 1}`]))
    const foreign = await strangers(this.#database, own, (worker) => numberOf.get(worker))
    const violations = await checkInvariants(zombieShape, this.#database, facts)
    return [...violations, ...foreign.map((what) => ({ invariant: 'I7' as const, what }))]
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
    await this.#database.close()
  }
}

function rests(run: RunRow): boolean {
  return run.ended_at !== null || run.status === 'waiting' || run.status === 'stuck'
}

/**
 * What concerns these runs, without what no engine can hold a zombie back from. A body has no intent and may run beside
 * another's. And one that was stopped inside its tool, with the request not yet sent, sends it when it goes on, whatever
 * the outside system has told others meanwhile: a receiver that knows keys refuses it, which is all that can be asked.
 */
function ofRuns(facts: Facts, own: number[], zombies: number[]): Facts {
  const runs = facts.runs.filter((run) => own.includes(run.no))
  const ids = new Set(runs.map((run) => run.id))
  return new Facts({
    runs,
    events: facts.events,
    approvals: facts.approvals.filter((one) => own.includes(one.run)),
    inbox: facts.inbox.filter((one) => own.includes(one.run)),
    occurrences: [],
    heard: facts.heard.filter((said) => {
      if (zombies.includes(said.life)) {
        if (said.kind === 'body') return false
        if (said.kind === 'effect' && said.effect === 'verifiable' && said.applied === false) return false
      }
      if ('run' in said) return ids.has(said.run)
      return said.kind === 'effect' && ids.has(said.key.split(':')[1]!)
    }),
  })
}

async function bounded<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not come to rest within ${boundMs} ms`)), boundMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
