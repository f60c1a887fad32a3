import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { delegatesFor } from '../../../engine/deciding/delegate.ts'
import { type ApprovalPage, approvalPage } from '../../../inspect/approvals/approval-page.ts'
import { approvalView } from '../../../inspect/approvals/approval-view.ts'
import { pageOfApprovals } from '../../../store/approvals/approval-pages.ts'
import type { ApprovalOfRun } from '../../../store/approvals/approvals.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { id, json, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'
import { approvalContext as contextShape, field, runSummary, approvalView as viewShape } from '../shapes.ts'
import { decideMany, decision, decisionOf, hash, link, note, notices } from './deciding.ts'

const item = viewShape.extend({ runId: id, workflow: name })
const whole = item.extend({
  runNow: runSummary.describe('The run that asks: one that is no longer waiting has moved on'),
  fields: z.array(field).describe('What is decided on, field by field, with where each value stood before'),
  passages: z
    .array(z.custom<ApprovalPage['passages'][number]>())
    .describe('What was recalled before it asked'),
  context: contextShape,
  votes: z
    .array(
      z.object({
        by: z.string(),
        inPlaceOf: z.string().nullable(),
        note: z.string().nullable(),
        edit: json,
        at: time,
      }),
    )
    .describe('Who of several has approved it so far; `edit`: in place of what is shown'),
  delegations: z
    .array(z.object({ from: z.string(), to: z.string(), note: z.string().nullable(), at: time }))
    .describe('Who asked whom to decide it instead'),
})

/** Of an edit. */
const isJudged = z.boolean()
const judgedWords =
  'Nothing denies the edit now. False: it is judged as its run goes on, and may be asked again'

const list = read({
  path: '/api/approvals',
  role: 'viewer',
  isDecidedOn: true,
  summary: 'List approvals and questions that wait, or were decided; what was asked first comes first',
  query: z.strictObject({
    status: viewShape.shape.status.default('pending'),
    kind: viewShape.shape.kind.optional(),
    workflow: name.optional(),
    run: id.optional(),
    ...paging,
  }),
  answer: pageOf(item),
  async tell({ service: { database }, query: { cursor, limit, ...filter } }) {
    const after = placeOf(cursor, 'string')
    const rows = await pageOfApprovals(database, filter, { after, limit: limit + 1 })
    return paged(rows, limit, {
      view: viewItem,
      place: ({ requested_at, id: its }) => `${requested_at} ${its}`,
    })
  },
})

const anApproval = z.strictObject({ approval: id })

const one = read({
  path: '/api/approvals/:approval',
  role: 'viewer',
  isDecidedOn: true,
  summary: 'Get an approval or a question, with what it is about',
  params: anApproval,
  answer: whole,
  tell: ({ service, params }) => tellWhole(service, params.approval),
})

const decide = write({
  method: 'POST',
  path: '/api/approvals/:approval/decide',
  role: 'approver',
  isDecidedOn: true,
  summary: 'Decide an approval or a question: approve, approve an edit, reject or answer',
  description:
    'The first decision stands. `hash` is needed: what changed since it was looked at is not decided. With `approve` an `edit` is laid over what is shown (or replaces it, with `replaces`). With `answer`, `answer` is what a question wants; for an unknown outcome `{ "happened": true, "result": … }` or `{ "happened": false, "retry": true }`.',
  params: anApproval,
  body: decision,
  answer: whole.extend({
    isJudged: isJudged
      .nullable()
      .describe(`${judgedWords}. Null: a request that is repeated does not say it`),
  }),
  subjectOf: ({ params }) => params.approval,
  async act({ control, params, body, caller }) {
    const { isJudged: made } = await control.decide(params.approval, decisionOf(body, caller))
    return { subject: params.approval, made }
  },
  tell: async ({ service }, approval, made) => ({
    ...(await tellWhole(service, approval)),
    isJudged: made ?? null,
  }),
})

const delegates = read({
  path: '/api/approvals/:approval/delegates',
  role: 'approver',
  summary: 'List the people who could decide an approval in your place',
  params: anApproval,
  answer: z.object({ items: z.array(z.string()).describe('Names of principals') }),
  tell: async ({ service: { database, clock }, params, caller }) => ({
    items: await delegatesFor(database, clock.now(), params.approval, caller.principal),
  }),
})

const delegate = write({
  method: 'POST',
  path: '/api/approvals/:approval/delegate',
  role: 'approver',
  isDecidedOn: true,
  summary: 'Delegate an approval: somebody else decides it in your place',
  description:
    'Whoever is asked needs the role that the request takes. You may still decide it yourself, or name somebody else.',
  params: anApproval,
  body: z.strictObject({ to: name.describe('A principal'), hash, note }),
  answer: whole,
  subjectOf: ({ params }) => params.approval,
  async act({ control, params, body, caller }) {
    const { note: why, ...given } = body
    const from = { by: caller.principal, proof: caller.via } as const
    await control.delegate(params.approval, { ...given, ...from, ...(why !== undefined && { note: why }) })
    return { subject: params.approval }
  },
  tell: ({ service }, approval) => tellWhole(service, approval),
})

const preview = write({
  method: 'POST',
  path: '/api/approvals/:approval/preview',
  role: 'approver',
  summary: 'Preview what an edit would change of an approval; decides nothing',
  params: anApproval,
  body: z.strictObject({ edit: json, replaces: z.boolean().optional() }),
  answer: z.object({
    whole: json,
    changes: z.array(z.object({ field: z.string(), from: json.optional(), to: json.optional() })),
    isJudged: isJudged.describe(judgedWords),
  }),
  keepsKey: true,
  act: async ({ params }) => ({ subject: params.approval }),
  async tell({ service, body }, approval) {
    const options = body.replaces === undefined ? {} : { replaces: body.replaces }
    const edited = await service.engine.control.previewEdit(approval, body.edit as Json, options)
    return { whole: edited.whole, changes: edited.changes, isJudged: edited.isJudged }
  },
})

function viewItem(row: ApprovalOfRun): z.input<typeof item> {
  return { ...approvalView(row), runId: row.run_id, workflow: row.workflow }
}

async function tellWhole({ database }: Service, approval: string): Promise<z.input<typeof whole>> {
  const page = await approvalPage(database, approval)
  const { approval: view, run, ...rest } = page
  return { ...view, runId: run.id, workflow: run.workflow, runNow: run, ...rest }
}

export const approvals = { list, notices, one, decide, decideMany, delegates, delegate, link, preview }
