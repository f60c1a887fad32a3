import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { Looks } from '../../base/time/looks.ts'
import type { Engine } from '../../engine/engine.ts'
import { repairsOf, unfinishedRepairs, watchedRepairs } from '../../store/autonomy/repairs.ts'
import { freeCursor, holdCursor, moveCursor } from '../../store/journal/cursors.ts'
import type { EventType } from '../../store/journal/events.ts'
import { Tail, type TailEvent } from '../../store/journal/tail.ts'
import { scriptToolName } from '../scripts/script.ts'
import { failedCall, quickDiagnosis } from './evidence.ts'
import type { Repairs } from './repairs.ts'
import { failedSignal } from './watch-workflow.ts'

const cursorName = 'repairs'
const lookMs = 1_000
/** Looks that found nothing until the place is written all the same. */
const mostUnsaved = 60
const unfinishedMs = 60_000
const followed: EventType[] = ['effect-failed', 'run-failed']

/**
 * Follows the journals of a project that has scripts and a route for repairs: a script that fails is repaired once as it stands, one whose
 * fix is watched is told of. One worker follows for all; what it had not seen when it died, the next one sees.
 */
export class RepairKeeper {
  readonly #engine: Engine
  readonly #repairs: Repairs
  readonly #isOn: boolean
  readonly #looks: Looks
  #tail: Tail | undefined
  #saved = ''
  #unsaved = 0

  /** @param isOn whether the project has what it takes */
  constructor(engine: Engine, repairs: Repairs, isOn: boolean) {
    this.#engine = engine
    this.#repairs = repairs
    this.#isOn = isOn
    this.#looks = new Looks(engine.services, 'what is to be repaired', lookMs, () => this.look())
  }

  async begin(): Promise<void> {
    if (this.#isOn) await this.#looks.begin()
  }

  async end(): Promise<void> {
    if (!this.#isOn) return
    await this.#looks.end()
    const { database, worker } = this.#engine
    if (this.#tail)
      await database.transaction((session) => freeCursor(session, cursorName, worker.id)).catch(() => {})
    this.#tail = undefined
  }

  async look(): Promise<boolean> {
    await this.#finishLeft()
    const tail = await this.#held()
    if (!tail) return false
    const events = await tail.read()
    for (const event of events) if (event.type === 'effect-failed') await this.#hear(event)
    if (events.length > 0) await this.#tellWatches()
    if (tail.cursor === this.#saved || (events.length === 0 && ++this.#unsaved < mostUnsaved)) return false
    this.#unsaved = 0
    const { database, worker } = this.#engine
    const isHeld = await database.transaction((session) =>
      moveCursor(session, cursorName, worker.id, tail.cursor),
    )
    this.#saved = tail.cursor
    if (!isHeld) this.#tail = undefined
    return events.length > 0
  }

  /** What processes that died had begun, and fixes that nobody watches. */
  async #finishLeft(): Promise<void> {
    const { database, services } = this.#engine
    for (const { id } of await unfinishedRepairs(database, services.clock.now() - unfinishedMs))
      await this.#repairs
        .finish(id, this.#repairs.actingNow())
        .catch((error: unknown) => this.#warn(id, error))
    for (const row of await watchedRepairs(database)) await this.#repairs.watch(row)
  }

  async #hear({ run_id, step, workflow }: TailEvent): Promise<void> {
    if (step === null || workflow.startsWith('reeve.')) return
    const failed = await failedCall(this.#engine.database, run_id, step)
    const { scripts, folder, settings } = this.#repairs.services
    const script = failed && scripts.find(({ name }) => scriptToolName(name) === failed.tool)
    if (!script || settings.levelOf(script.name) === 'off') return
    // What is plainly not its own fault costs no repair; whether it is, the repair says.
    const kind = quickDiagnosis(failed.failure)
    if (kind === 'input' || kind === 'outside' || kind === 'environment') return
    const open = await repairsOf(this.#engine.database, script.name, [
      'diagnosing',
      'proposed',
      'promoting',
      'watching',
      'rolling-back',
    ])
    if (open.length > 0) return
    try {
      const hash = sha256(await readFile(join(folder, script.file)))
      if (await this.#repairs.wasInVain(script.name, hash)) return
      await this.#repairs.start({ run: run_id, call: step }, 'reeve')
    } catch (error) {
      this.#warn(script.name, error)
    }
  }

  async #tellWatches(): Promise<void> {
    const { database, control } = this.#engine
    for (const { watch_run } of await watchedRepairs(database, true))
      if (watch_run !== null) await control.signal(watch_run, failedSignal, null).catch(() => {})
  }

  #warn(what: string, error: unknown): void {
    this.#engine.services.log.warn('a repair could not be gone on with', {
      repair: what,
      error: messageOf(error),
    })
  }

  async #held(): Promise<Tail | undefined> {
    if (this.#tail) return this.#tail
    const { database, services, worker } = this.#engine
    const { cursor } = await Tail.fromNow(database, services.clock, followed)
    const place = await database.transaction((session) =>
      holdCursor(session, cursorName, worker.id, async () => cursor),
    )
    if (place === undefined) return undefined
    this.#saved = place
    this.#tail = Tail.fromCursor(database, services.clock, followed, place)
    return this.#tail
  }
}
