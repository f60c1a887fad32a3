import type { Database, Session } from '../../store/database.ts'
import {
  hasChildrenToEnd,
  leavesNoChildren,
  lockChildrenToEnd,
  lockLeaver,
  noteCancelled,
} from '../../store/runs/changes/left-children.ts'
import { wakeRuns } from '../../store/runs/inbox.ts'
import { endedStatuses, type RunRow } from '../../store/runs/runs.ts'
import type { EngineServices } from '../services.ts'
import { cancelOutside } from './unheld-runs.ts'

/** Children that one transaction cancels: others write between. */
const slice = 100

/**
 * Cancels the children of runs that ended, or that somebody cancelled, and theirs, slice by slice; those that another
 * process drives are told to end. That a run leaves children stands on its row from the commit of its end on, so whoever
 * dies in between, another goes on. Answers the runs that were touched.
 */
export async function endLeftChildren(
  database: Database,
  services: Pick<EngineServices, 'clock' | 'newId'>,
): Promise<number[]> {
  const touched: number[] = []
  for (let after = 0; ; ) {
    const next = await database.transaction((session) => endSlice(session, services, after))
    if (!next) return touched
    touched.push(...next.touched)
    after = next.after
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** `after`: parents up to it are done with, or in another's hands. Undefined when there are no more. */
async function endSlice(
  session: Session,
  services: Pick<EngineServices, 'clock' | 'newId'>,
  after: number,
): Promise<{ touched: number[]; after: number } | undefined> {
  const parent = await lockLeaver(session, after)
  if (!parent) return undefined
  // One that goes on in a new chapter keeps the children of that.
  const goesOn = parent.cancelled_by === null && !endedStatuses.includes(parent.status)
  const lastCall = goesOn ? parent.chapter_call : Number.MAX_SAFE_INTEGER
  const children = await lockChildrenToEnd(session, parent.no, lastCall, slice)
  if (children.length === 0) {
    // One whose row is locked is being written just now; it is looked at again with the next heartbeat.
    if (!(await hasChildrenToEnd(session, parent.no, lastCall))) await leavesNoChildren(session, parent.no)
    return { touched: [], after: parent.no }
  }
  const by = parent.cancelled_by ?? endedBy(parent)
  for (const child of children) {
    if (child.status === 'running') await tellToEnd(session, child.no, by)
    else await cancelOutside(session, services, child, by, { told: false })
  }
  return { touched: children.map(({ no }) => no), after: parent.no - 1 }
}

/** In whose name a run that ended cancels its children: by it they are known when the run is retried. */
export function endedBy({ id, status }: Pick<RunRow, 'id' | 'status'>): string {
  return `run ${id}, which ${endedStatuses.includes(status) ? status : 'continued'}`
}

/** Has the process that drives a run end it, and cancels its children meanwhile. */
export async function tellToEnd(session: Session, no: number, by: string): Promise<void> {
  await noteCancelled(session, no, by, { goesOn: true })
  await session.bulk(wakeRuns, [[no]])
}

/** Ends what ended runs left behind, in the background of a worker. Asked for while it does, it looks once more. */
export class LeftChildren {
  readonly #database: Database
  readonly #services: Pick<EngineServices, 'clock' | 'newId' | 'log' | 'notices'>
  #under: Promise<void> | undefined
  #again = false

  constructor(database: Database, services: Pick<EngineServices, 'clock' | 'newId' | 'log' | 'notices'>) {
    this.#database = database
    this.#services = services
    services.notices.on('children-left', () => void this.look())
    services.notices.on('heartbeat', () => void this.look())
  }

  /** Does not throw: what could not be done is found again with the next heartbeat. */
  look(): Promise<void> {
    this.#again = true
    this.#under ??= this.#end().finally(() => {
      this.#under = undefined
    })
    return this.#under
  }

  /** Resolves when it does nothing. */
  async settled(): Promise<void> {
    await this.#under
  }

  async #end(): Promise<void> {
    while (this.#again) {
      this.#again = false
      try {
        for (const no of await endLeftChildren(this.#database, this.#services))
          this.#services.notices.tell('run-changed', no)
      } catch (error) {
        this.#services.log.warn('the children of a run that ended are not cancelled yet; it is tried again', {
          error: String(error),
        })
      }
    }
  }
}
