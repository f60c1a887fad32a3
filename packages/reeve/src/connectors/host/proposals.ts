import type { Acting } from '../../store/authority/acting.ts'
import { probeSoon } from '../../store/connectors/accounts.ts'
import type { Session } from '../../store/database.ts'
import type { ProposalRow } from '../../store/proposals/proposals.ts'
import type { Connections } from './connections.ts'

interface Effects {
  role: 'owner' | 'operator'
  adopt(session: Session, proposal: ProposalRow, acting: Acting): Promise<void>
  carryOut?(proposal: ProposalRow): Promise<void>
}

/** What connections ask of people, and what comes of a yes. */
export function connectionProposals(connections: Connections): { reconnect: Effects; contract: Effects } {
  const bodyOf = ({ body }: ProposalRow) => JSON.parse(body) as Record<string, string>
  return {
    reconnect: {
      role: 'operator',
      // Whoever says that it was seen to has the account looked at: what it needs shows then.
      adopt: async (session, proposal, { at }) => {
        const { connection = '', account = '', mode } = bodyOf(proposal)
        await probeSoon(session, { connection, account, mode: mode === 'sandbox' ? 'sandbox' : 'live' }, at)
      },
    },
    contract: {
      role: 'owner',
      adopt: async (session, proposal, acting) => {
        await connections.contracts.accept(session, bodyOf(proposal).connection ?? '', acting)
      },
      carryOut: async (proposal) => connections.contracts.accepted(bodyOf(proposal).connection ?? ''),
    },
  }
}
