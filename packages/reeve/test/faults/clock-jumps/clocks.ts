import type { Clock } from '../../../src/base/time/time.ts'
import type { Database, Session, Value } from '../../../src/store/database.ts'
import { insertEvents } from '../../../src/store/journal/journal.ts'
import { StoreClock } from '../../../src/store/store-clock.ts'
import type { FakeClock } from '../../../src/testing/fake-clock.ts'

/** `own`: the store's clock is that of whichever process asks, as with SQLite; `server`: it is one of its own. */
export type Rule = 'own' | 'server'

/** What was written that says that its time has come, with the store's clock at that moment. */
export interface Claimed {
  what: 'timer' | 'occurrence'
  /** A run's number and its call, or a schedule's name and the nominal time. */
  of: string
  storeNow: number
  /** The store's clock was set back so shortly before that a process could not know it. */
  excused: boolean
}

/** How often a process asks for the server's time, and how soon after it was set (by luck: at most the former). */
const measureMs = 3000
const noticeMs = 50
const dueTypes = new Set(['timer-fired', 'signal-timed-out'])

/** The clocks of a village: each process has its own, the server has one, and any of them may be set. */
export class Clocks {
  readonly rule: Rule
  readonly claimed: Claimed[] = []
  readonly #time: FakeClock
  readonly #shifts: number[] = [0]
  readonly #measures: (() => void)[] = []
  #asking = 0
  #setBackAt = Number.NEGATIVE_INFINITY

  constructor(rule: Rule, time: FakeClock) {
    this.rule = rule
    this.#time = time
  }

  /** What `reeve_now()` answers. */
  storeNow(): number {
    return this.now(this.rule === 'server' ? 0 : this.#asking)
  }

  /** The clock of a process; of the server for 0. */
  now(process: number): number {
    return this.#time.now() + this.#shifts[process]!
  }

  /** The latest that any clock shows. */
  get latest(): number {
    return this.#time.now() + Math.max(...this.#shifts)
  }

  /** Another process, whose clock is off by `shiftMs`. */
  add(shiftMs: number): number {
    return this.#shifts.push(Math.round(shiftMs)) - 1
  }

  /** Sets one clock. What rules is the server's, or each process's own. */
  set(process: number, shiftMs: number): void {
    if (process === 0 && shiftMs < this.#shifts[0]!) this.#setBackAt = this.#time.now()
    this.#shifts[process] = Math.round(shiftMs)
    if (process === 0) for (const measure of this.#measures) this.#time.after(noticeMs, measure)
  }

  setAll(shiftMs: number): void {
    for (let process = 0; process < this.#shifts.length; process++) this.set(process, shiftMs)
  }

  shiftOf(process: number): number {
    return this.#shifts[process]!
  }

  get count(): number {
    return this.#shifts.length
  }

  /** The time as a process goes by it. */
  clockOf(process: number): Clock {
    const own: Clock = {
      now: () => this.now(process),
      after: (delayMs, callback) => this.#time.after(delayMs, callback),
    }
    if (this.rule === 'own') return own
    const carried = new StoreClock(own, () => this.#time.now())
    const measure = () => void carried.measure(async () => this.now(0))
    const again = () => {
      measure()
      this.#time.after(measureMs, again)
    }
    again()
    this.#measures.push(measure)
    return carried
  }

  /** The database as a process sees it: `reeve_now()` is by the clock that rules for it. */
  databaseOf(process: number, database: Database): Database {
    const inTurn = <T>(body: (session: Session) => Promise<T>) =>
      database.transaction((session) => {
        this.#asking = process
        return body(this.#watched(session))
      })
    return {
      kind: database.kind,
      place: database.place,
      all: (sql, parameters) => inTurn((session) => session.all(sql, parameters)),
      get: (sql, parameters) => inTurn((session) => session.get(sql, parameters)),
      run: (sql, parameters) => inTurn((session) => session.run(sql, parameters)),
      bulk: (statement, rows) => inTurn((session) => session.bulk(statement, rows)),
      transaction: inTurn,
      onOutsideChange: (callback) => database.onOutsideChange(callback),
      classify: (error) => database.classify(error),
      integrity: () => database.integrity(),
      close: () => database.close(),
    }
  }

  #watched(session: Session): Session {
    const claim = (what: Claimed['what'], of: string) => {
      const excused = this.rule === 'server' && this.#time.now() - this.#setBackAt <= measureMs
      this.claimed.push({ what, of, storeNow: this.storeNow(), excused })
    }
    return {
      all: (sql, parameters) => session.all(sql, parameters),
      get: (sql, parameters) => session.get(sql, parameters),
      run: (sql, parameters: Value[] = []) => {
        if (sql.includes('into occurrences') && parameters[2] === 'started')
          claim('occurrence', `${parameters[0]} ${parameters[1]}`)
        return session.run(sql, parameters)
      },
      bulk: (statement, rows) => {
        if (statement === insertEvents) {
          for (const [run, , type, step] of rows)
            if (dueTypes.has(String(type))) claim('timer', `${run} ${step}`)
        }
        return session.bulk(statement, rows)
      },
    }
  }
}

/** From a second to a day, either way. */
export function drawJump(random: () => number): number {
  return Math.round((random() < 0.5 ? -1 : 1) * 1000 * 86_400 ** random())
}
