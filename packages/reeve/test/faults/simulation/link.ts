import type { Bulk, Database, Session, Value } from '../../../src/store/database.ts'
import { insertEvents } from '../../../src/store/journal/journal.ts'
import {
  parkAbandonedRuns,
  parkRuns,
  parkWatchedRuns,
  releaseRuns,
  releaseWatchedRuns,
} from '../../../src/store/runs/changes/releases.ts'
import { Failpoints, withFailpoints } from '../../crash/failpoints.ts'

/** Events that others than a run's holder append. */
const outsideTypes = new Set(['run-stuck', 'run-cancelled', 'run-retried', 'run-forked', 'input-replaced'])

/** What takes a run from its holder. */
const releases = new Set([parkRuns, parkWatchedRuns, parkAbandonedRuns, releaseRuns, releaseWatchedRuns])

class Death extends Error {}

export interface LinkOptions {
  database: Database
  random: () => number
  /** The boundary at which the process dies; 0 for never. */
  dieAt: number
  onDeath(): void
  /** A transaction of this process changed something. */
  onCommit(): void
  /** Something was written that must not be. */
  onFencing(what: string): void
  listen(callback: () => void): () => void
}

/**
 * What ties a simulated process to the world: it can die at a boundary of its writes, and it can stall. A dead process's
 * questions are never answered and its transaction is rolled back. A stalled one gets its answers and its timers' calls
 * when it wakes.
 */
export class Link {
  readonly database: Database
  readonly failpoints: Failpoints
  /** The worker's id, once there is one. */
  worker: string | undefined
  #state: 'awake' | 'stalled' | 'dead' = 'awake'
  #whenAwake: (() => void)[] = []
  #changes = 0

  constructor(options: LinkOptions) {
    this.failpoints = new Failpoints(options.dieAt, () => {
      this.die()
      options.onDeath()
      throw new Death()
    })
    const watched = watchAppends(options.database, this, options.onFencing)
    this.database = this.#over(withFailpoints(watched, this.failpoints), options)
  }

  get dead(): boolean {
    return this.#state === 'dead'
  }

  get awake(): boolean {
    return this.#state === 'awake'
  }

  die(): void {
    this.#state = 'dead'
    this.#whenAwake = []
  }

  stall(): void {
    if (this.#state === 'awake') this.#state = 'stalled'
  }

  wake(): void {
    if (this.#state !== 'stalled') return
    this.#state = 'awake'
    for (const go of this.#whenAwake.splice(0)) go()
  }

  /** Calls when the process is awake: now, later, or never. */
  whenAwake(call: () => void): void {
    if (this.#state === 'awake') call()
    else if (this.#state === 'stalled') this.#whenAwake.push(call)
  }

  /** An answer from outside reaches the process when it is awake, and never once it is dead. */
  answer<T>(question: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      question.then(
        (value) => this.whenAwake(() => resolve(value)),
        (error) => this.whenAwake(() => reject(error)),
      )
    })
  }

  #over(database: Database, options: LinkOptions): Database {
    const { random, listen } = options
    const ask = <T>(question: () => Promise<T>): Promise<T> => {
      if (this.dead) return new Promise<never>(() => {})
      return this.answer(
        afterTurns(Math.floor(random() * 4)).then(() => (this.dead ? never<T>() : question())),
      )
    }
    const writing = <T>(question: () => Promise<T>) =>
      ask(async () => {
        const result = await question()
        const { changes } = (await options.database.get<{ changes: number }>(
          'select total_changes() as changes',
        ))!
        if (changes !== this.#changes) options.onCommit()
        this.#changes = changes
        return result
      })
    return {
      kind: database.kind,
      place: database.place,
      all: (sql, parameters) => ask(() => database.all(sql, parameters)),
      get: (sql, parameters) => ask(() => database.get(sql, parameters)),
      run: (sql, parameters) => writing(() => database.run(sql, parameters)),
      bulk: (statement, rows) => writing(() => database.bulk(statement, rows)),
      transaction: (body) => writing(() => database.transaction(body)),
      onOutsideChange: (callback) => listen(() => callback('any')),
      classify: (error) => database.classify(error),
      integrity: () => ask(() => database.integrity()),
      close: () => Promise.resolve(),
    }
  }
}

function never<T>(): Promise<T> {
  return new Promise<never>(() => {})
}

async function afterTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

type Holders = Map<Value, string | null | undefined>

/** I7, in the database's own words: whoever appends to a run's journal is the worker that the run's row names. */
function watchAppends(database: Database, link: Link, say: (what: string) => void): Database {
  const watch = (session: Session, released: Holders): Session => ({
    all: (sql, parameters) => session.all(sql, parameters),
    get: (sql, parameters) => session.get(sql, parameters),
    run: (sql, parameters) => session.run(sql, parameters),
    async bulk<Row>(statement: Bulk, rows: Value[][]): Promise<Row[]> {
      // One turn's release may be written before another turn's events.
      if (releases.has(statement)) {
        for (const [run] of rows) released.set(run!, await holderOf(session, run!))
      }
      if (statement === insertEvents) await checkHolders(session, rows, released, link.worker, say)
      return session.bulk<Row>(statement, rows)
    },
  })
  return {
    kind: database.kind,
    place: database.place,
    all: (sql, parameters) => database.all(sql, parameters),
    get: (sql, parameters) => database.get(sql, parameters),
    run: (sql, parameters) => database.run(sql, parameters),
    bulk: (statement, rows) => database.bulk(statement, rows),
    transaction: (body) =>
      database.transaction(async (session) => {
        const result = await body(watch(session, new Map()))
        // Whatever became of the death on its way up: the dead commit nothing.
        if (link.dead) throw new Death()
        return result
      }),
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}

async function checkHolders(
  session: Session,
  rows: Value[][],
  released: Holders,
  worker: string | undefined,
  say: (what: string) => void,
): Promise<void> {
  const forked = new Set(rows.filter(([, , type]) => type === 'run-forked').map(([run]) => run))
  for (const [run, seq, type] of rows) {
    if (forked.has(run!) || seq === 1 || outsideTypes.has(String(type))) continue
    const holder = released.has(run!) ? released.get(run!) : await holderOf(session, run!)
    if (holder !== undefined && holder !== worker)
      say(`worker ${worker} appended ${type} to run number ${run}, which ${holder ?? 'nobody'} holds`)
  }
}

/** The worker in a run's row; undefined when there is no such run. */
async function holderOf(session: Session, run: Value): Promise<string | null | undefined> {
  const row = await session.get<{ worker: string | null }>('select worker from runs where no = ?', [run])
  return row?.worker
}
