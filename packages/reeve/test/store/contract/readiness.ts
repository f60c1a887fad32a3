import { expect } from 'vitest'
import { noteCeilings } from '../../../src/governance/history/ceilings.ts'
import {
  checkReadiness,
  giveLevel,
  type Judged,
  viewReadiness,
} from '../../../src/governance/readiness/held-level.ts'
import { correctedSince } from '../../../src/inspect/failures/corrected.ts'
import { failureClasses } from '../../../src/inspect/failures/failure-classes.ts'
import { approvalValues, insertApprovals, recordDecision } from '../../../src/store/approvals/approvals.ts'
import { listLevels } from '../../../src/store/authority/levels.ts'
import { readAuthorityVersion } from '../../../src/store/authority/version.ts'
import type { Database } from '../../../src/store/database.ts'
import { addRuns, newRun, type Open, storeCase, wholeChecklist } from './fixtures.ts'

const judged: Judged = {
  kind: 'workflow',
  name: 'triage',
  version: '1',
  checklist: wholeChecklist,
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
      expect(await viewReadiness(db, judged)).toMatchObject({ held: 'draft' })
      await giveLevel(db, judged, 'supervised', ada)
      await decided(db, 1, { answer: '{"to":"other"}' })
      expect(await checkReadiness(db, judged, 1)).toMatchObject({ held: 'supervised', effective: 'draft' })
      expect(await viewReadiness(db, judged)).toMatchObject({ held: 'draft' })
      const acts = await db.all<{ principal: string; payload: string }>(
        `select principal, payload from authority_log where type = 'level-changed' order by seq`,
      )
      expect(acts.map(({ principal }) => principal)).toEqual(['ada', 'ada', 'reeve'])
      expect(acts[2]!.payload).toContain('in a row')
      // Whoever drives its runs hears of each change.
      expect(await readAuthorityVersion(db)).toBe(3)
      expect(await listLevels(db)).toMatchObject([
        { principal: 'workflow:triage', level: 'draft', set_by: 'reeve' },
      ])
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

  storeCase(
    'what a person says of a run that is reviewed counts for its workflow and for the agents that were asked in it',
    open,
    async (db) => {
      no = 0
      await decided(db, 21)
      expect(await checkReadiness(db, judged, 1)).toMatchObject({ earned: 'supervised' })
      const review = { workflow: 'reeve.review', version: '1', status: 'succeeded' } as const
      await addRuns(db, newRun(++no, { ...review, parent: 21 }))
      const asked = { id: 'review', run: no, step: 2, kind: 'approval', subject: 'review triage' } as const
      await db.bulk(insertApprovals, [
        approvalValues({ ...asked, shown: '{}', args_hash: 'h', requested_at: 1, expires_at: null }),
      ])
      const said = { status: 'rejected', at: 3000, by: 'ada', note: 'nobody was told', answer: null } as const
      await recordDecision(db, 'review', said)
      expect(await checkReadiness(db, judged, 1)).toMatchObject({ earned: 'draft', figures: { inARow: 0 } })
      expect(await checkReadiness(db, { ...judged, name: 'reeve.review' }, 1)).toMatchObject({
        figures: { trials: 0 },
      })
      const corrected = { run: 'run21', workflow: 'triage', what: 'rejected', note: 'nobody was told' }
      expect(await correctedSince(db, { since: 0, workflow: 'triage', limit: 9 })).toMatchObject([corrected])
      expect((await failureClasses(db, 0)).classes).toMatchObject([
        { place: 'prompt', workflows: ['triage'], runs: ['run21'] },
      ])
      await noteCeilings(db, [{ id: 'agent:desk', ceiling: { grants: null, version: 'f1' } }], {
        now: 500,
        policies: 'p',
      })
      const desk: Judged = { ...judged, kind: 'agent', name: 'desk', version: 'f1' }
      expect(await viewReadiness(db, desk)).toMatchObject({ figures: { trials: 0 } })
      await db.run(
        `insert into model_calls (id, run, run_id, workflow, agent, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
         values ('m', 21, 'run21', 'triage', 'desk', 'some/model', 900, 'completed', 0, 0, 0, 0)`,
      )
      expect(await viewReadiness(db, desk)).toMatchObject({ figures: { inARow: 0, trials: 1 } })
    },
  )

  storeCase('an agent has evidence of its own, since its code is what it is', open, async (db) => {
    no = 0
    const desk: Judged = { ...judged, kind: 'agent', name: 'desk', version: 'f1' }
    const code = (version: string) =>
      noteCeilings(db, [{ id: 'agent:desk', ceiling: { grants: null, version } }], {
        now: 500,
        policies: 'p',
      })
    await code('f1')
    await decided(db, 25)
    expect(await viewReadiness(db, desk)).toMatchObject({ figures: { total: 0 } })
    await db.run(`update approvals set binds = 'effect', shown = ? where run <= 22`, [
      '{"tool":"mail.send","args":{},"agent":"desk","under":[]}',
    ])
    expect(await viewReadiness(db, desk)).toMatchObject({ earned: 'supervised', figures: { total: 22 } })
    expect(await viewReadiness(db, { ...desk, name: 'des_' })).toMatchObject({ figures: { total: 0 } })
    expect(await viewReadiness(db, { ...desk, version: 'f2' })).toMatchObject({ earned: 'draft' })
  })
}
