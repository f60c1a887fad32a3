import { z } from 'zod'
import { type ProposalView, proposalView } from '../../../inspect/lists/proposals.ts'
import {
  listProposals,
  type ProposalDecision,
  proposalKinds,
  requireProposal,
} from '../../../store/proposals/proposals.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { id, json, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const kind = z.enum(proposalKinds)
const status = z.enum(['open', 'adopted', 'rejected', 'withdrawn', 'superseded'])

const proposal = z.object({
  id,
  kind,
  title: z.string().describe('Untrusted'),
  body: z.record(z.string(), json).describe('What would change, and what it rests on. Untrusted'),
  hash: z.string().describe('Name it when deciding, so that only what was seen is decided'),
  madeBy: z.string(),
  madeAt: time,
  status,
  decided: z.object({ by: z.string(), at: time, note: z.string().nullable() }).nullable(),
  isDone: z.boolean().nullable().describe('Whether what was decided is done; null: there is nothing to do'),
  problem: z.string().nullable().describe('Why it could not be done; decide the same again to try once more'),
}) satisfies z.ZodType<ProposalView>

const params = z.strictObject({ proposal: id })

const list = read({
  path: '/api/proposals',
  role: 'viewer',
  summary: 'List proposals: what machines propose to change, the newest first',
  query: z.strictObject({ kind: kind.optional(), status: status.optional(), ...paging }),
  answer: pageOf(proposal),
  async tell({ service: { database }, query: { cursor, limit, ...filter } }) {
    const below = placeOf(cursor, 'string')
    const rows = await listProposals(database, { ...filter, below, limit: limit + 1 })
    return paged(rows, limit, { view: proposalView, place: (row) => row.id })
  },
})

const one = read({
  path: '/api/proposals/:proposal',
  role: 'viewer',
  summary: 'Get a proposal, with what it rests on',
  params,
  answer: proposal,
  tell: async ({ service: { database }, params }) =>
    proposalView(await requireProposal(database, params.proposal)),
})

const deciding = (verb: string, decision: ProposalDecision, summary: string) =>
  write({
    method: 'POST',
    path: `/api/proposals/:proposal/${verb}`,
    role: 'approver',
    summary,
    description:
      'Some kinds need a higher role. The same decision again only finishes what is still to be done.',
    params,
    body: z.strictObject({
      hash: z.string().max(100).optional().describe('Of what was seen: another one is a conflict'),
      why: z.string().max(2000).optional(),
    }),
    answer: proposal,
    subjectOf: ({ params }) => params.proposal,
    async act({ service, database, caller, params, body: { hash, why } }) {
      await service.internals.proposals.decide(
        params.proposal,
        { decision, hash, role: caller.role, acting: actingOf(service, caller, why) },
        database,
      )
      return { subject: params.proposal }
    },
    tell: async ({ service: { database } }, subject) =>
      proposalView(await requireProposal(database, subject)),
  })

const adopt = deciding('adopt', 'adopted', 'Adopt a proposal: what it says is done')
const reject = deciding('reject', 'rejected', 'Reject a proposal: nothing is changed')
const withdraw = deciding(
  'withdraw',
  'withdrawn',
  'Withdraw an adopted proposal: what it changed is taken back',
)

export const proposals = { list, one, adopt, reject, withdraw }
