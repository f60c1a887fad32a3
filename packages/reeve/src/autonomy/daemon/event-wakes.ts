import { Looks } from '../../base/time/looks.ts'
import type { Engine } from '../../engine/engine.ts'
import { dropCursor, freeCursor, holdCursor, moveCursor } from '../../store/journal/cursors.ts'
import { type EventType, payloadIfSound } from '../../store/journal/events.ts'
import { Tail, type TailEvent } from '../../store/journal/tail.ts'
import { type WhoseRun, whoseRuns } from '../../store/runs/family.ts'
import { cyclePrefix } from '../work.ts'
import { type Daemon, type DaemonEvent, daemonWorkflowName } from './daemon.ts'
import type { DaemonKeeper } from './keeper.ts'

const cursorName = 'daemon-wakes'
const lookMs = 500
/** Looks that found nothing for anybody until the place is written. */
const mostUnsaved = 200

const typeOf: Record<DaemonEvent, EventType> = {
  'run.succeeded': 'run-succeeded',
  'run.failed': 'run-failed',
  'run.cancelled': 'run-cancelled',
  'run.stuck': 'run-stuck',
  'approval.decided': 'approval-decided',
  signal: 'signal-received',
  webhook: 'run-started',
}

/**
 * Follows the journals and wakes daemons before their time. One worker follows for all; a death between a wake and the move of
 * the cursor wakes again, which costs a look without a model. A cycle that waits for what it started is not woken by it.
 */
export class EventWakes {
  readonly #engine: Engine
  readonly #keeper: DaemonKeeper
  readonly #daemons: readonly Daemon[]
  readonly #types: EventType[]
  readonly #looks: Looks
  #tail: Tail | undefined
  #saved = ''
  #unsaved = 0

  constructor(engine: Engine, keeper: DaemonKeeper, daemons: readonly Daemon[]) {
    this.#engine = engine
    this.#keeper = keeper
    this.#daemons = daemons.filter(({ events }) => events.length > 0)
    this.#types = [...new Set(this.#daemons.flatMap(({ events }) => events.map((event) => typeOf[event])))]
    this.#looks = new Looks(engine.services, 'what wakes daemons', lookMs, () => this.look())
  }

  async begin(): Promise<void> {
    const { database } = this.#engine
    if (this.#daemons.length > 0) return this.#looks.begin()
    await database.transaction((session) => dropCursor(session, cursorName))
  }

  async end(): Promise<void> {
    if (this.#daemons.length === 0) return
    await this.#looks.end()
    const { database, worker } = this.#engine
    // Where that fails, the cursor is free once this worker is none any more.
    if (this.#tail)
      await database.transaction((session) => freeCursor(session, cursorName, worker.id)).catch(() => {})
    this.#tail = undefined
  }

  /** What came since the last look. Whether there may be more at once. */
  async look(): Promise<boolean> {
    const tail = await this.#held()
    if (!tail) return false
    const events = (await tail.read()).filter(({ workflow }) => !workflow.startsWith(cyclePrefix))
    if (events.length > 0) await this.#wake(events)
    if (tail.cursor === this.#saved) return false
    // Where nothing came that wakes anybody the place is written now and then: to read it again costs less than to write it.
    if (events.length === 0 && ++this.#unsaved < mostUnsaved) return false
    this.#unsaved = 0
    const { database, worker } = this.#engine
    const place = tail.cursor
    const isHeld = await database.transaction((session) => moveCursor(session, cursorName, worker.id, place))
    this.#saved = place
    if (!isHeld) this.#tail = undefined
    return events.length > 0
  }

  async #held(): Promise<Tail | undefined> {
    if (this.#tail) return this.#tail
    const { database, services, worker } = this.#engine
    // Read before: of a database in memory nothing is read beside a transaction.
    const { cursor } = await Tail.fromNow(database, services.clock, this.#types)
    const place = await database.transaction((session) =>
      holdCursor(session, cursorName, worker.id, async () => cursor),
    )
    if (place === undefined) return undefined
    this.#saved = place
    this.#tail = Tail.fromCursor(database, services.clock, this.#types, place)
    return this.#tail
  }

  /** One wake for each daemon, whatever came: the first of it is its reason. */
  async #wake(events: readonly TailEvent[]): Promise<void> {
    const runs = await this.#whose(events)
    for (const daemon of this.#daemons) {
      const first = events.find((event) => this.#isFor(daemon, event, runs.get(event.run)))
      if (!first) continue
      const kind = daemon.events.find((event) => typeOf[event] === first.type)!
      await this.#keeper.wake(daemon.name, `${kind} of run ${first.run_id} (${first.workflow})`)
    }
  }

  #isFor({ name, events }: Daemon, event: TailEvent, whose: WhoseRun | undefined): boolean {
    if (!whose || !events.some((each) => typeOf[each] === event.type)) return false
    if (event.type === 'run-started' && !cameByWebhook(event)) return false
    const own = daemonWorkflowName(name)
    if (whose.principal !== own) return true
    // What it started wakes it only once the cycle that waited for it is over.
    return whose.parent_workflow !== own ? false : (whose.parent_ended_at ?? event.at + 1) <= event.at
  }

  async #whose(events: readonly TailEvent[]): Promise<Map<number, WhoseRun>> {
    const runs = [...new Set(events.map(({ run }) => run))]
    const found = new Map<number, WhoseRun>()
    for (let from = 0; from < runs.length; from += 500) {
      const slice = runs.slice(from, from + 500)
      for (const row of await whoseRuns(this.#engine.database, slice)) found.set(row.no, row)
    }
    return found
  }
}

function cameByWebhook(event: TailEvent): boolean {
  const { channel } = payloadIfSound(event, 'run-started') ?? {}
  return channel?.startsWith('webhook:') ?? false
}
