import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import { toMs } from '../../../base/time/time.ts'
import { reaches, requirePrincipal, roles } from '../../../store/identity/principals.ts'
import {
  issueToken,
  listTokens,
  requireToken,
  revokeToken,
  type TokenRow,
} from '../../../store/identity/tokens.ts'
import { type Caller, Reply, read, write } from '../../http/endpoint.ts'
import { id, iso, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const token = z.object({
  id,
  name,
  principal: name,
  role: z.enum(roles).describe('It may do at most this, and at most what its principal may'),
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time.nullable(),
  usedAt: time.nullable().describe('To the minute'),
  revokedAt: time.nullable(),
})

/** Whose tokens somebody sees: an owner everybody's, the others their own. */
function seenBy({ role, principal }: Caller): string | undefined {
  return role === 'owner' ? undefined : principal
}

const list = read({
  path: '/api/tokens',
  role: 'viewer',
  summary: 'List the tokens of programs, the newest first: your own, or everybody’s as an owner',
  query: z.strictObject(paging),
  answer: pageOf(token),
  async tell({ service: { database }, caller, query: { cursor, limit } }) {
    const principal = seenBy(caller)
    const before = placeOf(cursor, 'string')
    const rows = await listTokens(database, {
      limit: limit + 1,
      ...(principal === undefined ? {} : { principal }),
      ...(before === undefined ? {} : { before }),
    })
    return paged(rows, limit, { view, place: (row) => row.id })
  },
})

const create = write({
  method: 'POST',
  path: '/api/tokens',
  role: 'viewer',
  summary: 'Make a token for a program',
  body: z.strictObject({
    name: name.describe('Which program has it'),
    role: z.enum(roles).optional().describe('Default: your own'),
    principal: name.optional().describe('For whom; only an owner makes one for others. Default: you'),
    expiresIn: z.string().max(20).optional().describe('Such as `90d`; default: it does not expire'),
  }),
  answer: token.extend({
    token: z.string().nullable().describe('Told once; null where the request is repeated'),
  }),
  async act({ service, database, newSubject, body, caller }) {
    const { principal = caller.principal, role = caller.role } = body
    refuseBorrowed(caller, principal, role)
    const subject = newSubject()
    const now = service.clock.now()
    const made = await database.transaction(async (session) => {
      await requirePrincipal(session, principal)
      return issueToken(session, {
        id: subject,
        kind: 'access',
        principal,
        name: body.name,
        role,
        created_at: now,
        created_by: caller.principal,
        expires_at: body.expiresIn === undefined ? null : now + toMs(body.expiresIn, 'expiresIn'),
      })
    })
    return { subject, made }
  },
  tell: async ({ service }, its, made) =>
    new Reply({ ...view(await requireToken(service.database, its)), token: made ?? null }, 201),
})

/**
 * Nobody hands out more than they may, or in another's name; and a token makes no other one, which would outlive it.
 * @throws `role-too-low`
 */
function refuseBorrowed(caller: Caller, principal: string, role: (typeof roles)[number]): void {
  if (caller.role === 'owner') return
  if (caller.via === 'session' && reaches(caller.role, role) && principal === caller.principal) return
  throw new ReeveError(
    'role-too-low',
    `${caller.principal} is here as ${caller.role}, and by a ${caller.via}; that cannot make a token of ${principal} with the role ${role}. Sign in with a browser, or ask an owner.`,
  )
}

const revoke = write({
  method: 'DELETE',
  path: '/api/tokens/:token',
  role: 'viewer',
  summary: 'Revoke a token: from the next request on it counts no more',
  params: z.strictObject({ token: id }),
  answer: token,
  subjectOf: ({ params }) => params.token,
  async act({ service, database, params, caller }) {
    await database.transaction(async (session) => {
      const { id: its, role } = await requireToken(session, params.token, seenBy(caller))
      if (!reaches(caller.role, role)) throw mayMore(its, role)
      await revokeToken(session, its, service.clock.now())
    })
    return { subject: params.token }
  },
  tell: async ({ service, caller }, its) => view(await requireToken(service.database, its, seenBy(caller))),
})

function mayMore(its: string, role: string): ReeveError {
  return new ReeveError(
    'role-too-low',
    `Token ${its} has the role ${role}, and may do more than whoever asks.`,
  )
}

function view(row: TokenRow): z.input<typeof token> {
  return {
    id: row.id,
    name: row.name,
    principal: row.principal,
    role: row.role,
    createdAt: iso(row.created_at),
    createdBy: row.created_by,
    expiresAt: iso(row.expires_at),
    usedAt: iso(row.used_at),
    revokedAt: iso(row.ended_at),
  }
}

export const tokens = { list, create, revoke }
