import { z } from 'zod'
import { toMs } from '../../../base/time/time.ts'
import { requirePrincipal, roles } from '../../../store/identity/principals.ts'
import {
  refuseBorrowed,
  refuseMightier,
  type TokenAsker,
  tokensSeenBy,
} from '../../../store/identity/token-rights.ts'
import {
  issueToken,
  listTokens,
  requireToken,
  revokeToken,
  type TokenRow,
} from '../../../store/identity/tokens.ts'
import { type Caller, Reply, read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
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

function askerOf({ principal, role, via }: Caller): TokenAsker {
  return { principal, role, proof: via }
}

const list = read({
  path: '/api/tokens',
  role: 'viewer',
  summary: 'List the tokens of programs, the newest first: your own, or everybody’s as an owner',
  query: z.strictObject(paging),
  answer: pageOf(token),
  async tell({ service: { database }, caller, query: { cursor, limit } }) {
    const principal = tokensSeenBy(askerOf(caller))
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
  summary: 'Create a token for a program',
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
    refuseBorrowed(askerOf(caller), principal, role)
    const subject = newSubject()
    const acting = actingOf(service, caller)
    const expires = body.expiresIn === undefined ? null : acting.at + toMs(body.expiresIn, 'expiresIn')
    const made = await database.transaction(async (session) => {
      await requirePrincipal(session, principal)
      const token = { id: subject, kind: 'access', principal, name: body.name, role } as const
      return issueToken(session, { ...token, expires_at: expires }, acting)
    })
    return { subject, made }
  },
  tell: async ({ service }, its, made) =>
    new Reply({ ...view(await requireToken(service.database, its)), token: made ?? null }, 201),
})

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
      const found = await requireToken(session, params.token, tokensSeenBy(askerOf(caller)))
      refuseMightier(askerOf(caller), found)
      await revokeToken(session, found, actingOf(service, caller))
    })
    return { subject: params.token }
  },
  tell: async ({ service, caller }, its) =>
    view(await requireToken(service.database, its, tokensSeenBy(askerOf(caller)))),
})

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
