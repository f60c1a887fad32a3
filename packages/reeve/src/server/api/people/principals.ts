import { z } from 'zod'
import {
  addPrincipal,
  changeRole,
  checkPrincipalName,
  findPrincipal,
  listPrincipals,
  type PersonRow,
  reinstatePrincipal,
  removePrincipal,
  requirePrincipal,
  revokeActing,
  roles,
} from '../../../store/identity/principals.ts'
import { endSessionsOf } from '../../../store/identity/sessions.ts'
import { signInPath, signInWithinMs } from '../../first-owner.ts'
import { Reply, read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf, changeAuthority } from '../acting.ts'
import { iso, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const role = z.enum(roles)
const kind = z.enum(['person', 'service'])
const principal = z.object({ name, kind, role, createdAt: time, createdBy: z.string() })
const aPrincipal = z.strictObject({ principal: name })
const because = { why: z.string().max(1000).optional().describe('Kept in the log of authority') }
const reason = z.strictObject(because)

const list = read({
  path: '/api/principals',
  role: 'owner',
  hidden: true,
  summary: 'List the principals that may sign in or ask',
  query: z.strictObject(paging),
  answer: pageOf(principal),
  async tell({ service: { database }, query: { cursor, limit } }) {
    const rows = await listPrincipals(database, placeOf(cursor, 'string'), limit + 1)
    return paged(rows, limit, { view, place: (row) => row.name })
  },
})

const add = write({
  method: 'POST',
  path: '/api/principals',
  role: 'owner',
  hidden: true,
  summary: 'Create a principal: a person or a program',
  body: z.strictObject({ name, kind: kind.default('person'), role, ...because }),
  answer: principal,
  async act(call) {
    const { kind, role } = call.body
    const called = checkPrincipalName(call.body.name)
    await changeAuthority(
      call,
      (session, acting) => addPrincipal(session, { name: called, kind, role }, acting),
      call.body.why,
    )
    return { subject: called }
  },
  subjectOf: ({ body }) => body.name,
  tell: async ({ service }, its) => new Reply(view(await requirePrincipal(service.database, its)), 201),
})

const change = write({
  method: 'PUT',
  path: '/api/principals/:principal',
  role: 'owner',
  hidden: true,
  summary: 'Update the role of a principal',
  params: aPrincipal,
  body: z.strictObject({ role, ...because }),
  answer: principal,
  subjectOf: ({ params }) => params.principal,
  async act(call) {
    const { params, body } = call
    await changeAuthority(
      call,
      (session, acting) => changeRole(session, params.principal, body.role, acting),
      body.why,
    )
    return { subject: params.principal }
  },
  tell: async ({ service }, its) => view(await requirePrincipal(service.database, its)),
})

const removed = z.object({ name, removed: z.literal(true) })

const remove = write({
  method: 'DELETE',
  path: '/api/principals/:principal',
  role: 'owner',
  hidden: true,
  summary: 'Delete a principal: its sessions and tokens count no more',
  params: aPrincipal,
  query: reason,
  answer: removed,
  subjectOf: ({ params }) => params.principal,
  async act(call) {
    const { params, query } = call
    await changeAuthority(
      call,
      (session, acting) => removePrincipal(session, params.principal, acting),
      query.why,
    )
    return { subject: params.principal }
  },
  tell: async (_call, its) => ({ name: its, removed: true as const }),
})

const signOut = write({
  method: 'POST',
  path: '/api/principals/:principal/sign-out',
  role: 'owner',
  hidden: true,
  summary: 'Sign out a principal: all its browser sessions end',
  params: aPrincipal,
  answer: principal,
  subjectOf: ({ params }) => params.principal,
  async act({ database, params }) {
    await database.transaction(async (session) => {
      await requirePrincipal(session, params.principal)
      await endSessionsOf(session, params.principal)
    })
    return { subject: params.principal }
  },
  tell: async ({ service }, its) => view(await requirePrincipal(service.database, its)),
})

const link = write({
  method: 'POST',
  path: '/api/principals/:principal/sign-in-link',
  role: 'owner',
  hidden: true,
  summary: 'Create a link that signs a principal in once, within 15 minutes',
  params: aPrincipal,
  answer: z.object({
    path: z
      .string()
      .nullable()
      .describe('To be opened at this server; told once, null where the request is repeated'),
    expiresInSeconds: z.number(),
  }),
  async act({ service, database, newSubject, params, caller }) {
    const id = newSubject()
    const path = await database.transaction((session) =>
      signInPath(session, { id, principal: params.principal }, actingOf(service, caller)),
    )
    return { subject: id, made: path }
  },
  tell: async (_call, _subject, path) => ({ path: path ?? null, expiresInSeconds: signInWithinMs / 1000 }),
})

const stands = z.object({ name, isRevoked: z.boolean() })
const revoke = write({
  method: 'POST',
  path: '/api/principals/:principal/revoke',
  role: 'operator',
  summary: 'Revoke a principal (agent:NAME or workflow:NAME): whatever runs for it stops at its next call',
  params: aPrincipal,
  body: reason,
  answer: stands,
  subjectOf: ({ params }) => params.principal,
  async act(call) {
    const its = call.params.principal
    await changeAuthority(call, (session, acting) => revokeActing(session, its, acting), call.body.why)
    return { subject: its }
  },
  tell: ({ service }, its) => tellRevoked(service, its),
})

const reinstate = write({
  method: 'POST',
  path: '/api/principals/:principal/reinstate',
  role: 'owner',
  hidden: true,
  summary:
    'Reinstate a principal that was removed or revoked, with its role; its tokens and sessions stay ended',
  params: aPrincipal,
  body: reason,
  answer: stands,
  subjectOf: ({ params }) => params.principal,
  async act(call) {
    const its = call.params.principal
    await changeAuthority(call, (session, acting) => reinstatePrincipal(session, its, acting), call.body.why)
    return { subject: its }
  },
  tell: ({ service }, its) => tellRevoked(service, its),
})

async function tellRevoked({ database }: Service, its: string): Promise<z.input<typeof stands>> {
  return { name: its, isRevoked: (await findPrincipal(database, its))?.ended_at != null }
}

function view(row: PersonRow): z.input<typeof principal> {
  return {
    name: row.name,
    kind: row.kind,
    role: row.role,
    createdAt: iso(row.created_at),
    createdBy: row.created_by,
  }
}

export const principals = { list, add, change, remove, signOut, link, revoke, reinstate }
