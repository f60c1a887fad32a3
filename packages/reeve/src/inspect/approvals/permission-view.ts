import type { Json } from '../../base/json/json.ts'
import { isoText } from '../../base/time/time.ts'
import { argumentsOf, type PermissionRow } from '../../store/approvals/permissions.ts'

/** A decision that somebody made to hold for later calls, too. Times are ISO 8601 in UTC. */
export interface PermissionView {
  id: string
  /** Whose calls; null: those of the workflow's own code. */
  agent: string | null
  workflow: string
  tool: string
  /** What the arguments must be. Foreign: they were a model's, perhaps. */
  arguments: { [key: string]: Json }
  /** Whether a call with other arguments beside these is another call. */
  isExact: boolean
  approvalId: string
  grantedBy: string
  createdAt: string
  expiresAt: string
  /** When it was revoked; null: it was not. */
  endedAt: string | null
  endedBy: string | null
}

export function permissionView(row: PermissionRow): PermissionView {
  return {
    id: row.id,
    agent: row.agent,
    workflow: row.workflow,
    tool: row.tool,
    arguments: argumentsOf(row),
    isExact: row.exact === 1,
    approvalId: row.approval,
    grantedBy: row.granted_by,
    createdAt: isoText(row.created_at),
    expiresAt: isoText(row.expires_at),
    endedAt: row.ended_at === null ? null : isoText(row.ended_at),
    endedBy: row.ended_by,
  }
}
