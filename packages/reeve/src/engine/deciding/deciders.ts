import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { shownId } from '../../base/text/text.ts'
import { type ApprovalTerms, type Deciders, termsOf } from '../../store/approvals/approval-terms.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import { delegationsOf } from '../../store/approvals/delegations.ts'
import type { Session } from '../../store/database.ts'
import { findPrincipal, hasPrincipals, reaches } from '../../store/identity/principals.ts'
import { readRun } from '../../store/runs/runs.ts'

/** A request at the moment at which somebody is about to decide it. */
export interface AboutToDecide {
  approval: ApprovalOfRun
  /** For whom its run acts. */
  requester: string
  at: number
}

/**
 * In whose seat somebody decides: their own, or that of somebody who asked them to. Everything is as it stands now, whatever
 * it was when the request was made: principals, roles, who is in whose seat.
 * @throws `may-not-decide` with what is missing
 */
export async function seatOf(session: Session, about: AboutToDecide, by: string): Promise<string> {
  const { approval } = about
  const found = await seatFor(session, about, by)
  if ('seat' in found) return found.seat
  throw new ReeveError(
    'may-not-decide',
    `${shownId(by)} may not decide ${approval.id}: ${found.missing}. Nothing was decided, and ${approval.id} is still open. Ask somebody who may; see who: reeve approvals ${approval.id}`,
    { details: { approval: approval.id } },
  )
}

/** Whether somebody may decide an approval at a time, in whomever's seat. */
export async function mayDecide(
  session: Session,
  approval: ApprovalOfRun,
  by: string,
  at: number,
): Promise<boolean> {
  const run = await readRun(session, approval.run_id)
  return 'seat' in (await seatFor(session, { approval, requester: run?.principal ?? '', at }, by))
}

async function seatFor(
  session: Session,
  about: AboutToDecide,
  by: string,
): Promise<{ seat: string } | { missing: string }> {
  const missing = await missingOf(session, about, by, by)
  if (missing === undefined) return { seat: by }
  for (const { giver, receiver } of await delegationsOf(session, about.approval.id))
    if (receiver === by && (await missingOf(session, about, giver, by)) === undefined) return { seat: giver }
  return { missing }
}

/** How many must approve it now. */
export function neededFor({ approval, at }: Pick<AboutToDecide, 'approval' | 'at'>): number {
  const all = decidersAt(termsOf(approval), at)
  return Math.min(...all.map(({ count = 1 }) => count))
}

/** What keeps somebody from deciding in a seat; undefined: nothing. */
export async function missingOf(
  session: Session,
  about: AboutToDecide,
  seat: string,
  by: string,
): Promise<string | undefined> {
  const asks = askingAgentsOf(about.approval)
  if (asks.includes(by)) return 'it is what asks'
  const all = decidersAt(termsOf(about.approval), about.at)
  let missing: string | undefined
  for (const deciders of all) {
    missing = await missingFor(session, about, deciders, { seat, by })
    if (missing === undefined) return undefined
  }
  return missing
}

async function missingFor(
  session: Session,
  { requester }: AboutToDecide,
  { role = 'approver', principals, notRequester }: Deciders,
  { seat, by }: { seat: string; by: string },
): Promise<string | undefined> {
  if (principals && !principals.includes(seat))
    return `it is for ${principals.map((name) => shownId(name)).join(', ')} to decide`
  if (notRequester && (seat === requester || by === requester))
    return 'it is not decided by the one for whom it is done'
  for (const name of seat === by ? [by] : [seat, by]) {
    const missing = await missingRight(session, name, role)
    if (missing !== undefined) return missing
  }
  return undefined
}

/** @throws `may-not-decide` */
export async function requireApprover(session: Session, by: string, what: string): Promise<void> {
  const missing = await missingRight(session, by, 'approver')
  if (missing === undefined) return
  throw new ReeveError('may-not-decide', `${shownId(by)} may not ${what}: ${missing}. Nothing was changed.`)
}

/** @throws `may-not-override` */
export async function requireRole(
  session: Session,
  by: string,
  role: NonNullable<Deciders['role']>,
  what: string,
): Promise<void> {
  const missing = await missingRight(session, by, role)
  if (missing === undefined) return
  throw new ReeveError('may-not-override', `${shownId(by)} may not ${what}: ${missing}. Nothing was changed.`)
}

/** Without any principal nobody was ever told apart: whoever can open the database decides. */
async function missingRight(
  session: Session,
  name: string,
  role: NonNullable<Deciders['role']>,
): Promise<string | undefined> {
  const known = await findPrincipal(session, name)
  if (!known) {
    return (await hasPrincipals(session))
      ? `${shownId(name)} is not a principal of this project (who you are: reeve whoami)`
      : undefined
  }
  if (known.ended_at !== null) return `the principal ${shownId(name)} was removed`
  if (known.kind !== 'person') return `${shownId(name)} is a ${known.kind}, and a person must decide`
  if (known.role === null || !reaches(known.role, role))
    return `it takes the role ${role}, and ${shownId(name)} is ${known.role}`
  return undefined
}

/** Those who may decide at a time: from its due time on those to whom it was escalated, too. */
function decidersAt(terms: ApprovalTerms | undefined, at: number): Deciders[] {
  const { deciders = {}, onTimeout, decideBy, escalateTo } = terms ?? {}
  const isEscalated = onTimeout === 'escalate' && decideBy !== undefined && at >= decideBy
  return isEscalated && escalateTo ? [deciders, escalateTo] : [deciders]
}

/** The agent that calls the tool, and those above it. */
function askingAgentsOf({ kind, binds, shown }: ApprovalOfRun): string[] {
  if (kind !== 'approval' || binds === null) return []
  const value: unknown = JSON.parse(shown)
  if (!isRecord(value)) return []
  const { agent, under } = value
  const names = [agent, ...(Array.isArray(under) ? under : [])].filter((name) => typeof name === 'string')
  return names.flatMap((name) => [name, `agent:${name}`])
}
