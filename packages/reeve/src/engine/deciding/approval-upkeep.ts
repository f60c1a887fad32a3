import { ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { type ApprovalOfRun, requireApproval } from '../../store/approvals/approvals.ts'
import { isAnyDue, noteDue } from '../../store/approvals/due.ts'
import { askedOfPermissions, noteEndedPermissions } from '../../store/approvals/permissions.ts'
import type { Database } from '../../store/database.ts'
import type { Notices } from '../notices.ts'
import { recordWhatWasDecided } from './decide.ts'
import { neededFor } from './deciders.ts'
import { permissionFor } from './remember.ts'

const slice = 100

/**
 * What workers see to of what people are asked: reminders and escalations that are due are written down for those who bring them
 * to people, and what somebody permitted for a time is decided in their name.
 */
export class ApprovalUpkeep {
  readonly #parts: { database: Database; clock: Clock; log: Log; notices: Notices }
  /** Requests that a permission would cover, were it not for who gave it: not tried again in this process. */
  readonly #refused = new Set<string>()

  constructor(parts: { database: Database; clock: Clock; log: Log; notices: Notices }) {
    this.#parts = parts
  }

  async look(): Promise<void> {
    const { database, clock } = this.#parts
    const now = clock.now()
    if (await isAnyDue(database, now))
      while ((await database.transaction((session) => noteDue(session, now, slice))) === slice);
    await this.#decidePermitted(now)
  }

  async #decidePermitted(now: number): Promise<void> {
    const { database } = this.#parts
    await noteEndedPermissions(database, now)
    const asked = await askedOfPermissions(database, now, slice * 10)
    for (const { id, permission } of asked) {
      const pair = `${id} ${permission}`
      if (this.#refused.has(pair)) continue
      const approval = await requireApproval(database, id).catch(() => undefined)
      if (approval && !(await this.#decide(approval, now))) this.#refused.add(pair)
    }
    if (this.#refused.size > slice * 100) this.#refused.clear()
  }

  /** False: it does not cover it, or not in the name of whoever gave it. */
  async #decide(approval: ApprovalOfRun, now: number): Promise<boolean> {
    const { database, clock, log, notices } = this.#parts
    try {
      const isDecided = await database.transaction(async (session) => {
        const permission = await permissionFor(session, approval, now)
        // Where several must look, nobody's word is given in their absence.
        if (!permission || neededFor({ approval, at: now }) > 1) return false
        const decision = {
          verdict: 'approve',
          by: permission.granted_by,
          proof: 'started-by-reeve',
          note: `by the remembered permission ${permission.id}`,
        } as const
        const ready = { decision, approval, answer: null, permission: permission.id }
        await recordWhatWasDecided(session, clock, ready)
        return true
      })
      if (isDecided) notices.tell('run-changed', approval.run)
      return isDecided
    } catch (error) {
      if (!(error instanceof ReeveError) || error.retryable) throw error
      log.info('a remembered permission does not decide', { approval: approval.id, why: error.message })
      return false
    }
  }
}
