import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { type Duration, isoText, toMs } from '../../../base/time/time.ts'
import type { ApprovalDecision } from '../../../engine/deciding/decision.ts'
import { requireApproval } from '../../../store/approvals/approvals.ts'
import { readNotices } from '../../../store/approvals/due.ts'
import { decideLinkPath, longestLinkMs } from '../../decide-links/decide-links.ts'
import { type Caller, Reply, read, write } from '../../http/endpoint.ts'
import { problemOf } from '../../http/problem.ts'
import { id, json, name, pageOf, paging, placeOf, time } from '../parts.ts'

/** What is said to one request. */
export const hash = z
  .string()
  .min(12)
  .max(100)
  .describe('Of what was seen: `hash`, or its first 12 characters or more')
export const note = z.string().max(16_000).optional().describe('Why; it reaches workflow and agent')

const remember = z
  .strictObject({
    for: z.string().max(20).describe('So long, at most a year: `30d`'),
    same: z
      .array(name)
      .min(1)
      .max(100)
      .optional()
      .describe('The arguments that must be the same; default: all'),
  })
  .optional()
  .describe('The same calls of the same agent are approved without asking')

const approving = z.strictObject({
  verdict: z.literal('approve'),
  hash,
  note,
  edit: json.optional(),
  replaces: z.boolean().optional(),
  remember,
})
const rejecting = z.strictObject({ verdict: z.literal('reject'), hash, note })
const answering = z.strictObject({ verdict: z.literal('answer'), hash, note, answer: json })

export const decision = z.discriminatedUnion('verdict', [approving, rejecting, answering])
type Decided = z.output<typeof decision>

/** A decision as the caller makes it. */
export function decisionOf(body: Decided, caller: Caller): ApprovalDecision {
  const given = body.verdict === 'approve' ? body.edit : body.verdict === 'answer' ? body.answer : undefined
  const made: ApprovalDecision = {
    verdict: body.verdict,
    by: caller.principal,
    proof: caller.via,
    hash: body.hash,
  }
  if (body.note !== undefined) made.note = body.note
  if (given !== undefined) made.answer = given as Json
  if (body.verdict !== 'approve') return made
  if (body.replaces !== undefined) made.replaces = body.replaces
  if (body.remember) {
    const { for: length, same } = body.remember
    made.remember = { for: length as Duration, ...(same && { same }) }
  }
  return made
}

const mostAtOnce = 100

const many = z.discriminatedUnion('verdict', [
  approving.omit({ edit: true, replaces: true, remember: true }).extend({ approvalId: id }),
  rejecting.extend({ approvalId: id }),
])

/** Each is decided by itself: what cannot be decided keeps nobody from the others. */
export const decideMany = write({
  method: 'POST',
  path: '/api/approvals/decide-many',
  role: 'approver',
  summary: 'Approve or reject several approvals that were looked at; each is decided by itself',
  description:
    'Of each its `hash` is named, as it was seen. A request that is repeated says of what it did before that it was decided already.',
  body: z.strictObject({ decisions: z.array(many).min(1).max(mostAtOnce) }),
  answer: z.object({
    results: z.array(
      z.object({
        approvalId: z.string(),
        status: z.string().describe('As it stands now'),
        problem: z
          .object({ code: z.string(), detail: z.string() })
          .nullable()
          .describe('Why this decision was not taken; null: it was'),
      }),
    ),
  }),
  keepsKey: true,
  async act({ control, body, caller }) {
    const results: {
      approvalId: string
      status: string
      problem: { code: string; detail: string } | null
    }[] = []
    for (const { approvalId: approval, ...said } of body.decisions) {
      try {
        const { status } = await control.decide(approval, decisionOf(said, caller))
        results.push({ approvalId: approval, status, problem: null })
      } catch (error) {
        if (!(error instanceof ReeveError)) throw error
        const { code, detail } = problemOf(error)
        results.push({ approvalId: approval, status: '', problem: { code, detail } })
      }
    }
    return { subject: '', made: results }
  },
  async tell({ service }, _subject, made = []) {
    const results = []
    for (const result of made) {
      const row = await requireApproval(service.database, result.approvalId).catch(() => undefined)
      results.push({ ...result, status: row?.status ?? 'unknown' })
    }
    return { results }
  },
})

export const link = write({
  method: 'POST',
  path: '/api/approvals/:approval/link',
  role: 'approver',
  summary: 'Create a link with which one person decides an approval once, as it is shown now',
  description:
    'The link acts as that person for this one decision. Opening it decides nothing. For another than yourself it takes an owner; a token makes none but an owner’s.',
  params: z.strictObject({ approval: id }),
  body: z.strictObject({
    principal: name.optional().describe('For whom. Default: you'),
    expiresIn: z.string().max(20).optional().describe('At most, and by default, 14d'),
  }),
  answer: z.object({
    path: z
      .string()
      .nullable()
      .describe('To be opened at this server; told once, null where the request is repeated'),
  }),
  subjectOf: ({ params }) => params.approval,
  async act({ service, database, params, body, caller }) {
    const { principal = caller.principal, expiresIn } = body
    if (caller.role !== 'owner' && (caller.via !== 'session' || principal !== caller.principal)) {
      throw new ReeveError(
        'role-too-low',
        `${caller.principal} is here as ${caller.role}, and by a ${caller.via}; that cannot make a link with which ${principal} decides. Sign in with a browser, or ask an owner.`,
      )
    }
    const now = service.clock.now()
    const forMs = expiresIn === undefined ? longestLinkMs : toMs(expiresIn, 'expiresIn')
    const given = { approval: params.approval, principal, by: caller.principal, now, forMs }
    const path = await database.transaction((session) => decideLinkPath(session, given))
    return { subject: params.approval, made: path }
  },
  tell: async (_call, _subject, path) => new Reply({ path: path ?? null }, 201),
})

export const notices = read({
  path: '/api/approvals/notices',
  role: 'viewer',
  summary: 'List notices of approvals for those who may decide: reminders, escalations, what is overdue',
  description: 'The oldest first. Whoever brings them to people goes on from `next`.',
  query: z.strictObject(paging),
  answer: pageOf(
    z.object({ approvalId: id, kind: z.enum(['reminder', 'escalated', 'overdue']), at: time }),
  ).extend({ next: z.string().nullable().describe('Also of the last page: what comes later is behind it') }),
  async tell({ service: { database }, query: { cursor, limit } }) {
    const after = placeOf(cursor, 'number') ?? 0
    const rows = await readNotices(database, after, limit)
    const last = rows.at(-1)?.id ?? after
    return {
      items: rows.map(({ approval, kind, at }) => ({ approvalId: approval, kind, at: isoText(at) })),
      next: last === 0 ? null : Buffer.from(JSON.stringify(last)).toString('base64url'),
    }
  },
})
