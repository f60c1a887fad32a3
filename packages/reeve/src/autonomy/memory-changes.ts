import { ReeveError } from '../base/errors.ts'
import type { Memory } from '../memory/memory.ts'
import { retractWithin } from '../store/memory/item-changes.ts'
import { readVersions } from '../store/memory/items.ts'
import { bodyOf, type ProposalRow } from '../store/proposals/proposals.ts'
import type { ProposalEffects } from './proposals.ts'

interface AmendmentBody {
  item: string
  /** The version that was looked at. */
  version: number
  /** Null: the item is to be retired. */
  text: string | null
  why: string
}

/** What a model would amend or retire, once a person said yes: the version that was looked at, and no other. */
export function amendmentEffects(memory: Memory): ProposalEffects {
  return {
    role: 'approver',
    async withdraw(_, row) {
      throw cannotWithdraw(row)
    },
    async carryOut(row) {
      if (row.status !== 'adopted') return
      const { item, version, text, why } = bodyOf(row) as unknown as AmendmentBody
      const change = { by: row.decided_by ?? 'reeve', why: row.note ?? `${why} (proposal ${row.id})` }
      const last = (await readVersions(memory.database, item)).at(-1)
      // A process that died after it had done so.
      if (last?.version === version + 1 && last.text === text) return
      if (text === null) await memory.retract(item, change, version)
      else await memory.amend(item, text, change, { from: version })
    },
  }
}

/** Of two items that contradict each other, who adopts takes the newer one; who rejects keeps the older one. */
export function contradictingItems(): Required<Pick<ProposalEffects, 'adopt' | 'reject' | 'withdraw'>> {
  const give =
    (side: 'one' | 'other'): NonNullable<ProposalEffects['adopt']> =>
    (session, row, { by, why, at }) => {
      const { id } = sidesOf(row)[side]
      return retractWithin(session, id, {
        by,
        why: why ?? `contradicts another item (proposal ${row.id})`,
        at,
      })
    }
  return {
    adopt: give('one'),
    reject: give('other'),
    async withdraw(_, row) {
      throw cannotWithdraw(row)
    },
  }
}

export function isOfMemory(row: Pick<ProposalRow, 'body'>): boolean {
  return 'items' in bodyOf(row)
}

function sidesOf(row: ProposalRow): Record<'one' | 'other', { id: string }> {
  return bodyOf(row).items as unknown as Record<'one' | 'other', { id: string }>
}

function cannotWithdraw({ id }: ProposalRow): ReeveError {
  return new ReeveError(
    'proposal-decided',
    `The change of proposal ${id} is in the history of the item of memory. Roll it back there: reeve memory rollback --item ID`,
  )
}
