import type { Client } from '../../client/index.ts'
import { type ProposalView, proposalView } from '../../inspect/lists/proposals.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { actingAs } from '../../server/local-actor.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import {
  listProposals,
  type ProposalDecision,
  type ProposalKind,
  type ProposalStatus,
  requireProposal,
} from '../../store/proposals/proposals.ts'
import type { Workspace } from '../terminal/workspace.ts'

/** What commands ask about what machines propose. */
export interface ProposalsBackend {
  list(asked: {
    kind: ProposalKind | undefined
    status: ProposalStatus | undefined
    limit: number
  }): Promise<{ proposals: ProposalView[]; more: boolean }>
  one(id: string): Promise<ProposalView>
  /** `hash`: of what was seen. */
  decide(
    id: string,
    decision: ProposalDecision,
    said: { hash: string; why: string | undefined },
  ): Promise<ProposalView>
}

/** Of a project's own database; deciding needs its code. */
export function localProposals(
  { database, actor }: Workspace,
  runtime: Runtime | undefined,
): ProposalsBackend {
  return {
    async list({ limit, ...filter }) {
      const rows = await listProposals(database, { ...filter, limit: limit + 1 })
      return { proposals: rows.slice(0, limit).map(proposalView), more: rows.length > limit }
    },
    one: async (id) => proposalView(await requireProposal(database, id)),
    async decide(id, decision, { hash, why }) {
      if (!runtime) throw new Error('This command needs the code of the project, which was not loaded.')
      await refuseMoved(database, database.place)
      const acting = actingAs(actor, database, why)
      return proposalView(
        await internalsOf(runtime).proposals.decide(id, { decision, hash, role: actor.role, acting }),
      )
    },
  }
}

const verbs = { adopted: 'adopt', rejected: 'reject', withdrawn: 'withdraw' } as const
const mostPerPage = 500

/** Of a server, through its API. */
export function remoteProposals(client: Client): ProposalsBackend {
  return {
    async list({ kind, status, limit }) {
      const proposals: ProposalView[] = []
      for (let cursor: string | undefined; ; ) {
        const query = {
          limit: Math.min(limit - proposals.length, mostPerPage),
          ...(kind && { kind }),
          ...(status && { status }),
          ...(cursor !== undefined && { cursor }),
        }
        const { items, next } = await client.proposals.list({ query })
        proposals.push(...items)
        if (next === null || proposals.length >= limit) return { proposals, more: next !== null }
        cursor = next
      }
    },
    one: (proposal) => client.proposals.one({ params: { proposal } }),
    decide: (proposal, decision, { hash, why }) =>
      client.proposals[verbs[decision]]({
        params: { proposal },
        body: { hash, ...(why !== undefined && { why }) },
      }),
  }
}
