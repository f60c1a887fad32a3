import { ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { findMask } from '../../base/secrets/secrets.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { termsOf } from '../../store/approvals/approval-terms.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import {
  addPermission,
  argumentsOf,
  endPermission,
  openPermissions,
  type PermissionRow,
  requirePermission,
} from '../../store/approvals/permissions.ts'
import type { Proof } from '../../store/authority/acts.ts'
import { recordAct } from '../../store/authority/authority-log.ts'
import type { Session } from '../../store/database.ts'
import { requireApprover } from './deciders.ts'

/** A decision that is to hold for later calls, too. */
export interface Remember {
  /** So long: at most a year. */
  for: Duration
  /**
   * The arguments that must be the same. All that direct the effect must be among them, as far as the request says which these
   * are. Default: all arguments, and no others.
   */
  same?: readonly string[]
}

const longestMs = 365 * 86_400_000

/** What is bound to a tool is remembered, as it stands. @throws `wrong-answer` `bad-duration` */
export function permissionFrom(
  approval: ApprovalOfRun,
  remember: Remember,
  isEdit: boolean,
): { args: { [key: string]: Json }; isExact: boolean; forMs: number } {
  const cannot = (why: string) =>
    new ReeveError(
      'wrong-answer',
      `This decision on ${approval.id} cannot be remembered: ${why}. Nothing was decided.`,
    )
  const shown = JSON.parse(approval.shown) as Json
  if (approval.kind !== 'approval' || approval.binds === null || !isRecord(shown))
    throw cannot('it is about no call of a tool')
  if (isEdit) throw cannot('it changes the arguments; approve them unchanged')
  const args = (shown as { args?: Json }).args
  if (!isRecord(args)) throw cannot('its arguments are not an object')
  const forMs = toMs(remember.for, '`for` of what is remembered')
  if (!(forMs > 0 && forMs <= longestMs))
    throw cannot(`it would hold for ${describeValue(remember.for)}, and a year is the most`)
  const names = remember.same ?? Object.keys(args)
  const absent = names.find((name) => !Object.hasOwn(args, name))
  if (names.length === 0 || absent !== undefined) {
    const what =
      absent === undefined ? 'no argument was named' : `${describeValue(absent)} is not one of its arguments`
    throw cannot(`${what}; they are ${Object.keys(args).join(', ')}`)
  }
  const directing = (termsOf(approval)?.places ?? []).map(({ argument }) => argument.split(/[.[]/)[0]!)
  const left = directing.find((name) => Object.hasOwn(args, name) && !names.includes(name))
  if (left !== undefined) throw cannot(`"${left}" directs what is done, and would be left open; name it too`)
  const kept = Object.fromEntries(names.map((name) => [name, args[name] as Json]))
  if (findMask(kept, false, '') !== undefined)
    throw cannot('an argument holds a secret, which is not shown and so cannot be compared')
  return { args: kept, isExact: remember.same === undefined, forMs }
}

/** In the transaction of the decision. */
export async function rememberDecision(
  session: Session,
  approval: ApprovalOfRun,
  { args, isExact, forMs }: ReturnType<typeof permissionFrom>,
  { by, proof, at }: { by: string; proof: Proof; at: number },
): Promise<void> {
  const agent = agentOf(approval)
  // An approval is decided once: its id names what was remembered with it.
  const row = {
    id: approval.id,
    agent,
    workflow: approval.workflow,
    tool: approval.subject,
    arguments: canonical(args),
    exact: isExact ? 1 : 0,
    definition: termsOf(approval)?.definition ?? null,
    approval: approval.id,
    granted_by: by,
    created_at: at,
    expires_at: at + forMs,
  }
  await addPermission(session, row)
  await recordAct(session, {
    type: 'permission-remembered',
    by,
    proof,
    subject: row.id,
    run: approval.run_id,
    at,
    details: {
      agent: agent ?? `workflow:${approval.workflow}`,
      tool: row.tool,
      arguments: args,
      until: row.expires_at,
    },
  })
}

/** The permission that covers a request, if one does: same caller, same tool as it was then, same arguments. */
export async function permissionFor(
  session: Session,
  approval: ApprovalOfRun,
  now: number,
): Promise<PermissionRow | undefined> {
  if (approval.kind !== 'approval' || approval.binds === null) return undefined
  const { args, problem, notice } = JSON.parse(approval.shown) as {
    args?: Json
    problem?: string
    notice?: string
  }
  // With a notice it is asked for a reason that was not there when it was remembered.
  if (!isRecord(args) || problem !== undefined || notice !== undefined) return undefined
  const agent = agentOf(approval)
  const terms = termsOf(approval)
  for (const row of await openPermissions(session, approval.subject, now)) {
    if (row.agent !== agent || (agent === null && row.workflow !== approval.workflow)) continue
    if (row.definition !== (terms?.definition ?? null)) continue
    if (covers(row, args as { [key: string]: Json })) return row
  }
  return undefined
}

function covers(row: PermissionRow, args: { [key: string]: Json }): boolean {
  const wanted = argumentsOf(row)
  if (row.exact === 1) return canonical(args) === canonical(wanted)
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(args, name) && canonical(args[name] ?? null) === canonical(value),
  )
}

function agentOf({ shown }: ApprovalOfRun): string | null {
  const { agent } = JSON.parse(shown) as { agent?: unknown }
  return typeof agent === 'string' ? agent : null
}

/**
 * In a transaction: from now on it decides nothing. Whoever may decide may take it back.
 * @throws `unknown-permission` `may-not-decide`
 */
export async function revokePermission(
  session: Session,
  id: string,
  { by, proof, at, note }: { by: string; proof: Proof; at: number; note?: string | undefined },
): Promise<void> {
  const { approval } = await requirePermission(session, id)
  await requireApprover(session, by, `revoke the permission ${approval}`)
  if (!(await endPermission(session, id, { by, at }))) return
  const act = { type: 'permission-revoked', by, proof, subject: id, at, details: {} } as const
  await recordAct(session, note === undefined ? act : { ...act, why: note })
}
