import { ReeveError } from '../../base/errors.ts'
import { describeValue, storable } from '../../base/text/shorten.ts'
import { checkText, shownId } from '../../base/text/text.ts'
import type { Clock } from '../../base/time/time.ts'
import { requireApproval } from '../../store/approvals/approvals.ts'
import { recordDelegation } from '../../store/approvals/delegations.ts'
import type { Proof } from '../../store/authority/acts.ts'
import { recordAct } from '../../store/authority/authority-log.ts'
import type { Session } from '../../store/database.ts'
import { listPrincipals } from '../../store/identity/principals.ts'
import { lockRun, readRun } from '../../store/runs/runs.ts'
import { longestNote } from './decide.ts'
import { missingOf, seatOf } from './deciders.ts'
import { refuseDecided, refuseOther, refuseTampered } from './decision.ts'

/** Asks somebody else to decide. */
export interface Delegation {
  /** Who asks: one who may decide it. */
  by: string
  /** Who is to decide: one with the role that it takes. */
  to: string
  /** Why. */
  note?: string
  /** How `by` showed who they are. Default `local-user`. */
  proof?: Proof
  /** The hash of what was shown, or its first 12 characters or more. */
  hash?: string
}

/** As it is taken: plain texts. @throws `bad-text` */
export function readDelegation(given: Delegation): Delegation {
  if (given.note !== undefined && typeof given.note !== 'string') {
    throw new ReeveError('bad-text', `The note is ${describeValue(given.note)}; it must be a text.`)
  }
  return { ...given, by: checkText(given.by, 'Who delegates'), to: checkText(given.to, 'Who is to decide') }
}

/** The people who could decide it in the place of `by`; of very many the first 200 by name. @throws `unknown-approval` */
export async function delegatesFor(session: Session, at: number, id: string, by: string): Promise<string[]> {
  const approval = await requireApproval(session, id)
  const run = await readRun(session, approval.run_id)
  const about = { approval, requester: run?.principal ?? '', at }
  const names: string[] = []
  for (const { name, kind } of await listPrincipals(session, undefined, 200)) {
    if (kind === 'person' && name !== by && (await missingOf(session, about, by, name)) === undefined)
      names.push(name)
  }
  return names
}

/**
 * In a transaction: from now on `to` may decide in the place of `by`, who may still decide too, or name somebody else. It counts
 * as long as `by` may decide.
 * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `may-not-decide`
 */
export async function delegateDecision(
  session: Session,
  clock: Clock,
  id: string,
  { by, to, note, proof = 'local-user', hash }: Delegation,
): Promise<void> {
  const { run: no } = await requireApproval(session, id)
  const run = await lockRun(session, no)
  const approval = await requireApproval(session, id)
  const at = clock.now()
  refuseDecided(approval, at)
  refuseOther(approval, hash)
  await refuseTampered(session, approval)
  const about = { approval, requester: run?.principal ?? '', at }
  const seat = await seatOf(session, about, by)
  if (seat !== by) {
    throw new ReeveError(
      'may-not-decide',
      `${shownId(by)} decides ${id} in the place of ${shownId(seat)}, who alone can ask somebody else. Nothing was changed.`,
    )
  }
  const missing = to === by ? 'it is yours already' : await missingOf(session, about, by, to)
  if (missing !== undefined) {
    throw new ReeveError(
      'may-not-decide',
      `${shownId(to)} cannot decide ${id} in the place of ${shownId(by)}: ${missing}. Nothing was changed.`,
    )
  }
  const said = note === undefined ? null : storable(note, longestNote)
  await recordDelegation(session, { approval: id, giver: by, receiver: to, note: said, at })
  const act = { type: 'approval-delegated', by, proof, subject: id, run: approval.run_id, at } as const
  await recordAct(session, { ...act, ...(said !== null && { why: said }), details: { to } })
}
