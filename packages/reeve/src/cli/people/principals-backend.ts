import { ReeveError } from '../../base/errors.ts'
import { isoText, systemClock } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import { revokePermission } from '../../engine/deciding/remember.ts'
import { type PermissionView, permissionView } from '../../inspect/approvals/permission-view.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { listPermissions } from '../../store/approvals/permissions.ts'
import { mapLocalUser } from '../../store/identity/local-users.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import {
  addPrincipal,
  changeRole,
  checkPrincipalName,
  listAllPrincipals,
  type Role,
  reinstatePrincipal,
  removePrincipal,
  requirePrincipal,
} from '../../store/identity/principals.ts'
import type { Workspace } from '../terminal/workspace.ts'

export interface PrincipalLine {
  name: string
  kind: string
  role: string | null
  createdBy: string
  /** A server tells none of those who were removed. */
  removedAt: string | null
}

export type PrincipalChange = { name: string; why: string | undefined; localUser: string | undefined } & (
  | { act: 'add'; role: Role; kind: 'person' | 'service' }
  | { act: 'role'; role: Role }
  | { act: 'map' | 'remove' | 'reinstate' }
)

/** Who acts, and what was remembered of decisions. */
export interface Principals {
  principals(): Promise<PrincipalLine[]>
  changePrincipal(change: PrincipalChange): Promise<void>
  permissions(asked: {
    all: boolean
    limit: number
  }): Promise<{ permissions: PermissionView[]; more: boolean }>
  /** Answers who revoked it. */
  revokePermission(id: string, note: string | undefined): Promise<string>
}

export function localPrincipals({ database, actor }: Workspace): Principals {
  return {
    async principals() {
      const rows = await listAllPrincipals(database)
      return rows.map((row) => ({
        name: row.name,
        kind: row.kind,
        role: row.role,
        createdBy: row.created_by,
        removedAt: row.ended_at === null ? null : isoText(row.ended_at),
      }))
    },
    async changePrincipal(change) {
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'owner')
      const { name, localUser } = change
      const acting = actingAs(actor, database, change.why)
      await database.transaction(async (session) => {
        if (change.act === 'add') {
          const { kind, role } = change
          await addPrincipal(session, { name: checkPrincipalName(name), kind, role }, acting)
        } else if (change.act === 'role') await changeRole(session, name, change.role, acting)
        else if (change.act === 'remove') await removePrincipal(session, name, acting)
        else if (change.act === 'reinstate') await reinstatePrincipal(session, name, acting)
        if (localUser === undefined) return
        await requirePrincipal(session, name)
        await mapLocalUser(session, localUser, name, acting)
      })
    },
    async permissions({ all, limit }) {
      const now = all ? undefined : (database.clock ?? systemClock).now()
      const rows = await listPermissions(database, { limit: limit + 1, now })
      return { permissions: rows.slice(0, limit).map(permissionView), more: rows.length > limit }
    },
    async revokePermission(id, note) {
      await refuseMoved(database, database.place)
      const at = (database.clock ?? systemClock).now()
      const act = { by: actor.principal, proof: actor.proof, at, note } as const
      await database.transaction((session) => revokePermission(session, id, act))
      return actor.principal
    },
  }
}

const mostPerPage = 500

export function remotePrincipals(client: Client, whoAsks: () => Promise<string>): Principals {
  return {
    async principals() {
      const lines: PrincipalLine[] = []
      for (let cursor: string | undefined; ; ) {
        const query = { limit: mostPerPage, ...(cursor !== undefined && { cursor }) }
        const page = await client.principals.list({ query })
        for (const { name, kind, role, createdBy } of page.items)
          lines.push({ name, kind, role, createdBy, removedAt: null })
        if (page.next === null) return lines
        cursor = page.next
      }
    },
    async changePrincipal(change) {
      const { name: principal, act, why, localUser } = change
      if (localUser !== undefined)
        throw new ReeveError(
          'not-remote',
          'Nothing was done: --local-user names a user of the machine where the database is. Leave it out, or do it there.',
        )
      const params = { principal }
      const because = why === undefined ? {} : { why }
      if (act === 'add') {
        const { kind, role } = change
        await client.principals.add({ body: { name: principal, kind, role, ...because } })
      } else if (act === 'role')
        await client.principals.change({ params, body: { role: change.role, ...because } })
      else if (act === 'remove') await client.principals.remove({ params, query: because })
      else if (act === 'reinstate') await client.principals.reinstate({ params, body: because })
    },
    async permissions({ all, limit }) {
      const permissions: PermissionView[] = []
      for (let cursor: string | undefined; ; ) {
        const query = {
          limit: Math.min(limit - permissions.length, mostPerPage),
          ...(all && { all: 'true' as const }),
          ...(cursor !== undefined && { cursor }),
        }
        const page = await client.permissions.list({ query })
        permissions.push(...(page.items as PermissionView[]))
        if (page.next === null || permissions.length >= limit)
          return { permissions, more: page.next !== null }
        cursor = page.next
      }
    },
    async revokePermission(permission, note) {
      const query = note === undefined ? {} : { note }
      await client.permissions.revoke({ params: { permission }, query })
      return whoAsks()
    },
  }
}
