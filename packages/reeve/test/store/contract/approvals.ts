import { expect } from 'vitest'
import {
  approvalsOf,
  approvalValues,
  closeApprovals,
  countPending,
  insertApprovals,
  listPending,
  type NewApproval,
  recordDecision,
  requireApproval,
} from '../../../src/store/approvals/approvals.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

function asked(id: string, changes: Partial<NewApproval> = {}): NewApproval {
  return {
    id,
    run: 1,
    step: 1,
    kind: 'approval',
    subject: 'send',
    shown: '{"to":"ada"}',
    args_hash: 'hash',
    requested_at: 5,
    expires_at: null,
    ...changes,
  }
}

const approve = { status: 'approved', at: 9, by: 'ada', note: 'fine', answer: '{"to":"eve"}' } as const

export function approvalCases(open: Open): void {
  storeCase('what is asked waits, first asked first', open, async (database) => {
    await addRuns(database, newRun(1))
    const rows = [asked('b', { requested_at: 7 }), asked('a'), asked('c', { requested_at: 6, step: 2 })]
    await database.bulk(insertApprovals, rows.map(approvalValues))
    expect((await listPending(database)).map((row) => row.id)).toEqual(['a', 'c', 'b'])
    expect(await countPending(database)).toBe(3)
    expect(await requireApproval(database, 'a')).toMatchObject({
      ...asked('a'),
      status: 'pending',
      run_id: 'run1',
      workflow: 'flow',
    })
    expect((await approvalsOf(database, 1)).map((row) => row.step)).toEqual([1, 1, 2])
  })

  storeCase(
    'what an approval binds, and the schema of its edits, come back as written',
    open,
    async (database) => {
      await addRuns(database, newRun(1))
      const bound = asked('a', { binds: 'effect', input_schema: '{"type":"object"}' })
      await database.bulk(insertApprovals, [bound, asked('b')].map(approvalValues))
      const kept = { binds: 'effect', input_schema: '{"type":"object"}' }
      expect(await requireApproval(database, 'a')).toMatchObject(kept)
      expect(await requireApproval(database, 'b')).toMatchObject({ binds: null, input_schema: null })
    },
  )

  storeCase('the first decision is valid', open, async (database) => {
    await addRuns(database, newRun(1))
    await database.bulk(insertApprovals, [approvalValues(asked('a'))])
    const second = { ...approve, status: 'rejected', by: 'eve', answer: null } as const
    expect(await recordDecision(database, 'a', approve)).toBe(true)
    expect(await recordDecision(database, 'a', second)).toBe(false)
    expect(await requireApproval(database, 'a')).toMatchObject({
      status: 'approved',
      decided_at: 9,
      decided_by: 'ada',
      note: 'fine',
      answer: '{"to":"eve"}',
    })
    expect(await listPending(database)).toEqual([])
  })

  storeCase('closing touches pending ones only', open, async (database) => {
    await addRuns(database, newRun(1))
    await database.bulk(insertApprovals, [asked('a'), asked('b')].map(approvalValues))
    await recordDecision(database, 'a', approve)
    await database.bulk(closeApprovals, [
      ['a', 'expired'],
      ['b', 'expired'],
    ])
    expect((await requireApproval(database, 'a')).status).toBe('approved')
    expect((await requireApproval(database, 'b')).status).toBe('expired')
    expect(await recordDecision(database, 'b', approve)).toBe(false)
  })

  storeCase('an unknown approval is named', open, async (database) => {
    await expect(requireApproval(database, 'nope')).rejects.toMatchObject({
      code: 'unknown-approval',
      message: expect.stringContaining('nope'),
    })
  })
}
