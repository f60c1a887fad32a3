import type { Session } from '../database.ts'
import { dueAtOf, dueFieldOf, type EventType, itemKindOf, quoted, typesOf } from '../journal/events.ts'
import { itemName } from '../journal/vocabulary/define.ts'

/** Waiting runs that one look takes, and events that it reads, when they are new to it; and events of one statement. */
const mostRuns = 2000
const mostEvents = 20_000
const eventsAtOnce = 2000
/** Open waits of one run, and runs, that are remembered: what is beyond is read again in each pass. */
const mostKeptWaits = 16
const mostKeptRuns = 100_000

/** With these a call of the run waits for a time, or for something to come. */
const waits = typesOf('wait')
const isWait = `type in (${quoted(...waits)})`

/** A call whose last event is that it waits. */
interface OpenWait {
  seq: number
  step: number
  type: EventType
  name: string | null
  payload: string | null
}

interface WaitingRun {
  no: number
  head_seq: number | null
  wake_at: number | null
  /** No wait that is open was begun by an earlier event. */
  open_seq: number
  /** The last call of the chapters before. */
  chapter_call: number
  /** The last item in its inbox that was not taken. */
  item: number | null
}

/** How far a run was looked at, and found to wait as it should. */
interface Checked {
  seq: number
  item: number | null
  timed: boolean
  /** What its calls wait for at that place of its journal; absent where there is too much of it. */
  open: OpenWait[] | undefined
}

/**
 * Derives from the journals the wakes that waiting runs should have and queues those that lost theirs: they replay, and
 * park anew with the right one. A release writes wait and wake together, so this finds what a damaged row, a restored
 * backup or a hand in the database left behind.
 *
 * Each look takes the next stretch of the waiting runs. What is as it was when it was checked is not checked again, and of
 * a journal that grew only what is new is read.
 */
export class Reconciler {
  /** By run, what this pass and the one before it found to be as it should. */
  #checked = new Map<number, Checked>()
  #before = new Map<number, Checked>()
  #after = 0
  #events = 0

  /** Answers how many runs were queued. */
  async look(session: Session): Promise<number> {
    const runs = await session.all<WaitingRun>(
      `select no, head_seq, wake_at, open_seq, chapter_call, (select max(inbox.id) from inbox
         where inbox.run = runs.no and inbox.consumed_step is null) as item
       from runs where status = 'waiting' and paused = 0 and no > ? order by no limit ${mostRuns}`,
      [this.#after],
    )
    this.#events = 0
    let woken = 0
    for (const run of runs) {
      if (this.#events >= mostEvents) return woken
      if (!(await this.#waitsWell(session, run))) woken += await wake(session, run)
      this.#after = run.no
    }
    if (runs.length < mostRuns) this.#beginAnew()
    return woken
  }

  #beginAnew(): void {
    this.#after = 0
    this.#before = this.#checked
    this.#checked = new Map()
  }

  async #waitsWell(session: Session, run: WaitingRun): Promise<boolean> {
    const isTimed = run.wake_at !== null
    // Its timer wakes it, and nothing else came that could.
    if (isTimed && run.item === null) return true
    const seq = run.head_seq ?? 0
    let known = this.#checked.get(run.no) ?? this.#before.get(run.no)
    if (known?.seq !== seq || known.item !== run.item || known.timed !== isTimed) {
      const open = await this.#openWaits(session, run, known)
      if (!isTimed && open.some(hasDueTime)) return false
      if (run.item !== null && (await hasArrived(session, run, open))) return false
      known = { seq, item: run.item, timed: isTimed, open: open.length > mostKeptWaits ? undefined : open }
    }
    if (this.#checked.size < mostKeptRuns) this.#checked.set(run.no, known)
    return true
  }

  async #openWaits(session: Session, run: WaitingRun, known: Checked | undefined): Promise<OpenWait[]> {
    const kept = known?.open?.filter(({ seq }) => seq >= run.open_seq)
    const open = new Map(kept?.map((wait) => [wait.step, wait]))
    let after = kept ? known!.seq : Math.max(run.open_seq - 1, 0)
    for (;;) {
      const events = await session.all<Omit<OpenWait, 'step'> & { step: number | null }>(
        `select seq, step, type, case when ${isWait} then name end as name, case when ${isWait} then payload end as payload
         from events where run = ? and seq > ? order by seq limit ${eventsAtOnce}`,
        [run.no, after],
      )
      for (const { seq, step, type, name, payload } of events) {
        if (step === null) continue
        if (waits.includes(type)) open.set(step, { seq, step, type, name, payload })
        else open.delete(step)
      }
      this.#events += events.length
      if (events.length < eventsAtOnce) return [...open.values()]
      after = events.at(-1)!.seq
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

function hasDueTime(wait: OpenWait): boolean {
  const due = dueFieldOf(wait.type)
  return due !== undefined && (!due.isNullable || dueAtOf(wait) !== null)
}

/** Whether the inbox has what a call of the run waits for; a decision counts for the chapter that the run is in. */
async function hasArrived(session: Session, run: WaitingRun, open: OpenWait[]): Promise<boolean> {
  const rows = await session.all<{ name: string; decides: number }>(
    `select distinct name, case when exists (select 1 from approvals a where a.run = inbox.run and a.step > ?
         and inbox.name in ('approval:' || a.id, 'outcome:' || a.id)) then 1 else 0 end as decides
     from inbox where run = ? and consumed_step is null`,
    [run.chapter_call, run.no],
  )
  const names = new Set(
    open.flatMap(({ type, name }) => {
      const kind = itemKindOf(type)
      return kind && name !== null ? [itemName(kind, name)] : []
    }),
  )
  return rows.some(({ name, decides }) => decides === 1 || names.has(name))
}

/** Unless it went on since it was looked at. */
function wake(session: Session, run: WaitingRun): Promise<number> {
  return session.run(
    `update runs set status = 'queued', available_at = reeve_now(), wake_at = null,
       inbox = inbox + (select count(*) from inbox i where i.run = runs.no and i.consumed_step is null)
     where no = ? and status = 'waiting' and paused = 0 and coalesce(head_seq, 0) = ?`,
    [run.no, run.head_seq ?? 0],
  )
}
