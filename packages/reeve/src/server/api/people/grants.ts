import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import { parseExactJson } from '../../../base/json/exact-json.ts'
import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { isoText } from '../../../base/time/time.ts'
import type { Constraint } from '../../../governance/grants/constraints.ts'
import type { Grant } from '../../../governance/grants/grant.ts'
import { whoCould } from '../../../governance/history/who-could.ts'
import { grantChangeView } from '../../../inspect/authority/grant-change-view.ts'
import {
  addGrantChange,
  type GrantChangeRow,
  openGrantChanges,
  requireGrantChange,
  undoGrantChange,
} from '../../../store/authority/grant-changes.ts'
import { type GrantRequest, grantChange } from '../../auth/grant-request.ts'
import { Reply, read, write } from '../../http/endpoint.ts'
import { changeAuthority } from '../acting.ts'
import { id, iso, json, name, time } from '../parts.ts'

const change = z.object({
  id,
  principal: name,
  change: json.describe('What is taken from, or added to, the grants in code'),
  why: z.string().nullable(),
  by: name,
  at: time,
  endsAt: time.nullable().describe('When it ends by itself; null: when it is taken back'),
  undoneAt: time.nullable(),
  undoneBy: z.string().nullable(),
})

const why = z.string().max(1000).optional().describe('Kept in the log of authority')
const args = z.record(z.string(), json).describe('What each argument may be: `{"amountUsd":{"max":100}}`')
const kinds = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('suspend'),
    grant: name,
    until: time.optional().describe('Default: until it is taken back'),
  }),
  z.strictObject({ kind: z.literal('expire'), grant: name, at: time }),
  z.strictObject({ kind: z.literal('narrow'), grant: name, args }),
  z.strictObject({
    kind: z.literal('exception'),
    tool: name,
    args: args.optional(),
    account: name.optional(),
    until: time.describe('At most 30 days from now. Only an owner makes exceptions'),
  }),
])

const list = read({
  path: '/api/grants',
  role: 'viewer',
  summary: 'List the changes of grants that the database makes over the code, the oldest first',
  query: z.strictObject({ principal: name.optional().describe('agent:NAME or workflow:NAME') }),
  answer: z.object({ items: z.array(change) }),
  async tell({ service: { database, clock }, query }) {
    const rows = await openGrantChanges(database, clock.now(), query.principal)
    return { items: rows.map(view) }
  },
})

const add = write({
  method: 'POST',
  path: '/api/grants',
  role: 'operator',
  summary: 'Change a grant: suspend, expire or narrow it, or make an exception for a time',
  body: z.strictObject({ principal: name, change: kinds, why }),
  answer: change,
  async act(call) {
    const { body, caller, service } = call
    const subject = call.newSubject()
    await changeAuthority(
      call,
      async (session, acting) => {
        const earlier = await openGrantChanges(session, acting.at, body.principal)
        const of = { by: caller.principal, kind: caller.kind, role: caller.role, now: acting.at, earlier }
        const checked = grantChange(service.project, body.principal, requestOf(body.change), of)
        await addGrantChange(session, { id: subject, principal: body.principal, ...checked }, acting)
      },
      body.why,
    )
    return { subject }
  },
  tell: async ({ service }, its) => new Reply(view(await requireGrantChange(service.database, its)), 201),
})

const undo = write({
  method: 'DELETE',
  path: '/api/grants/:change',
  role: 'owner',
  summary: 'Undo a change of grants',
  params: z.strictObject({ change: id }),
  answer: change,
  subjectOf: ({ params }) => params.change,
  async act(call) {
    await changeAuthority(call, (session, acting) => undoGrantChange(session, call.params.change, acting))
    return { subject: call.params.change }
  },
  tell: async ({ service }, its) => view(await requireGrantChange(service.database, its)),
})

const who = read({
  path: '/api/grants/who',
  role: 'viewer',
  summary: 'List who could have called a tool between two times, by grants as they were then',
  query: z.strictObject({
    tool: name,
    args: z.string().max(10_000).optional().describe('JSON: only calls with these arguments'),
    from: time,
    until: time.describe('Not included'),
  }),
  answer: z.object({
    spans: z.array(
      z.object({
        principal: name,
        from: time,
        until: time,
        by: z.enum(['code', 'exception', 'unlimited']),
        grant: z.string().nullable(),
        isAsked: z.boolean().describe('A person was asked first'),
        conditions: z.array(z.string()).describe('What else had to hold, in words'),
      }),
    ),
    unknownBefore: z
      .array(z.object({ principal: name, at: time }))
      .describe('Whose grants were first seen then: before that nothing is known'),
  }),
  async tell({ service: { database }, query: { tool, args: given, from: begin, until: end } }) {
    const [from, until] = [Date.parse(begin), Date.parse(end)]
    if (!(until > from))
      throw new ReeveError('bad-option', `\`until\` (${end}) must be later than \`from\` (${begin}).`)
    const args = given === undefined ? undefined : parseExactJson(given, '`args`')
    if (args !== undefined && !isRecord(args))
      throw new ReeveError('bad-option', '`args` must be a JSON object.')
    const found = await whoCould(database, {
      tool,
      from,
      until,
      ...(args && { args: args as Record<string, Json> }),
    })
    return {
      spans: found.spans.map((span) => ({ ...span, from: isoText(span.from), until: isoText(span.until) })),
      unknownBefore: found.unknownBefore.map(({ principal, at }) => ({ principal, at: isoText(at) })),
    }
  },
})

function requestOf(asked: z.output<typeof kinds>): GrantRequest {
  switch (asked.kind) {
    case 'suspend':
      return {
        kind: 'suspend',
        grant: asked.grant,
        ...(asked.until !== undefined && { until: Date.parse(asked.until) }),
      }
    case 'expire':
      return { kind: 'expire', grant: asked.grant, at: Date.parse(asked.at) }
    case 'narrow':
      return { kind: 'narrow', grant: asked.grant, args: constraintsOf(asked.args) }
    case 'exception': {
      const { tool, args, account, until } = asked
      const grant: Grant = {
        tool,
        ...(args && { args: constraintsOf(args) }),
        ...(account !== undefined && { account }),
      }
      return { kind: 'exception', grant, until: Date.parse(until) }
    }
  }
}

/** They are checked with the change as a whole. */
function constraintsOf(given: z.output<typeof args>): Readonly<Record<string, Constraint>> {
  return given as Readonly<Record<string, Constraint>>
}

function view(row: GrantChangeRow): z.input<typeof change> {
  return {
    id: row.id,
    principal: row.principal,
    change: grantChangeView(JSON.parse(row.change)) as Json,
    why: row.why,
    by: row.made_by,
    at: isoText(row.made_at),
    endsAt: iso(row.ends_at),
    undoneAt: iso(row.undone_at),
    undoneBy: row.undone_by,
  }
}

export const grants = { list, add, undo, who }
