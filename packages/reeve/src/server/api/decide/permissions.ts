import { z } from 'zod'
import { revokePermission } from '../../../engine/deciding/remember.ts'
import { type PermissionView, permissionView } from '../../../inspect/approvals/permission-view.ts'
import { listPermissions, requirePermission } from '../../../store/approvals/permissions.ts'
import { read, write } from '../../http/endpoint.ts'
import { id, json, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const permission = z.object({
  id,
  agent: z.string().nullable().describe('Whose calls; null: those of the workflow’s own code'),
  workflow: name,
  tool: name,
  arguments: z.record(z.string(), json).describe('What the arguments must be. Untrusted'),
  isExact: z.boolean().describe('A call with other arguments beside these is another call'),
  approvalId: id,
  grantedBy: name,
  createdAt: time,
  expiresAt: time,
  endedAt: time.nullable(),
  endedBy: z.string().nullable(),
}) satisfies z.ZodType<PermissionView>

const list = read({
  path: '/api/permissions',
  role: 'viewer',
  summary: 'List remembered permissions: decisions that hold for later calls, too, the newest first',
  query: z.strictObject({
    all: z.enum(['true', 'false']).optional().describe('Those too that are over'),
    ...paging,
  }),
  answer: pageOf(permission),
  async tell({ service: { database, clock }, query: { cursor, limit, all } }) {
    const before = placeOf(cursor, 'string')
    const now = all === 'true' ? undefined : clock.now()
    const rows = await listPermissions(database, { before, limit: limit + 1, now })
    return paged(rows, limit, { view: permissionView, place: (row) => row.id })
  },
})

const revoke = write({
  method: 'DELETE',
  path: '/api/permissions/:permission',
  role: 'approver',
  summary: 'Revoke a remembered permission: from now on a person is asked again',
  params: z.strictObject({ permission: id }),
  query: z.strictObject({
    note: z.string().max(16_000).optional().describe('Why; kept in the log of authority'),
  }),
  answer: permission,
  subjectOf: ({ params }) => params.permission,
  async act({ service, database, params, query: { note }, caller }) {
    const act = { by: caller.principal, proof: caller.via, at: service.clock.now(), note }
    await database.transaction((session) => revokePermission(session, params.permission, act))
    return { subject: params.permission }
  },
  tell: async ({ service }, its) => permissionView(await requirePermission(service.database, its)),
})

export const permissions = { list, revoke }
