import { expect } from 'vitest'
import {
  checkReadiness,
  giveLevel,
  heldLevel,
  type Judged,
} from '../../../src/governance/readiness/held-level.ts'
import type { Database } from '../../../src/store/database.ts'
import { approvalValues, insertApprovals, recordDecision } from '../../../src/store/runs/approvals.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

const judged: Judged = {
  name: 'triage',
  version: '1',
  checklist: {
    owner: 'ada',
    tools: { 'mail.send': 'high' },
    sources: ['policy/'],
    completion: 'answered',
    review: 'weekly',
    rollback: 'reeve undo',
    evaluation: 'evals/triage',
  },
}
const ada = { by: 'ada', proof: 'local-user', at: 9000 } as const

let no = 0

/** So many runs in which a person decided as told, one after another. */
async function decided(
  db: Database,
  count: number,
  how: { status?: 'approved' | 'rejected'; answer?: string; version?: string } = {},
) {
  const { status = 'approved', answer = null, version = '1' } = how
  for (let index = 0; index < count; index++) {
    no++
    await addRuns(db, newRun(no, { workflow: 'triage', version, status: 'succeeded' }))
    await db.run('update runs set ended_at = ? where no = ?', [1000 + no, no])
    const asked = {
      id: `a${no}`,
      run: no,
      step: 1,
      kind: 'approval',
      subject: 'mail.send',
      shown: '{}',
    } as const
    await db.bulk(insertApprovals, [
      approvalValues({ ...asked, args_hash: 'h', requested_at: no, expires_at: null }),
    ])
    await recordDecision(db, `a${no}`, { status, at: 1000 + no, by: 'ada', note: null, answer })
  }
}

export function readinessCases(open: Open): void {
  storeCase(
    'a level is earned by what people decided, given by an owner, and lost by itself',
    open,
    async (db) => {
      no = 0
      await decided(db, 12)
      expect(await checkReadiness(db, judged, 1)).toMatchObject({
        held: 'observe',
        proposed: 'draft',
        earned: 'draft',
      })
      await expect(giveLevel(db, judged, 'supervised', ada)).rejects.toMatchObject({
        code: 'level-not-earned',
      })
      await giveLevel(db, judged, 'draft', ada)
      await decided(db, 12)
      expect(await checkReadiness(db, judged, 1)).toMatchObject({ held: 'draft', proposed: 'supervised' })
      // Nothing raised itself.
      expect(await heldLevel(db, 'triage')).toBe('draft')
      await giveLevel(db, judged, 'supervised', ada)
      await decided(db, 1, { answer: '{"to":"other"}' })
      expect(await checkReadiness(db, judged, 1)).toMatchObject({ held: 'supervised', effective: 'draft' })
      expect(await heldLevel(db, 'triage')).toBe('draft')
      const acts = await db.all<{ principal: string; payload: string }>(
        `select principal, payload from authority_log where type = 'level-changed' order by seq`,
      )
      expect(acts.map(({ principal }) => principal)).toEqual(['ada', 'ada', 'reeve'])
      expect(acts[2]!.payload).toContain('in a row')
    },
  )

  storeCase('a new version and a new model begin with nothing', open, async (db) => {
    no = 0
    await decided(db, 25)
    expect(await checkReadiness(db, judged, 1)).toMatchObject({ earned: 'supervised' })
    expect(await checkReadiness(db, { ...judged, version: '2' }, 1)).toMatchObject({ earned: 'draft' })
    await db.run(
      `insert into model_calls (id, run, run_id, workflow, agent, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
       values ('m', 1, 'run1', 'triage', null, 'other/model', 1020, 'completed', 0, 0, 0, 0)`,
    )
    expect(await checkReadiness(db, judged, 1)).toMatchObject({ earned: 'draft', figures: { total: 6 } })
  })
}
